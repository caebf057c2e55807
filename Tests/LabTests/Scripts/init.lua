-- PID 1 of a container: reaps, passes signals on, ends as the main process does, holds nothing of this program.
local function spawn(line, more)
    local kinds = { "mount", "pid", init = true }
    for name, value in pairs(more or {}) do kinds[name] = value end
    return ns.spawn(kinds, function(parent)
        fs.mount { type = "proc", target = "/proc" }
        parent:send "ready"
        proc.exec { "sh", "-c", line }
    end)
end
local users = { { inside = 0, outside = 100000, count = 65536 } }
for _, more in ipairs { {}, { users = users } } do
    -- However the main process ends, that is what is told, at the first asking and later.
    for line, ending in pairs {
        ["exit 0"] = { code = 0 }, ["exit 7"] = { code = 7 }, ["exit 255"] = { code = 255 }, ["exit 137"] = { code = 137 },
        ["kill -9 $$"] = { signal = "KILL" }, ["kill -USR1 $$"] = { signal = "USR1" }, ["kill -SEGV $$"] = { signal = "SEGV" },
    } do
        local box = spawn(line, more)
        local told = box:wait { timeout = "10s" }
        assert(told.code == ending.code and told.signal == ending.signal, line)
        assert(box:wait().code == ending.code)
    end
    -- Orphans are reaped, also many at once; signals reach the main process; its end is everybody's.
    local box = spawn([[
        i=0; while [ $i -lt 50 ]; do (sleep 0.05 & ); i=$((i + 1)); done
        sleep 0.5; sleep 1000 & sleep 1000 & trap 'exit 42' TERM; while :; do sleep 0.05; done]], more)
    box:receive()
    sys.sleep "1s"
    local list = ns.within(box, { "pid", "mount" }, function() return proc.list() end)
    local zombies, names = 0, {}
    for _, process in ipairs(list) do
        if process.state == "Z" and process.parent == 1 then zombies = zombies + 1 end
        names[process.pid] = process.name
    end
    assert(zombies == 0 and names[1] == "tupper-init" and names[2] == "sh", zombies)
    -- What PID 1 holds: next to no memory, one descriptor, no file of the host.
    local status = fs.read("/proc/" .. box.pid .. "/status")
    assert(tonumber(status:match "VmRSS:%s*(%d+)") < 64, status:match "VmRSS[^\n]*")
    assert(proc.capture { "ls", "/proc/" .. box.pid .. "/fd" } == "0\n")
    assert(proc.capture { "readlink", "/proc/" .. box.pid .. "/exe" }:find "^/memfd:tupper%-stage")
    assert(not fs.read("/proc/" .. box.pid .. "/maps"):find "tupper[^-]")
    assert(fs.read("/proc/" .. box.pid .. "/environ") == "")
    assert(not pcall(fs.write, "/proc/" .. box.pid .. "/exe", "x"))
    -- From inside nobody ends it, from outside the main process is told.
    proc.run { "sh", "-c", "kill -9 1; kill -TERM 1", within = box }
    assert(box:wait { timeout = "10s" }.code == 42)
    -- The root that is left is left by PID 1, too.
    local moved = ns.spawn({ "mount", "pid", init = true, users = more.users }, function(parent)
        fs.tmpfs "/mnt"
        for _, name in ipairs { "bin", "proc" } do fs.mkdir("/mnt/" .. name) end
        fs.write("/mnt/bin/busybox", fs.read "/bin/busybox")
        fs.chmod("/mnt/bin/busybox", "0755")
        fs.mount { type = "proc", target = "/proc", root = "/mnt" }
        fs.pivot "/mnt"
        parent:send((proc.capture { "/bin/busybox", "ls", "/proc/1/root/" }))
        parent:send((proc.capture { "/bin/busybox", "readlink", "/proc/1/cwd" }))
    end)
    assert(moved:receive() == "bin\nproc\n" and moved:receive() == "/\n" and moved:wait().code == 0)
end
-- An error of the function is told as without an init, and so is its value.
local box = ns.spawn({ "pid", init = true }, function() error "early" end)
local ok, err = pcall(box.wait, box)
assert(not ok and tostring(err):find "early")
box = ns.spawn({ "pid", "mount", init = true }, function(parent) parent:send(proc.self()) end)
assert(box:receive() == 2 and box:wait().code == 0)
box = ns.spawn({ "pid", init = true }, function() sys.sleep(60) end)
box:signal "KILL"
assert(box:wait().signal == "KILL")
-- Its own terminal.
local terminal = term.open()
box = ns.spawn({ "pid", "mount", init = true, terminal = terminal }, function()
    proc.exec { "sh", "-c", "test -t 0 && echo a terminal > /dev/tty" }
end)
assert(terminal:read { timeout = "5s" }:find "a terminal" and box:wait().code == 0)
ok, err = pcall(ns.spawn, { "mount", init = true }, function() end)
assert(not ok and tostring(err):find "pid")
-- kill -9 of the parent ends all of it.
local parent = proc.fork(function(outer)
    local inner = spawn "sleep 1000"
    inner:receive()
    outer:send(inner.pid)
    sys.sleep(60)
end)
local pid = parent:receive()
parent:signal "KILL"
parent:wait()
for _ = 1, 100 do
    if not fs.exists("/proc/" .. pid) then break end
    sys.sleep "20ms"
end
assert(not fs.exists("/proc/" .. pid))
