-- Mounts that show other owners, and trees that are held before they are shown; owners read by stat(1).
ns.unshare { "mount" }
fs.tmpfs "/mnt"
local function refused(code, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok, "not refused")
    assert(err.code == code, ("%s wanted, got %s: %s"):format(code, err.code, err))
    return err
end
local function owner(path) return proc.capture { "stat", "-c", "%u:%g", path } end
local users = { { inside = 0, outside = 100000, count = 1000 } }
local disk = fs.image("/mnt/disk", { size = "64M", format = "ext4" })
fs.mount { source = disk.path, target = "/mnt/ext4", loop = true, mkdir = true }
fs.mkdir "/mnt/tmpfs"
for _, name in ipairs { "tmpfs", "ext4" } do
    local source, shown = "/mnt/" .. name .. "/source", "/mnt/" .. name .. "/shown"
    fs.mkdir(source)
    fs.mkdir(shown)
    fs.write(source .. "/root", "")
    fs.write(source .. "/seven", "")
    fs.chown(source .. "/seven", "7:9")
    local m = fs.bind(source, shown, { users = users })
    assert(owner(shown .. "/root") == "100000:100000\n" and owner(shown .. "/seven") == "100007:100009\n", name)
    assert(owner(source .. "/seven") == "7:9\n")
    -- The user 100000 is root there, and what it makes is root's on the disk.
    proc.run { "touch", shown .. "/made", user = "100000:100000" }
    assert(owner(source .. "/made") == "0:0\n")
    -- Nobody outside the map makes anything.
    local line = "touch " .. shown .. "/no 2>/dev/null"
    assert(proc.run { "sh", "-c", line, user = "2000:2000", check = false }.code ~= 0)
    m:release()
    assert(#fs.list(shown) == 0)
end
-- The container's own map: its root owns what root owns on the disk, and may write.
local box = ns.spawn({ "mount", users = users }, function(parent)
    parent:receive()
    fs.write("/mnt/ext4/shown/by-container", "x")
    parent:send((owner "/mnt/ext4/shown/root"))
end)
ns.within(box, { "mount" }, function() fs.bind("/mnt/ext4/source", "/mnt/ext4/shown", { users = users }):keep() end)
box:send "go"
assert(box:receive() == "0:0\n" and box:wait().code == 0)
assert(owner "/mnt/ext4/source/by-container" == "0:0\n")
-- Where a filesystem cannot, the error says so; a part of a tree that cannot makes the whole fail.
local err = refused("EINVAL", fs.bind, "/proc", "/mnt/ext4/shown", { users = users })
assert(tostring(err):find "mount_setattr" and err.detail:find "cannot map users")
refused("EINVAL", fs.bind, "/", "/mnt/ext4/shown", { users = users, recursive = true })
for _, m in ipairs(fs.mounts()) do assert(m.target ~= "/mnt/ext4/shown") end
assert(#proc.list() > 0 and not pcall(fs.bind, "/mnt", "/mnt", { users = "everybody" }))

-- A tree that is held is shown after its source has gone out of sight, read-only with all below it.
fs.mkdir "/mnt/host/below"
fs.tmpfs("/mnt/host/below")
fs.write("/mnt/host/below/file", "held")
fs.mkdir "/mnt/root/bin"
fs.write("/mnt/root/bin/busybox", fs.read "/bin/busybox")
fs.chmod("/mnt/root/bin/busybox", "0755")
local tree = fs.tree("/mnt/host", { recursive = true, readonly = true, nosuid = true })
local shown = ns.spawn({ "mount", "pid" }, function(parent)
    fs.pivot "/mnt/root"
    tree:attach("/data", { mkdir = true })
    refused("EROFS", fs.write, "/data/file", "")
    refused("EROFS", fs.write, "/data/below/file", "")
    assert(not pcall(tree.attach, tree, "/again", { mkdir = true }))
    parent:send((proc.capture { "/bin/busybox", "cat", "/data/below/file" }))
end)
assert(shown:receive() == "held" and shown:wait().code == 0)
tree:release()
assert(not pcall(tree.attach, tree, "/mnt/again", { mkdir = true }))
