-- A disk image that is full before the archive is unpacked: told by member and code, and the image can be released.
ns.unshare { "mount" }
local place <close> = fs.tmpfs "/mnt"
fs.mkdir "/mnt/source"
fs.write("/mnt/source/first", "small")
fs.write("/mnt/source/second", ("some text\n"):rep(1 << 20))
for number = 1, 16 do fs.copy("/mnt/source/second", ("/mnt/source/more%02d"):format(number)) end
fs.pack("/mnt/source", "/mnt/source.tar.gz", { level = 1 })
fs.delete "/mnt/source"
fs.image("/mnt/disk", { size = "128M", format = "btrfs" })
do
    local disk <close> = fs.mount { source = "/mnt/disk", target = "/mnt/full", loop = true, mkdir = true }
    local ok, err = pcall(fs.unpack, "/mnt/source.tar.gz", "/mnt/full")
    assert(not ok and err.code == "ENOSPC" and err.path:find "^more%d%d$" and err.subject == "/mnt/source.tar.gz",
        tostring(err))
    assert(fs.read "/mnt/full/first" == "small")
end
assert(#fs.list "/mnt/full" == 0)
