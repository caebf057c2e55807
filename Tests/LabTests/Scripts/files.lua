-- Files, subvolumes and trees.
ns.unshare { "mount" }
local function refused(code, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok and err.code == code and err.path, tostring(err))
end
local place <close> = fs.tmpfs "/mnt"
fs.write("/mnt/f", "a\0b", { mode = "0600" })
fs.append("/mnt/f", "c")
assert(fs.read "/mnt/f" == "a\0bc" and fs.stat("/mnt/f").mode == "0600")
fs.mkdir "/mnt/d/e/f"
refused("EEXIST", fs.mkdir, "/mnt/d", { parents = false })
assert(table.concat(fs.list "/mnt", " ") == "d f")
assert(fs.exists "/mnt/d/e" and not fs.exists "/mnt/nothing" and not fs.exists "/mnt/f/below")
proc.run { "mkfifo", "/mnt/fifo" }
refused("ESPIPE", fs.read, "/mnt/fifo")
refused("EISDIR", fs.read, "/mnt/d")
refused("EFBIG", fs.read, "/mnt/f", { limit = 2 })
refused("ENOTDIR", fs.list, "/mnt/f")
refused("ENAMETOOLONG", fs.read, "/" .. ("x/"):rep(2100))
assert(not pcall(fs.read, "/mnt/\0f") and not pcall(fs.read, "") and not pcall(fs.chmod, "/mnt/f", 755))
for _, name in ipairs { "x1", "x2", "y1", ".x3" } do fs.write("/mnt/d/" .. name, "") end
assert(#fs.glob "/mnt/d/x*" == 2 and #fs.glob "/mnt/d/[!x]?" == 1 and #fs.glob "/mnt/*/*1" == 2 and #fs.glob "/no/*" == 0)
assert(#fs.glob("/mnt/d/" .. ("*"):rep(60) .. "z") == 0)
fs.symlink("/etc/passwd", "/mnt/d/link")
fs.copy("/mnt/d", "/mnt/copy")
assert(fs.stat("/mnt/copy/link").target == "/etc/passwd" and fs.exists "/mnt/copy/e/f")
refused("EEXIST", fs.copy, "/mnt/d", "/mnt/copy")
fs.move("/mnt/copy", "/mnt/moved")
fs.delete "/mnt/moved"
assert(not fs.exists "/mnt/moved" and fs.exists "/etc/passwd")
-- Nothing goes where something is mounted inside.
fs.tmpfs("/mnt/d/e/f/t", { mkdir = true })
refused("EBUSY", fs.delete, "/mnt/d")
assert(fs.exists "/mnt/d/x1")
fs.unmount "/mnt/d/e/f/t"
-- btrfs.
fs.image("/mnt/disk", { size = "256M", format = "btrfs" })
local disk <close> = fs.mount { source = "/mnt/disk", target = "/mnt/b", loop = true, mkdir = true }
fs.subvolume "/mnt/b/one"
fs.write("/mnt/b/one/f", "1")
assert(fs.snapshot("/mnt/b/one", "/mnt/b/two") == "btrfs")
assert(fs.is_subvolume "/mnt/b/two" and not fs.is_subvolume "/mnt/d" and fs.read "/mnt/b/two/f" == "1")
fs.snapshot("/mnt/b/one", "/mnt/b/frozen", { readonly = true, backend = "btrfs" })
local ok, err = pcall(fs.write, "/mnt/b/frozen/f", "2")
assert(not ok and err.code == "EROFS")
fs.subvolume "/mnt/b/two/nested"
fs.subvolume "/mnt/b/two/nested/deeper"
fs.write("/mnt/b/two/nested/deeper/x", "")
assert(#fs.subvolumes "/mnt/b" == 5)
fs.delete "/mnt/b/two"
fs.delete "/mnt/b/frozen"
assert(#fs.subvolumes "/mnt/b" == 1)
fs.mkdir "/mnt/b/plain/sub"
fs.write("/mnt/b/plain/f", ("y"):rep(100000))
assert(fs.snapshot("/mnt/b/plain", "/mnt/b/shared") == "reflink" and fs.stat("/mnt/b/shared/f").size == 100000)
assert(fs.snapshot("/mnt/b/one", "/mnt/elsewhere") == "copy" and fs.read "/mnt/elsewhere/f" == "1")
assert(not pcall(fs.snapshot, "/mnt/b/one", "/mnt/refused", { backend = "btrfs" }) and not fs.exists "/mnt/refused")
assert(not pcall(fs.subvolume, "/mnt/none"))
-- A link stands for a directory only where it leads to one.
fs.write("/mnt/a-file", "")
fs.mkdir "/mnt/a-directory"
fs.symlink("a-directory", "/mnt/to-directory")
fs.mkdir "/mnt/to-directory"
for name, target in pairs { ["to-file"] = "a-file", ["to-nothing"] = "nowhere", ["to-itself"] = "to-itself" } do
    fs.symlink(target, "/mnt/" .. name)
    local made, problem = pcall(fs.mkdir, "/mnt/" .. name)
    assert(not made and problem.code == "EEXIST", name)
    made, problem = pcall(fs.mkdir, "/" .. name, { root = "/mnt" })
    assert(not made and problem.code == "EEXIST", name)
end
