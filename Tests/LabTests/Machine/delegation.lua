-- Version 2: a group that root hands to an ordinary user, who makes groups in it and nowhere else.
-- In a virtual machine, where the group above is root's and nobody else's.
local name = "lab" .. proc.self()
local group <close> = cgroup.create(name, { pids = 20, memory = "200M", delegate = "1000:1000" })
local owner = fs.stat(group.path .. "/cgroup.procs")
assert(owner.uid == 1000 and owner.gid == 1000)
assert(fs.stat(group.path .. "/pids.max").uid == 0, "the limits stay root's")
fs.mkdir "/run/user/1000"
fs.chown("/run/user/1000", "1000:1000")
fs.chmod("/run/user/1000", "0700")
fs.write("/tmp/user.lua", [[
local function refused(code, fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok and err.code == code, tostring(err))
    return err
end
-- The process is in the delegated group itself, and makes room.
local mine = cgroup.create("mine", { pids = 5, memory = "32M", swap = 0 })
assert(mine.path:find "/lab%d+/mine$", mine.path)
local hog = ns.spawn({ cgroup = mine }, function() return #("x"):rep(64 << 20) end)
assert(hog:wait().signal == "KILL" and mine:stats().memory.oom_kills >= 1)
-- A second one beside it, with a user namespace and a cgroup namespace of its own.
do
    local second <close> = cgroup.create("second", { pids = 3 })
    local box = ns.spawn({ "pid", "cgroup", "mount", users = "root", cgroup = second }, function(parent)
        parent:send(fs.read "/proc/self/cgroup")
    end)
    assert(box:receive() == "0::/\n")
    box:wait()
end
-- Higher limits than root's do not help, and what is above is out of reach.
mine:set { pids = 1000 }
local box = ns.spawn({ cgroup = mine }, function(parent)
    local made = 0
    while pcall(proc.spawn, { "sleep", 9 }) do made = made + 1 end
    parent:send(made)
    parent:receive()
end)
assert(box:receive() < 20)
mine:kill()
refused("EPERM", cgroup.create, "devices", { devices = { "c 1:3 rw" } })
mine:release()
assert(fs.read "/proc/self/cgroup":find "/lab%d+\n$", "it is back where it was")
print "the user is content"
]])
local program = fs.read "/proc/self/cmdline":match "^[^\0]+"
local run = ns.spawn({ cgroup = group }, function()
    proc.exec { program, "script", "/tmp/user.lua", user = "1000:1000",
        env = { XDG_RUNTIME_DIR = "/run/user/1000", HOME = "/", PATH = "/bin" }, clear_env = true }
end)
assert(run:wait().code == 0)
assert(#fs.list "/run/user/1000/tupper" == 0 and #fs.list "/run/tupper" == 1, "the user's journal is gone, this run's is there")
