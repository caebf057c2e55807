-- Filesystems other than the usual one, and the ways to name their device.
fs.tmpfs("/mnt", { size = "1G" })
local function refused(code, words, hint, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok and err.code == code, tostring(err))
    assert(tostring(err):find(words, 1, true), tostring(err))
    assert(not hint or (err.hint or ""):find(hint, 1, true), tostring(err) .. tostring(err.hint))
end
for _, name in ipairs { "a", "b", "c" } do fs.mkdir("/mnt/" .. name) end
local function try(type, image)
    local first = fs.mount { source = image, target = "/mnt/a", loop = true }
    fs.write("/mnt/a/x", type)
    proc.run { "ln", image, image .. ".hard" }
    fs.symlink(type, image .. ".soft")
    fs.write(image .. ".bind", "")
    local bind = fs.bind(image, image .. ".bind")
    -- The same file by another name has the same device.
    for _, name in ipairs { "", ".hard", ".soft", ".bind" } do
        local second <close> = fs.mount { source = image .. name, target = "/mnt/b", loop = true }
        assert(fs.read "/mnt/b/x" == type and second.target == "/mnt/b")
    end
    local loop = fs.loop(image .. ".hard")
    -- Its device is not hidden behind another.
    refused("EBUSY", "in use, as by a mount", "without loop", fs.mount,
        { source = loop.device, target = "/mnt/b", loop = true })
    refused("EBUSY", "in use, as by a mount", nil, fs.loop, loop.device)
    fs.symlink(loop.device, "/mnt/device")
    local second = fs.mount { source = "/mnt/device", target = "/mnt/b" }
    assert(fs.read "/mnt/b/x" == type)
    -- The type that takes it says why it does not now; btrfs can be both.
    if type ~= "btrfs" then
        refused("EBUSY", "on \"", "mounted at /mnt/a", fs.mount, { source = loop.device, target = "/mnt/c", readonly = true })
    end
    fs.remove "/mnt/device"
    for _, held in ipairs { second, loop, first, bind } do held:release() end
    for _, other in ipairs { "ext4", "xfs", "btrfs" } do
        if other:sub(1, 3) ~= type:sub(1, 3) then
            refused("EINVAL", "it holds ", nil, fs.mount, { source = image, type = other, target = "/mnt/a", loop = true })
        end
    end
    local readonly <close> = fs.loop(image, { readonly = true })
    local only <close> = fs.mount { source = readonly.device, target = "/mnt/a", readonly = true }
    assert(fs.read "/mnt/a/x" == type)
end
for type, size in pairs { ext4 = "20M", ext2 = "20M", xfs = "320M", btrfs = "150M" } do
    local image = "/mnt/" .. type
    -- Not every machine makes every one, nor has its kernel each of them.
    local made, err = pcall(fs.image, image, { size = size, format = type })
    assert(made or err.code == "ENOENT", err)
    local known = fs.read("/proc/filesystems"):find("\t" .. type .. "\n", 1, true)
    if made and known then try(type, image) end
end
fs.write("/mnt/empty", "")
fs.write("/mnt/junk", ("x"):rep(1 << 20))
fs.write("/mnt/odd", ("x"):rep(700))
for _, name in ipairs { "empty", "junk", "odd" } do
    local options = { source = "/mnt/" .. name, target = "/mnt/a", loop = true }
    refused("EINVAL", "no filesystem is known", nil, fs.mount, options)
end
refused("EINVAL", "no filesystem is known", nil, fs.mount,
    { source = "/mnt/junk", type = "ext4", target = "/mnt/a", loop = true })
refused("EISDIR", "is a directory", "fs.bind", fs.mount, { source = "/mnt/b", target = "/mnt/a", loop = true })
local cover = fs.readonly "/mnt/ext4"
refused("EROFS", "/mnt/ext4", "readonly = true", fs.mount, { source = "/mnt/ext4", target = "/mnt/a", loop = true })
fs.mount { source = "/mnt/ext4", target = "/mnt/a", loop = true, readonly = true }:release()
cover:release()
