-- Links of an image, odd names, endless files, deep trees.
ns.unshare { "mount" }
local function refused(code, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok and err.code == code and err.path, tostring(err))
    return err
end
local place <close> = fs.tmpfs "/mnt"

-- Inside a root no link leads out, be it the last name, a middle one or a parent.
local root = "/mnt/image"
fs.mkdir(root .. "/etc")
fs.symlink("/etc/passwd", root .. "/passwd")
fs.symlink("/", root .. "/up")
fs.symlink("../../../../mnt", root .. "/out")
fs.symlink("/proc/self/root", root .. "/magic")
fs.symlink("loop", root .. "/loop")
fs.write("/mnt/secret", "secret")
refused("ENOENT", fs.read, "passwd", { root = root })
assert(not fs.exists("passwd", { root = root }) and not fs.exists("loop", { root = root }))
refused("ELOOP", fs.read, "loop", { root = root })
refused("ENOENT", fs.read, "/out/secret", { root = root })
refused("ENOENT", fs.read, "/../../mnt/secret", { root = root })
refused("ENOENT", fs.write, "/out/new", "x", { root = root })
refused("ENOENT", fs.list, "magic/etc", { root = root })
fs.write("passwd", "inside", { root = root })
fs.append("up/up/etc/passwd", "!", { root = root })
assert(fs.read(root .. "/etc/passwd") == "inside!" and fs.read "/etc/passwd" ~= "inside!")
fs.mkdir("up/made/deep", { root = root })
assert(fs.stat("made/deep", { root = root }).type == "directory")
fs.chmod("passwd", "0640", { root = root })
fs.chown("passwd", "5:6", { root = root })
local status = fs.stat(root .. "/etc/passwd")
assert(status.mode == "0640" and status.uid == 5 and status.gid == 6)
assert(fs.stat("passwd", { root = root }).target == "/etc/passwd")
fs.symlink("anything", "up/up/new", { root = root })
assert(fs.stat(root .. "/new").type == "link")
fs.remove("up/new", { root = root })
assert(table.concat(fs.glob("/*/pass*", { root = root }), " ") == "/etc/passwd /up/passwd")
assert(table.concat(fs.glob("**/deep", { root = root }), " ") == "made/deep")
fs.copy("/mnt/secret", "/up/etc/copy", { destination_root = root })
assert(fs.read(root .. "/etc/copy") == "secret")
refused("ENOENT", fs.copy, "/out/secret", "/mnt/stolen", { source_root = root })
fs.mkdir "/mnt/kept/x"
fs.symlink("/mnt/kept", root .. "/kept")
fs.delete("kept", { root = root })
fs.symlink("/mnt/kept", root .. "/etc/kept")
fs.delete(root)
assert(fs.exists "/mnt/kept/x" and not fs.exists(root))
for _, path in ipairs { "/", "/mnt/.." } do
    local ok, err = pcall(fs.delete, path)
    assert(not ok and tostring(err):find "would delete all that is below /", tostring(err))
end
refused("ENOTEMPTY", fs.remove, "/mnt/kept")

-- A path of 4097 bytes makes nothing of itself; a name of any bytes does.
local long = "/mnt/" .. ("x/"):rep(2046)
for _, name in ipairs { "read", "list", "stat", "exists", "mkdir", "remove", "delete", "subvolume" } do
    refused("ENAMETOOLONG", fs[name], long)
end
assert(not fs.exists "/mnt/x")
fs.write("/mnt/n\255\254\n", "any")
assert(fs.read "/mnt/n\255\254\n" == "any" and fs.list("/mnt")[2] == "n\255\254\n")
refused("EISDIR", fs.write, "/mnt/kept", "")

-- What never ends or is not there is not waited for.
proc.run { "mkfifo", "/mnt/fifo" }
refused("ESPIPE", fs.read, "/mnt/fifo")
refused("ENXIO", fs.write, "/mnt/fifo", "x")
refused("ESPIPE", fs.read, "/dev/zero")
proc.run { "truncate", "-s", "1T", "/mnt/huge" }
refused("EFBIG", fs.read, "/mnt/huge")
assert(not pcall(fs.read, "/mnt/huge", { limit = "2T" }))
assert(#fs.read "/proc/self/mountinfo" > 0)
refused("EFBIG", fs.read, "/proc/self/mountinfo", { limit = 10 })

-- A tree deeper than descriptors and paths allow.
sys.chdir "/mnt"
for _ = 1, 5000 do
    fs.mkdir "d"
    sys.chdir "d"
end
fs.write("f", "x")
sys.chdir "/"
fs.copy("/mnt/d", "/mnt/e")
fs.delete "/mnt/d"
fs.delete "/mnt/e"
assert(not fs.exists "/mnt/d" and not fs.exists "/mnt/e")
