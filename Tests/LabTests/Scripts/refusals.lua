-- What is refused, with which code, about what, and with which hint: one row a way of being refused.
ns.unshare { "mount", "net", "pid", "uts" }
fs.mount { type = "proc", target = "/proc" }
fs.tmpfs("/mnt", { mode = "0777" })
fs.mkdir "/mnt/d"
fs.mkdir("/mnt/locked", { mode = "0700" })
fs.write("/mnt/disk", ("\0"):rep(65536))
fs.write("/mnt/secret", "x", { mode = "0600" })
for _, path in ipairs { "/mnt/d", "/mnt/disk" } do fs.chown(path, "65534") end
proc.run { "mkfifo", "/mnt/fifo" }

-- { call, code, subject, pattern of the hint }
local admin, network, file = "needs root %(CAP_SYS_ADMIN%)", "CAP_NET_ADMIN", "user 65534 may not"
local ordinary = {
    { [[ns.unshare { "mount" }]], "EPERM", "mount", admin },
    { [[ns.unshare { "pid" }]], "EPERM", "pid", admin },
    { [[ns.spawn({ "net" }, print)]], "EPERM", "net", admin },
    { [[ns.enter(proc.parent(), { "net" })]], "EPERM", "its parent", admin },
    { [[ns.within(proc.parent(), { "net" }, print)]], "EPERM", "its parent", admin },
    { [[fs.mount { type = "proc", target = "/mnt/d" }]], "EPERM", "proc", admin },
    { [[fs.mount { source = "/mnt/disk", loop = true, target = "/mnt/d" }]], "EACCES", "/dev/loop-control", file },
    { [[fs.bind("/mnt/d", "/mnt/d")]], "EPERM", "/mnt/d", admin },
    { [[fs.tmpfs "/mnt/d"]], "EPERM", "tmpfs", admin },
    { [[fs.overlay { lower = { "/mnt/d" }, target = "/mnt/d" }]], "EPERM", "overlay", admin },
    { [[fs.unmount "/mnt"]], "EPERM", "/mnt", admin },
    { [[fs.propagation("/", "private")]], "EPERM", "/", admin },
    { [[fs.loop "/mnt/disk"]], "EACCES", "/dev/loop-control", file },
    { [[fs.pivot "/mnt/d"]], "EPERM", "/mnt/d", admin },
    { [[fs.chroot "/mnt/d"]], "EPERM", "/mnt/d", admin },
    { [[fs.mask "/mnt/d"]], "EPERM", "tmpfs", admin },
    { [[fs.readonly "/mnt/d"]], "EPERM", "/mnt/d", admin },
    { [[fs.read "/mnt/secret"]], "EACCES", "/mnt/secret", file },
    { [[fs.write("/mnt/secret", "")]], "EACCES", "/mnt/secret", file },
    { [[fs.append("/mnt/secret", "")]], "EACCES", "/mnt/secret", file },
    { [[fs.list "/mnt/locked"]], "EACCES", "/mnt/locked", file },
    { [[fs.stat "/mnt/locked/x"]], "EACCES", "/mnt/locked/x", file },
    { [[fs.exists "/mnt/locked/x"]], "EACCES", "/mnt/locked/x", file },
    { [[fs.mkdir "/mnt/locked/x"]], "EACCES", "/mnt/locked/x", file },
    { [[fs.remove "/mnt/locked/x"]], "EACCES", "/mnt/locked/x", file },
    { [[fs.delete "/etc/passwd"]], "EACCES", "/etc/passwd", file },
    { [[fs.move("/etc/passwd", "/etc/x")]], "EACCES", "/etc/passwd", file },
    { [[fs.copy("/mnt/secret", "/mnt/y")]], "EACCES", "/mnt/secret", file },
    { [[fs.copy("/mnt/disk", "/etc/y")]], "EACCES", "/etc/y", file },
    { [[fs.symlink("a", "/etc/y")]], "EACCES", "a", file },
    { [[fs.chown("/mnt/disk", "0:0")]], "EPERM", "/mnt/disk", file },
    { [[fs.chmod("/mnt/secret", "0777")]], "EPERM", "/mnt/secret", file },
    { [[fs.image("/etc/x", { size = "1M" })]], "EACCES", "/etc/x", file },
    { [[fs.snapshot("/mnt/d", "/etc/x")]], "EACCES", "/etc/x", file },
    { [[fs.unpack("/mnt/secret", "/mnt/d")]], "EACCES", "/mnt/secret", file },
    { [[dev.node("/mnt/d/n", "c", 1, 3)]], "EPERM", "/mnt/d/n", admin },
    { [[dev.populate "/mnt/d"]], "EPERM", "tmpfs", admin },
    { [[net.veth { name = "a", peer = "b" }]], "EPERM", "a", network },
    { [[net.bridge "b"]], "EPERM", "b", network },
    { [[net.dummy "d"]], "EPERM", "d", network },
    { [[net.macvlan { name = "m", link = "lo" }]], "EPERM", "m", network },
    { [[net.vlan { name = "v", link = "lo", id = 3 }]], "EPERM", "v", network },
    { [[net.vxlan { name = "x", id = 3 }]], "EPERM", "x", network },
    { [[net.link "lo":up()]], "EPERM", "lo", network },
    { [[net.link "lo":address "10.0.0.1/8"]], "EPERM", "10.0.0.1/8", network },
    { [[net.link "lo":rename "x"]], "EPERM", "lo", network },
    { [[net.link "lo":set { mtu = 1000 }]], "EPERM", "lo", network },
    { [[net.link "lo":move(1)]], "EPERM", "1", network },
    { [[net.link "lo":delete()]], "EPERM", "lo", network },
    { [[net.route { to = "default", device = "lo" }]], "EPERM", "default", network },
    { [[net.forwarding(true)]], "EACCES", "/proc/sys/net/ipv4/ip_forward", file },
    { [[net.masquerade { source = "10.0.0.0/8" }]], nil, "nft", network },
    { [[sys.hostname "x"]], "EPERM", "x", admin },
    { [[sys.domainname "x"]], "EPERM", "x", admin },
    { [[sys.chdir "/mnt/locked"]], "EACCES", "/mnt/locked", file },
    { [[proc.kill(1)]], "EPERM", "1", "another user" },
    { [[proc.run { "true", user = "0:0" }]], "EPERM", "0", "CAP_SETUID" },
    { [[proc.capture { "true", user = "0:0" }]], "EPERM", "0", "CAP_SETUID" },
    { [[proc.spawn { "true", user = "0:0" }]], "EPERM", "0", "CAP_SETUID" },
    { [[proc.exec { "true", user = "0:0" }]], "EPERM", "0", "CAP_SETUID" },
}
local root = {
    { [[fs.mount { type = "nosuchtype", target = "/mnt/d" }]], "ENODEV", "nosuchtype", "no nosuchtype .*modprobe" },
    { [[fs.mount { source = "/mnt/disk", type = "xfs", target = "/mnt/d" }]], "ENOTBLK", "/mnt/disk", "loop = true" },
    { [[fs.mount { source = "/mnt/fifo", type = "xfs", target = "/mnt/d", loop = true }]], "EINVAL", "/mnt/fifo",
        "regular file" },
    { [[fs.loop "/mnt/fifo"]], "EINVAL", "/mnt/fifo", "regular file" },
    { [[fs.tmpfs "/mnt/nowhere"]], "ENOENT", "/mnt/nowhere", "mkdir = true" },
    { [[fs.unmount "/mnt/d"]], "EINVAL", "/mnt/d", "nothing is mounted" },
    { [[fs.subvolume "/mnt/sub"]], "ENOTTY", "/mnt/sub", "fs.mkdir" },
    { [[fs.remove "/mnt"]], "EBUSY", "/mnt", "unmount" },
    { [[fs.read "/mnt/fifo"]], "ESPIPE", "/mnt/fifo", "io.open" },
    { [[fs.image("/mnt/i", { size = "1M", format = "nosuch" })]], "ENOENT", "mkfs.nosuch", nil },
    { [[net.link "nosuch"]], "ENODEV", "nosuch", "net.links" },
    { [[net.ping "192.0.2.1"]], "ENETUNREACH", "192.0.2.1", "no route" },
    { [[net.route { to = "default", via = "192.0.2.1" }]], "ENETUNREACH", "default via 192.0.2.1", "after via" },
    { [[ns.id("net", 4194303)]], "ENOENT", "/proc/4194303/ns/net", nil },
    { [[ns.enter(4194303, { "net" })]], "ESRCH", "4194303", nil },
    { [[proc.kill(4194303)]], "ESRCH", "4194303", nil },
    { [[proc.run { "nosuchprogram" }]], "ENOENT", "nosuchprogram", nil },
    { [[proc.run { "true", cwd = "/nowhere" }]], "ENOENT", "/nowhere", nil },
    { [[sys.chdir "/nowhere"]], "ENOENT", "/nowhere", nil },
    { [[sys.hostname(("x"):rep(65))]], "EINVAL", ("x"):rep(65), nil },
}

