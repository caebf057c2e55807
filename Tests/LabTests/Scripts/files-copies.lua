-- What a copy keeps, what it leaves out, and what a failed one leaves.
ns.unshare { "mount" }
local function refused(code, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok and err.code == code and err.path, tostring(err))
    return err
end
local place <close> = fs.tmpfs "/mnt"
fs.image("/mnt/disk", { size = "320M", format = "xfs" })
local disk <close> = fs.mount { source = "/mnt/disk", target = "/mnt/x", type = "xfs", loop = true, mkdir = true }

proc.run { "sh", "-ec", [[
    mkdir -p /mnt/x/s/d/locked; cd /mnt/x/s
    echo hi > f; ln f d/g; ln -s nowhere l; mknod c c 1 3; mkfifo p; : > empty
    truncate -s 1M sparse; echo end >> sparse
    chmod 4711 f; chown 3:4 d; chmod 2750 d; chmod 0 d/locked
    touch -d 2001-01-01 f d; touch -h -d 2001-01-01 l
]] }
local function check(copy)
    local f, g = fs.stat(copy .. "/f"), fs.stat(copy .. "/d/g")
    assert(f.inode == g.inode and f.links == 2 and f.mode == "4711" and fs.read(copy .. "/f") == "hi\n")
    local d = fs.stat(copy .. "/d")
    assert(d.uid == 3 and d.gid == 4 and d.mode == "2750" and fs.stat(copy .. "/d/locked").mode == "0000")
    local old = fs.stat("/mnt/x/s/f").mtime
    assert(f.mtime == old and d.mtime == old and fs.stat(copy .. "/l").mtime == old)
    assert(fs.stat(copy .. "/l").target == "nowhere" and fs.stat(copy .. "/p").type == "fifo")
    local c = fs.stat(copy .. "/c")
    assert(c.type == "char" and c.major == 1 and c.minor == 3)
    local sparse = fs.stat(copy .. "/sparse")
    assert(sparse.size == 1048580 and sparse.allocated <= 65536)
    assert(fs.read(copy .. "/sparse"):sub(-4) == "end\n" and fs.stat(copy .. "/empty").size == 0)
end
fs.copy("/mnt/x/s", "/mnt/copy")
check "/mnt/copy"
fs.move("/mnt/copy", "/mnt/x/moved")
check "/mnt/x/moved"
assert(not fs.exists "/mnt/copy")

-- Snapshots where there is no btrfs.
assert(fs.snapshot("/mnt/x/s", "/mnt/x/shared") == "reflink")
check "/mnt/x/shared"
assert(fs.snapshot("/mnt/x/s", "/mnt/x/copied", { backend = "copy" }) == "copy")
check "/mnt/x/copied"
assert(fs.snapshot("/mnt/x/s", "/mnt/snap") == "copy")
check "/mnt/snap"
local err = refused("ENOTTY", fs.snapshot, "/mnt/x/s", "/mnt/x/none", { backend = "btrfs" })
assert(err.hint == "the destination is not on btrfs")
refused("ENOTTY", fs.snapshot, "/mnt/x/s", "/mnt/x/none", { readonly = true })
refused("EXDEV", fs.snapshot, "/mnt/x/s", "/mnt/none", { backend = "reflink" })
refused("EEXIST", fs.snapshot, "/mnt/x/s", "/mnt/x/shared")
assert(not fs.exists "/mnt/x/none" and not fs.exists "/mnt/none")
assert(not pcall(fs.snapshot, "/mnt/x/s", "/mnt/x/none", { backend = "copy", readonly = true }))

-- A failure leaves nothing, and never touches what was there.
refused("EINVAL", fs.copy, "/mnt/x/s", "/mnt/x/s/d/inside")
assert(not fs.exists "/mnt/x/s/d/inside")
fs.tmpfs("/mnt/small", { size = "64K", mkdir = true })
fs.write("/mnt/big", ("z"):rep(200000))
refused("ENOSPC", fs.copy, "/mnt/big", "/mnt/small/big")
fs.mkdir "/mnt/tree/a"
fs.copy("/mnt/big", "/mnt/tree/a/big")
refused("ENOSPC", fs.copy, "/mnt/tree", "/mnt/small/tree")
assert(#fs.list "/mnt/small" == 0)
fs.write("/mnt/small/old", "old")
refused("EEXIST", fs.copy, "/mnt/x/s/f", "/mnt/small/old")
refused("ENOSPC", fs.copy, "/mnt/big", "/mnt/small/old", { replace = true })
assert(fs.read "/mnt/small/old" == "old" and #fs.list "/mnt/small" == 1)
fs.copy("/mnt/x/s/f", "/mnt/small/old", { replace = true })
assert(fs.read "/mnt/small/old" == "hi\n")
refused("EEXIST", fs.move, "/mnt/big", "/mnt/small/old")

-- A link is copied as one unless it is to be followed; other mounts are left out.
fs.symlink("/mnt/x/s/f", "/mnt/link")
fs.copy("/mnt/link", "/mnt/link2")
fs.copy("/mnt/link", "/mnt/file", { follow = true })
assert(fs.stat("/mnt/link2").type == "link" and fs.read "/mnt/file" == "hi\n")
local inner <close> = fs.tmpfs("/mnt/tree/a/m", { mkdir = true })
fs.write("/mnt/tree/a/m/in", "")
fs.copy("/mnt/tree", "/mnt/tree2")
assert(fs.exists "/mnt/tree2/a/m" and not fs.exists "/mnt/tree2/a/m/in")
assert(refused("EBUSY", fs.move, "/mnt/tree", "/mnt/x/tree").path == "/mnt/tree/a/m")
assert(refused("EBUSY", fs.delete, "/mnt/tree").path == "/mnt/tree/a/m")
assert(fs.exists "/mnt/tree/a/big" and not fs.exists "/mnt/x/tree")
refused("EBUSY", fs.delete, "/mnt/small")
