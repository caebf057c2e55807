-- Mounts by descriptor: what they refuse, and that they go away.
ns.unshare { "mount" }
local function refused(code, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok, "not refused")
    assert(err.code == code, ("%s wanted, got %s: %s"):format(code, err.code, err))
    assert(err.path or err.subject, "no subject: " .. tostring(err))
    return err
end
local place <close> = fs.tmpfs("/mnt", { size = "700M" })
local function at(target)
    local found
    for _, m in ipairs(fs.mounts()) do if m.target == target then found = m end end
    return found
end
-- A disk in a file, through a loop device.
local disk = fs.image("/mnt/mounts.img", { size = "256M", format = "btrfs" })
assert(fs.stat(disk.path).size == 256 << 20)
refused("EEXIST", fs.image, "/mnt/mounts.img", { size = "1M" })
local m = fs.mount { source = disk.path, target = "/mnt/b", loop = true, mkdir = true, options = "compress=zstd", noexec = true }
assert(at("/mnt/b").type == "btrfs" and at("/mnt/b").options:find "compress=zstd" and at("/mnt/b").options:find "noexec")
local device = at("/mnt/b").source
m:release()
assert(not at("/mnt/b"))
-- Free again, or somebody else's by now.
local backing = "/sys/block/" .. device:match "loop%d+" .. "/loop/backing_file"
local _, file = pcall(fs.read, backing)
assert(type(file) ~= "string" or not file:find("mounts.img", 1, true), file)
local loop = fs.loop(disk.path, { readonly = true })
assert(fs.stat(loop.device).type == "block")
loop:release()
-- Attributes, also of a bind mount, and what they do.
fs.mkdir "/mnt/source"
fs.bind("/mnt/source", "/mnt/bound", { mkdir = true, readonly = true, nodev = true })
refused("EROFS", fs.write, "/mnt/bound/x", "")
fs.unmount "/mnt/bound"
-- A link as the target is not followed; inside a root it leads inside.
fs.symlink("/etc", "/mnt/link")
refused("ELOOP", fs.tmpfs, "/mnt/link")
fs.mkdir "/mnt/root/etc"
for name, target in pairs { absolute = "/etc", relative = "../../../../etc", middle = "/" } do
    fs.symlink(target, "/mnt/root/" .. name)
    local path = name == "middle" and "/middle/etc" or "/" .. name
    local mount <close> = fs.tmpfs(path, { root = "/mnt/root" })
    assert(mount.target == "/mnt/root/etc", mount.target)
end
fs.symlink("nowhere", "/mnt/root/dangling")
refused("ENOENT", fs.tmpfs, "/dangling", { root = "/mnt/root" })
fs.symlink("loop", "/mnt/root/loop")
refused("ELOOP", fs.tmpfs, "/loop", { root = "/mnt/root" })
-- Layers.
for _, name in ipairs { "l1", "l2:odd,name", "up", "work", "all" } do fs.mkdir("/mnt/" .. name) end
fs.write("/mnt/l1/one", "1")
fs.write("/mnt/l2:odd,name/two", "2")
fs.overlay { lower = { "/mnt/l1", "/mnt/l2:odd,name" }, upper = "/mnt/up", work = "/mnt/work", target = "/mnt/all" }
fs.write("/mnt/all/three", "3")
assert(fs.read "/mnt/all/one" == "1" and fs.read "/mnt/all/two" == "2" and fs.exists "/mnt/up/three")
-- Busy, missing, unknown.
fs.tmpfs("/mnt/all/deep", { mkdir = true })
refused("EBUSY", fs.unmount, "/mnt/all")
fs.unmount("/mnt/all", { recursive = true })
refused("ENOENT", fs.unmount, "/mnt/nowhere")
refused("ENODEV", fs.mount, { type = "nosuchtype", target = "/mnt" })
assert(refused("ENOTBLK", fs.mount, { type = "btrfs", source = "/dev/null", target = "/mnt" }).call == "fsconfig")
refused("ENAMETOOLONG", fs.tmpfs, "/" .. ("x/"):rep(2100))
local ok, err = pcall(fs.tmpfs, "/mnt", { size = "12Q" })
assert(not ok and tostring(err):find "12Q")
ok, err = pcall(fs.mount, { type = "proc", tarjet = "/mnt" })
assert(not ok and tostring(err):find "did you mean 'target'")
-- What is gone is let go of, and who stands in its place later stays.
fs.mkdir "/mnt/place"
fs.tmpfs "/mnt/place"
fs.unmount "/mnt/place"
local script = [[
    fs.tmpfs "/mnt/place"
    fs.unmount "/mnt/place"
    fs.tmpfs("/mnt/place", { size = "1M" }):keep()
    fs.mkdir "/mnt/place2"
    local taken = fs.tmpfs "/mnt/place2"
    os.execute "umount /mnt/place2; mount -t tmpfs other /mnt/place2"
]]
fs.write("/mnt/script.lua", script)
proc.run { "/proc/self/exe", "script", "/mnt/script.lua" }
for _, path in ipairs { "/mnt/place", "/mnt/place2" } do
    local stands = false
    for _, mount in ipairs(fs.mounts()) do stands = stands or mount.target == path end
    assert(stands, path)
    fs.unmount(path)
end
-- A loop device goes with its handle.
local image = "/mnt/small.img"
fs.image(image, { size = "8M" })
local devices = {}
for index = 1, 3 do
    local one <close> = fs.loop(image)
    devices[index] = one.device
end
assert(devices[1] == devices[2] and devices[2] == devices[3])
-- An overlay says which layer is missing, and that one layer is none.
ok, err = pcall(fs.overlay, { lower = { "/mnt/l1", "/mnt/nosuch" }, target = "/mnt/all" })
assert(not ok and err.code == "ENOENT" and err.path == "/mnt/nosuch", tostring(err))
ok, err = pcall(fs.overlay, { lower = { "/mnt/l1" }, target = "/mnt/all" })
assert(not ok and tostring(err):find "two directories", tostring(err))
-- From inside, by a relative path.
assert(ns.spawn({ "mount" }, function()
    fs.mkdir "/mnt/relative/bin"
    sys.chdir "/mnt/relative"
    fs.pivot "."
    assert(fs.exists "/bin" and not fs.exists "/mnt")
end):wait().code == 0)
