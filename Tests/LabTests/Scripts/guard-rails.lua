-- What a slip of the keyboard does not do to processes that are not this run's: tried in a mount namespace that another process,
-- made here, lives in.
local function refused(words, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok, "not refused: " .. words)
    assert(tostring(err):find(words, 1, true), tostring(err))
    return err
end
local script = os.tmpname()
fs.write(script, [[
    fs.tmpfs "/mnt"
    local function refused(words, call, ...)
        local ok, err = pcall(call, ...)
        assert(not ok, "not refused: " .. words)
        assert(tostring(err):find(words, 1, true), tostring(err))
        assert(err.hint:find("ns.unshare", 1, true) and err.hint:find("others = true", 1, true))
        assert(err.code == "EPERM" and err.number == 1)
    end
    local function try()
        refused("change the root for every process", fs.pivot, "/mnt")
        refused("take away /", fs.unmount, "/", { detach = true, recursive = true })
        refused("take away /proc", fs.unmount, "/proc", { detach = true })
        refused("how mounts spread", fs.propagation, "/", "private", { recursive = true })
        refused("how mounts spread", fs.propagation, "/proc", "private")
        refused("refuse writing below /", fs.readonly, "/")
        refused("refuse writing below /", fs.readonly, "/mnt/..")
        -- What the system has mounted in a directory goes with it.
        refused("take away /run", fs.unmount, "/run", { detach = true })
        refused("take away /run", fs.unmount, "/run", { recursive = true })
        refused("take away /run/system", fs.unmount, "/run/system", { detach = true })
        refused("take away /srv", fs.unmount, "/srv", { recursive = true, detach = true })
        assert(fs.exists "/run/system/below")
    end
    try()
    assert(proc.fork(try):wait().code == 0)
    fs.propagation("/", "private", { recursive = true, others = true })
    fs.unmount("/mnt")
    -- Nothing is taken away below what is no mount.
    fs.mkdir "/run/plain/a"
    fs.tmpfs "/run/plain/a"
    local ok, err = pcall(fs.unmount, "/run/plain", { recursive = true })
    assert(not ok and err.code == "EINVAL")
    assert(#fs.list "/run/plain/a" == 0 and pcall(fs.unmount, "/run/plain/a"))
    -- Its own mounts are its own, also over the system's, and those of others where nothing is lost by it.
    for _, path in ipairs { "/proc", "/run", "/run/system" } do
        local here = #fs.mounts()
        fs.mount { type = "tmpfs", target = path }
        fs.unmount(path, { detach = path ~= "/run" })
        assert(#fs.mounts() == here)
        proc.fork(function()
            fs.mount { type = "tmpfs", target = path }
            fs.propagation(path, "private")
            fs.unmount(path, { recursive = path ~= "/proc" })
        end):wait()
        assert(#fs.mounts() == here)
    end
    fs.unmount "/run/system/below"
    fs.unmount "/srv/usb"
    -- One that was made for a child, which another joins; the /proc there does not number that.
    local box = ns.spawn({ "mount", "pid" }, function(parent)
        fs.mount { type = "proc", target = "/proc" }
        parent:send "ready"
        parent:receive()
    end)
    box:receive()
    for _, kinds in ipairs { { "mount" }, { "mount", "pid" } } do
        ns.within(box, kinds, function()
            fs.propagation("/", "private", { recursive = true })
            fs.unmount(({ "/run", "/srv" })[#kinds], { detach = true, recursive = #kinds == 2 })
        end)
    end
    -- Who comes back from there is among others again.
    local outside = proc.parent()
    ns.within(box, { "mount" }, function()
        ns.enter(outside, { "mount" })
        refused("change the root for every process", fs.pivot, "/srv")
    end)
    box:send "done"
    box:wait()
    -- One of its own is no one's else.
    ns.spawn({ "mount" }, function()
        fs.tmpfs "/mnt"
        fs.propagation("/", "private", { recursive = true })
        fs.pivot "/mnt"
    end):wait()
]])
-- The shell is the stranger: it waits in the namespace.
local tupper = "/proc/" .. proc.self() .. "/exe"
proc.run { "unshare", "--mount", "--propagation", "private", "sh", "-c",
    "mount -t tmpfs -o mode=755 run /run; mkdir /run/system; mount -t tmpfs a /run/system; mkdir /run/system/below; "
        .. "mount -t tmpfs b /run/system/below; mount -t tmpfs c /srv; mkdir /srv/usb; mount -t tmpfs d /srv/usb; "
        .. '"$0" script "$1"; exit $?', tupper, script }
-- Without one, the namespace is this run's.
fs.write(script, [[
    fs.tmpfs "/mnt"
    fs.propagation("/", "private", { recursive = true })
    assert(proc.fork(function() fs.propagation("/", "private") end):wait().code == 0)
    fs.pivot "/mnt"
]])
proc.run { "unshare", "--mount", "--propagation", "private", tupper, "script", script }
fs.remove(script)
-- Trees.
ns.unshare { "mount", "net" }
fs.tmpfs "/mnt"
fs.mkdir "/mnt/a/b"
fs.symlink("a", "/mnt/link")
sys.chdir "/mnt/a/b"
for _, path in ipairs { "/mnt/a", "..", "/mnt/link/b", "/mnt/a/b" } do
    local err = refused("working directory", fs.delete, path)
    assert(err.hint:find "chdir" and err.code == "EBUSY")
    refused("working directory", fs.remove, path, { recursive = true })
end
assert(refused("below /", fs.delete, "/").code == "EPERM")
refused("below /", fs.delete, "/mnt/..")
sys.chdir "/"
fs.delete "/mnt/link"
fs.delete "/mnt/a"
-- The first process; the link of the default route.
local err = refused("process 1", proc.kill, 1)
assert(err.code == "EPERM" and err.hint:find("others = true", 1, true))
proc.run { "sh", "-c", "ip link add up0 type veth peer name up1; ip addr add 192.0.2.1/24 dev up0; ip link set up0 up; "
    .. "ip link set up1 up; ip route add default via 192.0.2.2" }
local link = net.link "up0"
err = refused("default route", link.delete, link)
assert(err.code == "EBUSY" and err.hint:find("others = true", 1, true))
link:delete { others = true }
for _, route in ipairs { "-6 route add default via fd00::2", "-6 route add default nexthop via fd00::2 nexthop via fd00::3",
    "route add default nexthop via 192.0.2.2 nexthop via 192.0.2.3" } do
    proc.run { "sh", "-c", "ip link add up0 type veth peer name up1; ip addr add 192.0.2.1/24 dev up0; "
        .. "ip addr add fd00::1/64 dev up0 nodad; ip link set up0 up; ip link set up1 up; ip " .. route }
    local uplink = net.link "up0"
    refused("default route", uplink.delete, uplink)
    uplink:delete { others = true }
end
