-- Subvolumes: nested, read-only, mounted over, in a plain tree.
ns.unshare { "mount" }
local function refused(code, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok and err.code == code and err.path, tostring(err))
    return err
end
local place <close> = fs.tmpfs "/mnt"
fs.image("/mnt/disk", { size = "256M", format = "btrfs" })
local disk <close> = fs.mount { source = "/mnt/disk", target = "/mnt/b", type = "btrfs", loop = true, mkdir = true }
fs.subvolume "/mnt/b/s"
fs.write("/mnt/b/s/f", "data")
fs.subvolume "/mnt/b/s/one"
fs.mkdir "/mnt/b/s/dir"
fs.subvolume "/mnt/b/s/dir/two"
fs.subvolume "/mnt/b/s/dir/two/three"
assert(fs.is_subvolume "/mnt/b" and not fs.is_subvolume "/mnt/b/s/dir" and not fs.is_subvolume "/mnt/no")
local function paths(directory)
    local names = {}
    for i, found in ipairs(fs.subvolumes(directory)) do names[i] = found.path end
    return table.concat(names, " ")
end
assert(paths "/mnt/b" == "s s/dir/two s/dir/two/three s/one" and paths "/mnt/b/s/dir" == "two two/three")

-- A snapshot of a read-only one can be written; what it came from is told.
assert(fs.snapshot("/mnt/b/s", "/mnt/b/frozen", { readonly = true }) == "btrfs")
refused("EROFS", fs.write, "/mnt/b/frozen/f", "x")
assert(fs.snapshot("/mnt/b/frozen", "/mnt/b/thawed") == "btrfs")
fs.write("/mnt/b/thawed/f", "x")
local found = fs.subvolumes "/mnt/b"
assert(found[1].path == "frozen" and found[1].readonly and found[1].source == found[2].uuid)
assert(found[6].path == "thawed" and not found[6].readonly and found[6].source == found[1].uuid)

-- What cannot be.
refused("EEXIST", fs.snapshot, "/mnt/b/s", "/mnt/b/thawed")
refused("EEXIST", fs.subvolume, "/mnt/b/s")
assert(refused("ENOTTY", fs.subvolume, "/mnt/plain").hint == "this is not on btrfs; fs.mkdir makes a plain directory")
refused("ENOTTY", fs.subvolumes, "/mnt")
local err = refused("EINVAL", fs.snapshot, "/mnt/b/s/dir", "/mnt/b/none", { backend = "btrfs" })
assert(err.hint == "the source is no btrfs subvolume; fs.subvolume makes one")
refused("ENOTTY", fs.snapshot, "/mnt/b/s", "/mnt/none", { backend = "btrfs" })
assert(fs.snapshot("/mnt/b/s", "/mnt/elsewhere") == "copy" and fs.is_subvolume "/mnt/elsewhere" == false)

-- Something mounted inside is named, and nothing is deleted.
local inner = fs.tmpfs "/mnt/b/s/dir/two/three"
assert(refused("EBUSY", fs.delete, "/mnt/b/s").path == "/mnt/b/s/dir/two/three")
refused("EBUSY", fs.delete, "/mnt/b")
assert(fs.is_subvolume "/mnt/b/s/one" and fs.read "/mnt/b/s/f" == "data")
inner:release()
fs.symlink("/mnt/b/s", "/mnt/link")
fs.delete "/mnt/link"
fs.delete "/mnt/b/s"
fs.delete "/mnt/b/frozen"
fs.delete "/mnt/b/thawed"
assert(#fs.list "/mnt/b" == 0)

-- In a plain tree, nested in a read-only one, deep and many.
fs.mkdir "/mnt/b/plain/q"
fs.subvolume "/mnt/b/plain/q/sub"
fs.subvolume "/mnt/b/plain/q/sub/below"
fs.snapshot("/mnt/b/plain/q/sub", "/mnt/b/plain/frozen", { readonly = true })
fs.delete "/mnt/b/plain"
fs.subvolume "/mnt/b/o"
fs.subvolume "/mnt/b/o/i"
proc.run { "btrfs", "property", "set", "-ts", "/mnt/b/o", "ro", "true" }
fs.delete "/mnt/b/o"
local path = "/mnt/b/deep"
fs.subvolume(path)
for _ = 1, 40 do
    path = path .. "/n"
    fs.subvolume(path)
end
fs.delete "/mnt/b/deep"
fs.subvolume "/mnt/b/wide"
for i = 1, 300 do fs.subvolume("/mnt/b/wide/" .. i) end
assert(#fs.subvolumes "/mnt/b/wide" == 300)
fs.delete "/mnt/b/wide"
assert(#fs.list "/mnt/b" == 0)
