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
    end
    local function try()
        refused("change the root for every process", fs.pivot, "/mnt")
        refused("take away /", fs.unmount, "/", { detach = true, recursive = true })
        refused("take away /proc", fs.unmount, "/proc", { detach = true })
        refused("how mounts spread", fs.propagation, "/", "private", { recursive = true })
    end
    try()
    assert(proc.fork(try):wait().code == 0)
    fs.propagation("/", "private", { recursive = true, others = true })
    fs.unmount("/mnt")
    -- One of its own is no one's else.
    ns.spawn({ "mount" }, function()
        fs.tmpfs "/mnt"
        fs.propagation("/", "private", { recursive = true })
        fs.pivot "/mnt"
    end):wait()
]])
-- The shell is the stranger: it waits in the namespace.
local tupper = "/proc/" .. proc.self() .. "/exe"
proc.run { "unshare", "--mount", "--propagation", "private", "sh", "-c", '"$0" script "$1"; exit $?', tupper, script }
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
    assert(refused("working directory", fs.delete, path).hint:find "chdir")
    refused("working directory", fs.remove, path, { recursive = true })
end
refused("below /", fs.delete, "/")
refused("below /", fs.delete, "/mnt/..")
sys.chdir "/"
fs.delete "/mnt/link"
fs.delete "/mnt/a"
-- The first process; the link of the default route.
assert(refused("process 1", proc.kill, 1).hint:find("others = true", 1, true))
proc.run { "sh", "-c", "ip link add up0 type veth peer name up1; ip addr add 192.0.2.1/24 dev up0; ip link set up0 up; "
    .. "ip link set up1 up; ip route add default via 192.0.2.2" }
local link = net.link "up0"
assert(refused("default route", link.delete, link).hint:find("others = true", 1, true))
link:delete { others = true }
