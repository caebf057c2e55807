-- What a program started by tupper gets from it and from its caller, and what it does not.
ns.unshare { "mount", "pid" }
fs.mount { type = "proc", target = "/proc" }
fs.tmpfs "/mnt"
local tupper = "/mnt/tupper"
fs.copy("/proc/self/exe", tupper, { follow = true })
local function nested(script, shell)
    fs.write("/mnt/script.lua", script)
    return proc.capture { "perl", "-e", shell or "exec @ARGV", tupper, "script", "/mnt/script.lua" }
end

-- Descriptors that the caller forgot to close reach no program, whichever way it is started, nor one in a container.
local leak = "use Fcntl; open(A, '</etc/passwd'); open(B, '</'); for (*A, *B) { fcntl($_, F_SETFD, 0) } exec @ARGV"
local look = [["ls", "/proc/self/fd"]]
for _, script in ipairs {
    "io.write((proc.capture { " .. look .. " }))", "proc.run { " .. look .. " }", "proc.spawn { " .. look .. " }:wait()",
    "proc.exec { " .. look .. " }",
    [[ns.spawn({ "pid", "mount" }, function() fs.mount { type = "proc",
        target = "/proc" } proc.exec { ]] .. look .. " } end):wait()",
} do
    -- 3 is the directory that ls reads.
    local found = nested(script, leak)
    assert(found == "0\n1\n2\n3\n", script .. ": " .. found)
end

-- Signals that the caller ignores or blocks are as usual in a program; tupper itself heeds what is blocked only.
local deaf = [[use POSIX; $SIG{CHLD} = $SIG{INT} = $SIG{USR1} = "IGNORE";
    sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM, SIGINT, SIGUSR2, SIGCHLD)); exec @ARGV]]
local status = nested([[proc.run { "cat", "/proc/self/status" }]], deaf)
for _, field in ipairs { "SigBlk", "SigIgn" } do assert(status:find(field .. ":%s*0+\n"), status) end
assert(nested([[print(proc.fork(function() end):wait().code, proc.run { "false", check = false }.code)]], deaf) == "0\t1\n")
local sleeper = proc.spawn { "perl", "-e", deaf, tupper, "script", "-", stdin = "/mnt/script.lua" }
fs.write("/mnt/script.lua", "sys.sleep(60)")
sleeper:release()
fs.write("/mnt/script.lua", [[proc.spawn { "touch", "/mnt/begun" }:wait() sys.sleep(60)]])
sleeper = proc.spawn { "perl", "-e", deaf, tupper, "script", "/mnt/script.lua" }
while not fs.exists "/mnt/begun" do sys.sleep "5ms" end
sleeper:signal "TERM"
assert(sleeper:wait { timeout = "10s" }.code == 143)

-- A killed parent takes along what it has started, in a container or not.
fs.write("/mnt/script.lua", [[
    local one = ns.spawn({ "pid" }, function() proc.exec { "sleep", "1234" } end)
    local two = proc.spawn { "sleep", "1234" }
    local three = proc.fork(function() sys.sleep(1234) end)
    io.open("/mnt/started", "w"):close()
    sys.sleep(60)]])
local parent = proc.spawn { tupper, "script", "/mnt/script.lua" }
while not fs.exists "/mnt/started" do sys.sleep "5ms" end
local function is_alone_after(process)
    assert(process:wait().signal == "KILL")
    for try = 1, 400 do
        local left = {}
        for _, other in ipairs(proc.list()) do
            if other.state ~= "Z" and other.pid ~= proc.self() then left[#left + 1] = other.name end
        end
        if #left == 0 then break end
        assert(try < 400, table.concat(left, " "))
        sys.sleep "10ms"
    end
end
parent:signal "KILL"
is_alone_after(parent)
-- Those that had no time yet to wish for that go too, while others hold what the two shared.
for round = 1, 40 do
    is_alone_after(proc.fork(function()
        for number = 1, round % 4 + 1 do
            local users = number == 3 and "root" or nil
            ns.spawn({ number % 2 == 0 and "pid" or "uts", users = users }, function() sys.sleep(1234) end)
        end
        proc.kill(proc.self(), "KILL")
    end))
end

-- A program that could not be run leaves this process as it was: a signal still lets it release what it holds.
fs.write("/mnt/script.lua", [[
    fs.tmpfs("/mnt/held", { mkdir = true })
    pcall(proc.exec, { "/mnt/absent" })
    io.open("/mnt/ready", "w"):close()
    sys.sleep(60)]])
parent = proc.spawn { tupper, "script", "/mnt/script.lua" }
while not fs.exists "/mnt/ready" do sys.sleep "5ms" end
parent:signal "TERM"
assert(parent:wait { timeout = "10s" }.code == 143)
for _, mount in ipairs(fs.mounts()) do assert(mount.target ~= "/mnt/held") end
os.exit(0)
