-- Children: what they tell, how they end, what their parent learns.
local box = ns.spawn({ "mount", "pid", "uts", "ipc", "net" }, function(parent)
    sys.hostname "inside"
    fs.mount { type = "proc", target = "/proc" }
    parent:send { count = #proc.list(), pid = proc.self(), host = sys.hostname(), heard = parent:receive() }
end)
box:send { "hello", n = 1.5, deep = { true } }
local told = box:receive { timeout = "5s" }
assert(told.count == 1 and told.pid == 1 and told.host == "inside")
assert(told.heard[1] == "hello" and told.heard.n == 1.5 and told.heard.deep[1] == true)
assert(box:wait().code == 0 and sys.hostname() ~= "inside" and not box:running())
-- A large value needs more than one packet.
local big = ("x"):rep(1 << 20)
local echo = proc.fork(function(parent) parent:send(parent:receive()) end)
echo:send(big)
assert(echo:receive() == big and echo:wait().code == 0)
-- A Lua error comes back with the child's file and line, an error object with its fields.
local child = proc.fork(function() local x = nil; return x.y end)
local ok, err = pcall(child.wait, child)
assert(not ok and tostring(err):find "stdin:18: attempt to index" and err.traceback:find "raised in the child")
child = ns.spawn({ "mount" }, function() fs.mount { type = "nosuchtype", target = "/mnt" } end)
ok, err = pcall(child.wait, child)
assert(not ok and err.code == "ENODEV" and err.primitive == "fs.mount" and err.position == "stdin:21")
-- The parent that listens rather than waits hears of it too.
child = proc.fork(function() error "early" end)
ok, err = pcall(child.receive, child)
assert(not ok and tostring(err):find "early")
-- Inside the namespaces of another.
local sleeper <close> = ns.spawn({ "uts", "pid", "mount" }, function(parent)
    sys.hostname "sleeper"
    fs.mount { type = "proc", target = "/proc" }
    parent:send "there"
    sys.sleep(60)
end)
sleeper:receive()
-- An error of ns.within names it, and says how a child ended that did not get to the function's end.
local function within(pattern, ...)
    local done, problem = pcall(ns.within, ...)
    assert(not done and tostring(problem):find(pattern), tostring(problem))
    return problem
end
assert(within('^ns.within: pidfd_open "4000000": no such process', 4000000, { "uts" }, print).hint:find "has ended")
within("ns.within: a function cannot be passed on", sleeper, { "uts" }, function() return print end)
within("ended before the function did, with status 3", sleeper, { "uts" }, function() os.exit(3) end)
within("ended before the function did, by signal 9", sleeper, { "uts" }, function() proc.kill(proc.self(), "KILL") end)
local name, number = ns.within(sleeper, { "uts" }, function() return sys.hostname(), 7 end)
assert(name == "sleeper" and number == 7)
assert(ns.within(sleeper, { "pid", "mount" }, function() return #proc.list() end) >= 2)
ok, err = pcall(ns.within, sleeper, { "uts" }, function() error "inside" end)
assert(not ok and tostring(err):find "inside")
ok, err = pcall(sleeper.wait, sleeper, { timeout = "20ms" })
assert(not ok and err.code == "ETIMEDOUT")
sleeper:signal "KILL"
assert(sleeper:wait().signal == "KILL")
-- User namespaces: who one is, inside and outside.
local map = ns.spawn({ "net", users = "root" }, function(parent)
    parent:send { sys.uid(), sys.gid(), fs.read "/proc/self/uid_map" }
end):receive()
assert(map[1] == 0 and map[2] == 0 and map[3]:match "^%s+0%s+%d+%s+1\n$")
map = ns.spawn({ users = { { inside = 0, outside = 100000, count = 1000 } } }, function(parent)
    parent:send { sys.uid(), fs.read "/proc/self/uid_map", fs.read "/proc/self/status" }
end):receive()
assert(map[1] == 0 and map[2]:match "0%s+100000%s+1000" and map[3]:match "Groups:%s*[^%d]")
ok, err = pcall(ns.spawn, { users = { { inside = 0, outside = -1, count = 1 } } }, function() end)
assert(not ok and tostring(err):find "32 bits")
-- Programs.
assert(proc.run { "true" }.code == 0 and proc.run { "false", check = false }.code == 1)
ok, err = pcall(proc.run, { "false" })
assert(not ok and tostring(err):find "status 1")
ok, err = pcall(proc.run, { "nosuchprogram" })
assert(not ok and err.code == "ENOENT" and err.subject == "nosuchprogram")
assert(proc.capture { "cat", input = "a\0b" } == "a\0b")
assert(proc.capture { "env", clear_env = true, env = { A = "1" } } == "A=1\n")
assert(proc.capture { "pwd", cwd = "/usr" } == "/usr\n")
assert(proc.capture { "id", "-u", user = "12:34" } == "12\n" and proc.capture { "id", "-G", user = "12:34" } == "34\n")
for _, user in ipairs { "4294967295", "-1", "0x0", "1:2:3", "", "nosuchuser", " 0" } do
    assert(not pcall(proc.run, { "true", user = user }), user)
end
-- No descriptor beyond 2 reaches a program.
local listing = proc.capture { "ls", "/proc/self/fd" }
assert(listing == "0\n1\n2\n3\n", listing) -- 3 is the directory that ls reads
local started = proc.spawn { "sleep", 60 }
assert(started:running())
started:release()
assert(not started:running())
-- What PID 1 of a pid namespace made is not released by a child that is PID 1 of its own.
proc.fork(function()
    ns.unshare { "mount", "pid" }
    local place = fs.tmpfs "/mnt"
    ns.spawn({ "pid" }, function() end):wait()
    local found = false
    for _, mount in ipairs(fs.mounts()) do found = found or mount.id == place.id end
    assert(found, "the child has released its parent's mount")
end):wait()
-- The interpreter itself moves in; the original waits outside and takes over the status.
ns.unshare { "pid", "mount", "uts" }
fs.mount { type = "proc", target = "/proc" }
assert(proc.self() == 1 and #proc.list() == 1)
os.exit(0)

-- Why a program cannot be run: what it names is missing, not itself.
fs.tmpfs "/mnt"
fs.write("/mnt/script", "#!/no/such/interpreter\n", { mode = "0755" })
ok, err = pcall(proc.run, { "/mnt/script" })
assert(not ok and err.code == "ENOENT" and err.hint:find "interpreter")
-- In a container it is told before anything is given up; a script without a first line is for the shell.
fs.mkdir "/mnt/bin"
fs.copy("/bin/busybox", "/mnt/bin/sh")
fs.write("/mnt/plain", "exit 7", { mode = "0755" })
fs.write("/mnt/data", "x")
child = ns.spawn({ "mount" }, function(parent)
    fs.bind("/mnt", "/mnt")
    fs.pivot "/mnt"
    local codes = {}
    for _, path in ipairs { "/script", "/nothing", "/data", "/bin", "nothing" } do
        codes[#codes + 1] = select(2, pcall(proc.exec, { path, no_new_privileges = true, capabilities = {} })).code
    end
    parent:send(codes)
    proc.exec { "plain", env = { PATH = "/none:/bin:/" } }
end)
assert(table.concat(child:receive(), " ") == "ENOENT ENOENT EACCES EACCES ENOENT")
assert(child:wait().code == 7)

-- Who is killed when this process ends cannot be kept; who is not, can.
local mortal <close> = proc.spawn { "sleep", "60" }
local kept, refusal = pcall(mortal.keep, mortal)
assert(not kept and tostring(refusal):find "killed when this process ends" and refusal.hint:find "die_with_parent")
local lasting = proc.spawn { "sleep", "60", die_with_parent = false }
assert(lasting:keep() == lasting)
proc.kill(lasting, "KILL")
assert(lasting:wait().signal == "KILL")

-- A handle of who has ended stands for nobody, whoever has the number by then.
for _, use in ipairs { proc.kill, function(process) ns.enter(process, { "net" }) end, ns.list, fs.mounts } do
    local used, problem = pcall(use, lasting)
    assert(not used and problem.code == "ESRCH" and problem.detail == "it has ended", tostring(problem))
end

-- Whoever waits takes in what is sent meanwhile, however much it is.
local talker = proc.fork(function(parent)
    for turn = 1, 300 do parent:send(turn) end
    parent:send(("x"):rep(300000))
end)
assert(talker:wait { timeout = "20s" }.code == 0)
for turn = 1, 300 do assert(talker:receive() == turn) end
assert(#talker:receive() == 300000)
assert(select(2, pcall(talker.receive, talker)).code == "EPIPE")

do
    -- Also where a terminal is read meanwhile; and what a copy of this process asks for is not there twice.
    local terminal <close> = term.open()
    local other = proc.fork(function(parent) for _ = 1, 500 do parent:send(("y"):rep(1000)) end end)
    assert(other:wait { timeout = "20s", terminal = terminal }.code == 0 and #other:receive() == 1000)
    local copy = proc.fork(function() assert(select(2, pcall(other.receive, other)).code == "EPIPE") end)
    assert(copy:wait().code == 0 and #other:receive() == 1000)
    -- What was sent is there also where the other side left something unread.
    local hasty = proc.fork(function(parent) parent:send(1) parent:send(2) end)
    hasty:send "unread"
    sys.sleep "200ms"
    assert(hasty:receive() == 1 and hasty:receive() == 2)
end

-- Who is left alone is told so.
local orphan = proc.fork(function()
    local inner = ns.spawn({ die_with_parent = false }, function(parent)
        local _, ended = pcall(parent.receive, parent)
        fs.write("/mnt/orphan", ended.code)
    end)
    inner:keep()
end)
orphan:wait()
for _ = 1, 200 do
    if fs.exists "/mnt/orphan" then break end
    sys.sleep "20ms"
end
assert(fs.read "/mnt/orphan" == "EPIPE")

-- An error that is no text arrives with what it holds, or in its own words.
local function raised(value)
    local _, problem = pcall(function() proc.fork(function() error(value) end):wait() end)
    return problem
end
assert(raised({ code = 5 }).code == 5 and tostring(raised({ code = 5 })) == "an error without words")
assert(tostring(raised(setmetatable({}, { __tostring = function() return "its own words" end }))) == "its own words")

-- One file for both.
proc.spawn({ "sh", "-c", "echo out; echo err >&2; echo more", stdout = "/mnt/both", stderr = "/mnt/both" }):wait()
assert(fs.read "/mnt/both" == "out\nerr\nmore\n")
