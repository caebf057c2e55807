-- One file is one disk: its loop device is shared, or the second use is refused.
ns.unshare { "mount" }
fs.tmpfs "/mnt"
local function refused(code, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok, "not refused")
    assert(err.code == code, ("%s wanted, got %s: %s"):format(code, err.code, err))
    return err
end
local function device(target)
    for _, mount in ipairs(fs.mounts()) do if mount.target == target then return mount.source end end
end
local function is_attached(path) return fs.exists("/sys/block/" .. path:match "loop%d+" .. "/loop/backing_file") end
fs.image("/mnt/disk", { size = "16M", format = "ext4" })
fs.symlink("disk", "/mnt/same")
local first = fs.mount { source = "/mnt/disk", target = "/mnt/a", type = "ext4", loop = true, mkdir = true }
local second = fs.mount { source = "/mnt/same", target = "/mnt/b", type = "ext4", loop = true, mkdir = true }
local used = device "/mnt/a"
assert(device "/mnt/b" == used)
fs.write("/mnt/a/file", "seen")
assert(fs.read "/mnt/b/file" == "seen")
-- Its mounts share it: the last of them lets it go.
first:release()
assert(is_attached(used) and fs.read "/mnt/b/file" == "seen")
-- A handle shares it too, also with a process of its own.
local loop = fs.loop "/mnt/disk"
assert(loop.device == used)
local box = proc.fork(function() assert(fs.loop("/mnt/disk").device == used) end)
assert(box:wait().code == 0)
-- Read-only is another thing than to be written to.
local err = refused("EBUSY", fs.loop, "/mnt/disk", { readonly = true })
assert(tostring(err):find "to be written to" or err.detail:find "to be written to")
second:release()
assert(is_attached(used))
loop:release()
local only = fs.loop("/mnt/disk", { readonly = true })
assert(fs.loop("/mnt/disk", { readonly = true }).device == only.device)
refused("EBUSY", fs.mount, { source = "/mnt/disk", target = "/mnt/a", type = "ext4", loop = true })
-- Another file is another disk.
fs.copy("/mnt/disk", "/mnt/other")
local other <close> = fs.loop "/mnt/other"
assert(other.device ~= only.device)
-- Both at once: one device all the same.
fs.image("/mnt/third", { size = "1M" })
local boxes = {}
for n = 1, 8 do
    boxes[n] = proc.fork(function(parent)
        local mine = fs.loop "/mnt/third"
        parent:send(mine.device)
        parent:receive()
    end)
end
local seen
for _, one in ipairs(boxes) do
    local name = one:receive()
    assert(seen == nil or seen == name)
    seen = name
end
for _, one in ipairs(boxes) do one:send(true) one:wait() end
-- What is neither a device nor a file is refused at once.
proc.run { "mkfifo", "/mnt/fifo" }
for _, options in ipairs { {}, { type = "ext4" }, { type = "erofs" }, { loop = true } } do
    options.source, options.target = "/mnt/fifo", "/mnt/a"
    local no = select(2, pcall(fs.mount, options))
    assert(({ ENOTBLK = true, EINVAL = true, ENODEV = true })[no.code], tostring(no))
    assert(not (no.hint or ""):find "loop = true")
end
assert(refused("ENOTBLK", fs.mount, { source = "/mnt/other", target = "/mnt/a", type = "ext4" }).hint:find "loop = true")
-- The paths of an overlay's layers may have any character and any length.
for _, name in ipairs { "u\\b", ("a-directory/"):rep(30) .. "u" } do
    local dir = "/mnt/layers/" .. name .. "/"
    for _, layer in ipairs { "lower", "upper\\", "work\\" } do fs.mkdir(dir .. layer) end
    fs.write(dir .. "lower/file", "x")
    local all <close> = fs.overlay { lower = { dir .. "lower" },
        upper = dir .. "upper\\", work = dir .. "work\\", target = "/mnt/all", mkdir = true }
    assert(fs.read "/mnt/all/file" == "x")
    fs.write("/mnt/all/new", "y")
    assert(fs.read(dir .. "upper\\/new") == "y")
end