local function compare(rows)
    local wrong = {}
    for _, row in ipairs(rows) do
        local call, code, subject, hint = table.unpack(row, 1, 4)
        if subject == "its parent" then subject = tostring(proc.parent()) end
        local ok, err = pcall(assert(load(call, "=row")))
        local told = type(err) == "table" and (err.code == code and (err.subject == subject or err.path == subject)
            and (not hint or (err.hint or ""):find(hint)) and err.primitive and tostring(err):find("row:1: ", 1, true))
        if ok or not told then
            wrong[#wrong + 1] = ("%s: %s, code %s, subject %s, hint %s"):format(call, err, err and err.code,
                err and (err.subject or err.path), err and err.hint)
        end
    end
    return wrong
end

local wrong = compare(root)
local box = proc.fork(function(parent)
    proc.become { user = "65534:65534" }
    parent:send(compare(ordinary))
end)
table.move(box:receive(), 1, 1000, #wrong + 1, wrong)
assert(box:wait().code == 0)
assert(#wrong == 0, table.concat(wrong, "\n"))

-- Every kind of link either is there or is named with its module.
local bridge <close> = net.bridge "br0"
local module = { vlan = "8021q" }
for kind, make in pairs {
    dummy = function() return net.dummy "k0" end,
    macvlan = function() return net.macvlan { name = "k0", link = bridge } end,
    vlan = function() return net.vlan { name = "k0", link = bridge, id = 7 } end,
    vxlan = function() return net.vxlan { name = "k0", id = 7 } end,
} do
    local ok, made = pcall(make)
    if ok then
        made:release()
    else
        assert(made.code == "EOPNOTSUPP" and made.subject == "k0", tostring(made))
        assert(made.hint == ('this kernel lacks the link kind "%s"; try: modprobe %s'):format(kind,
            module[kind] or kind), made.hint)
    end
end
