-- Archives: what is kept, and what cannot get out.
ns.unshare { "mount" }
local place <close> = fs.tmpfs "/mnt"
local function refused(pattern, archive)
    fs.mkdir "/mnt/target"
    local ok, err = pcall(fs.unpack, archive, "/mnt/target")
    assert(not ok and tostring(err):find(pattern), archive .. ": " .. tostring(err))
    fs.delete "/mnt/target"
    return err
end
fs.mkdir "/mnt/src/dir"
fs.write("/mnt/src/a", "hello")
fs.write("/mnt/src/dir/b\xff", "x")
fs.symlink("/etc", "/mnt/src/link")
fs.chown("/mnt/src/a", "1000:1001")
fs.chmod("/mnt/src/a", "4755")
proc.run { "ln", "/mnt/src/a", "/mnt/src/hard" }
proc.run { "mknod", "/mnt/src/null", "c", "1", "3" }
proc.run { "mkfifo", "/mnt/src/fifo" }
proc.run { "truncate", "-s", "10M", "/mnt/src/sparse" }
proc.run { "setfattr", "-n", "user.x", "-v", "1", "/mnt/src/a" }
local magic = { [".tar"] = "", [".tar.gz"] = "\x1f\x8b", [".tar.zst"] = "\x28\xb5\x2f\xfd", [".tar.xz"] = "\xfd7zXZ",
    [".tar.bz2"] = "BZh", [".tar.lz4"] = "\x04\x22\x4d\x18" }
for _, ending in ipairs { ".tar", ".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2", ".tar.lz4" } do
    local out = "/mnt/out" .. ending
    fs.pack("/mnt/src", "/mnt/x" .. ending)
    local start = magic[ending]
    assert(fs.read("/mnt/x" .. ending):sub(1, #start) == start, ending)
    fs.mkdir(out)
    fs.unpack("/mnt/x" .. ending, out)
    local a = fs.stat(out .. "/a")
    assert(a.mode == "4755" and a.uid == 1000 and a.gid == 1001 and a.links == 2)
    assert(a.inode == fs.stat(out .. "/hard").inode and a.mtime == fs.stat("/mnt/src/a").mtime)
    assert(fs.stat(out .. "/link").target == "/etc" and fs.stat(out .. "/fifo").type == "fifo")
    assert(fs.stat(out .. "/null").major == 1 and fs.stat(out .. "/null").minor == 3)
    assert(fs.stat(out .. "/sparse").size == 10 << 20 and fs.stat(out .. "/sparse").allocated == 0)
    assert(fs.read(out .. "/dir/b\xff") == "x")
    assert(proc.capture { "getfattr", "--only-values", "-n", "user.x", out .. "/a" } == "1")
end
proc.run { "sh", "-c", [[cd /mnt; head -c 300 x.tar.gz > cut.tar.gz; echo no > no.tar; : > empty.tar
    mkdir evil; ln -s /etc evil/l; tar cf escape.tar -C evil l; rm evil/l; mkdir evil/l; echo x > evil/l/pwned
    tar rf escape.tar -C evil l/pwned; mkdir absolute
    tar cPf absolute.tar /mnt/src/a 2>&1; cd src; tar cPf ../dots.tar ../src/a]] }
refused("truncated", "/mnt/cut.tar.gz")
refused("no tar archive", "/mnt/no.tar")
refused("e", "/mnt/empty.tar")
assert(refused("link", "/mnt/escape.tar").path == "l/pwned")
fs.unpack("/mnt/absolute.tar", "/mnt/absolute")
assert(fs.read "/mnt/absolute/mnt/src/a" == "hello")
refused("'..'", "/mnt/dots.tar")
assert(not fs.exists "/etc/pwned")
fs.tmpfs("/mnt/small", { size = "64K", mkdir = true })
fs.write("/mnt/src/big", ("x"):rep(200000))
fs.pack("/mnt/src", "/mnt/big.tar")
local ok, err = pcall(fs.unpack, "/mnt/big.tar", "/mnt/small")
assert(not ok and err.code == "ENOSPC" and err.path:find "big")
ok, err = pcall(fs.unpack, "/mnt/nothing.tar", "/mnt/small")
assert(not ok and err.code == "ENOENT")
ok, err = pcall(fs.pack, "/mnt/src", "/mnt/small/x.tar")
assert(not ok and #fs.glob "/mnt/small/*.part" == 0)
