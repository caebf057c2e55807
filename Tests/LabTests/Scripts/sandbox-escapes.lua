-- What a program in a box has tried to get out by, to be joined before it is shut in, or to stay behind.
local sandbox = require "sandbox"

fs.tmpfs("/mnt", { mode = "0755" })
local root = "/mnt/root"
for _, path in ipairs { "bin", "etc", "tmp" } do fs.mkdir(root .. "/" .. path) end
fs.copy("/bin/busybox", root .. "/bin/busybox")
for _, name in ipairs { "sh", "grep", "sleep", "truncate", "yes", "head", "mkdir", "cat", "mount", "rm" } do
    fs.symlink("busybox", root .. "/bin/" .. name)
end
local tupper = fs.stat "/proc/self/exe".target
local version_1 = fs.exists "/sys/fs/cgroup/freezer"
local inside = "unshare --user --map-root-user --cgroup --mount sh -ec "
local function quoted(text) return "'" .. text:gsub("'", [['\'']]) .. "'" end

-- Who joins it at once is as tight as who joins later.
for _, init in ipairs { false, true } do
    for _ = 1, 10 do
        local box <close> = sandbox { root = root, command = { "sleep", "100" }, init = init }
        local text = proc.capture { "grep", "-E", "^(CapEff|NoNewPrivs|Seccomp):", "/proc/self/status", within = box.process }
        assert(text == "CapEff:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n", text)
    end
end
-- What keeps a program from running is raised by whoever starts it, and nothing stays.
for _, init in ipairs { false, true } do
    for _ = 1, 20 do
        local started, problem = pcall(sandbox.start, { root = root, command = { "nothing" }, init = init })
        assert(not started and problem.code == "ENOENT", tostring(problem))
        started, problem = pcall(sandbox.start, { root = root, command = { "true" }, init = init,
            setup = function() error "in vain" end })
        assert(not started and tostring(problem):find "in vain", tostring(problem))
    end
end
-- One that may not be looked at runs all the same; nor does a helper of its own keep it from being told of.
fs.write("/mnt/blind.lua", ([[
    local box <close> = require "sandbox" { root = "%s", command = { "sleep", "5" }, user = "65534" }
    assert(box:running())
]]):format(root))
proc.run { "setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", tupper, "script", "/mnt/blind.lua" }
do
    local start = sys.time()
    local box <close> = sandbox { root = root, command = { "sleep", "9" },
        setup = function() proc.fork(function() sys.sleep(3) end) end }
    assert(box:running() and sys.time() - start < 2)
    local refused, problem = pcall(box.wait, box, { timeot = "100ms" })
    assert(not refused and tostring(problem):find "'timeout'", tostring(problem))
end

-- Without a filter, version 1's hierarchies show nothing of the machine's, whichever it mounts.
if version_1 then
    local victim = "/sys/fs/cgroup/freezer/victim-" .. proc.self()
    fs.mkdir(victim)
    local result = sandbox.run { root = "/", seccomp = false, mounts = { { tmpfs = "1M", target = "/tmp" } },
        command = { "sh", "-c", inside .. quoted("mount -t cgroup -o freezer none /tmp; ! ls -d /tmp/*/") } }
    fs.remove(victim)
    assert(result.code == 0, "the machine's groups show")

    -- Nor does it stay by stopping itself, wherever that is.
    for _, place in ipairs {
        "mkdir kid; cd kid", [[kid="$(printf '\377')"; mkdir "$kid"; cd "$kid"]], "for i in $(seq 70); do mkdir k; cd k; done",
    } do
        local line = "mount -t cgroup -o freezer none /tmp; cd /tmp; " .. place .. [[

            sleep 60 & echo $! >cgroup.procs; echo FROZEN >freezer.state; touch /mnt/frozen; sleep 60]]
        local box = sandbox { root = "/", seccomp = false, command = { "sh", "-c", inside .. quoted(line) },
            mounts = { { tmpfs = "1M", target = "/tmp" } } }
        while not fs.exists "/mnt/frozen" do sys.sleep "10ms" end
        fs.remove "/mnt/frozen"
        local path, start = box.outer_group.path, sys.time()
        box:release()
        assert(sys.time() - start < 5 and not fs.exists(path), place)
    end
end

-- A group below it may have no readable name, hold threads only, or lie deep: all go.
if fs.exists "/sys/fs/cgroup/unified" then
    for _, line in ipairs {
        "mkdir /tmp/kid; echo threaded >/tmp/kid/cgroup.type", [[mkdir "$(printf '/tmp/\377\376')"]],
        [[perl -e 'chdir "/tmp"; my $n = "x" x 200; for (1..30) { mkdir $n and chdir $n or die $!; }']],
        [[perl -e 'chdir "/tmp"; for (1..1100) { mkdir "k" and chdir "k" or die $!; }']],
    } do
        local box = sandbox { root = "/", seccomp = false, mounts = { { tmpfs = "1M", target = "/tmp" } },
            command = { "sh", "-c", inside .. quoted("mount -t cgroup2 none /tmp; " .. line) } }
        local path = box.outer_group.path
        local result = box:wait()
        assert(result.code == 0, line)
        assert(not fs.exists(path), line)
    end
end

-- Who may mount can lift no limit either.
local capabilities = { "SYS_ADMIN", table.unpack(cap.default) }
local attack = (version_1 and "mount -t cgroup -o pids none /tmp" or "mount -t cgroup2 none /tmp")
    .. "; echo max >/tmp/pids.max || exit 9; for i in $(seq 20); do sleep 5 & done"
assert(sandbox.run { root = "/", pids = 8, capabilities = capabilities, mounts = { { tmpfs = "1M", target = "/tmp" } },
    command = { "sh", "-c", attack } }.code == 2)

-- What it is asked to print takes no memory of ours that it did not write.
do
    local box <close> = sandbox { root = root, command = { "sleep", "100" } }
    -- A pipe has no length that could be set.
    local _, ending = box:capture { "sh", "-c", "truncate -s 8G /proc/self/fd/1 2>/dev/null", check = false }
    assert(ending.code == 1)
    for _, line in ipairs { "yes", "yes & wait", "yes & sleep 100" } do
        local printed, refusal = pcall(box.capture, box, { "sh", "-c", line, limit = "8M" })
        assert(not printed and refusal.code == "EFBIG", tostring(refusal))
    end
end

-- A terminal that nobody reads keeps nobody from ending.
do
    local terminal <close> = term.open()
    local box <close> = sandbox { root = root, terminal = terminal, command = { "sh", "-c", "yes | head -c 100000" } }
    assert(box:wait { timeout = "20s" }.code == 0)
end

-- The first process of a pid namespace may reap nobody: what it was left would keep others waiting.
fs.write("/mnt/joins.lua", ([[
    local box = require "sandbox".start { root = "%s", command = { "sleep", "99" } }
    for _ = 1, 10 do assert(not pcall(box.run, box, { "nope" })) end
    box:release()
]]):format(root))
assert(proc.run { "timeout", "60", "unshare", "--pid", "--fork", "--mount-proc", tupper, "script", "/mnt/joins.lua",
    check = false }.code == 0)

-- How the caller fares is not how its boxes do.
fs.write("/mnt/fares.lua", ([[
    local box <close> = require "sandbox" { root = "%s", command = { "sleep", "99" } }
    local joined <close> = box:spawn { "sleep", "99" }
    local other <close> = proc.spawn { "sleep", "99", within = box.process }
    for _, pid in ipairs { box.pid, joined.pid, other.pid } do
        assert(proc.capture { "chrt", "-p", tostring(pid) }:find "SCHED_OTHER")
        assert(not proc.capture { "ionice", "-p", tostring(pid) }:find "realtime")
        assert(fs.read("/proc/" .. pid .. "/personality") == "00000000\n")
    end
]]):format(root))
proc.run { "setarch", "-R", "chrt", "-r", "3", "ionice", "-c", "1", tupper, "script", "/mnt/fares.lua" }

-- Options that would do nothing are refused.
for pattern, options in pairs {
    ["mounts"] = { mounts = { source = "/etc", target = "/x" } }, ["'io'"] = { io = { ["/dev/vda"] = {} } },
    ["more than 0"] = { shm = 0 },
} do
    options.root, options.command = root, { "true" }
    local done, refusal = pcall(sandbox.run, options)
    assert(not done and tostring(refusal):find(pattern), pattern .. ": " .. tostring(refusal))
end

-- With a map of its own, what /proc has of it is its own too.
fs.chown(root, "100000:100000")
fs.write("/mnt/mapped.lua", ([[
    local map = { { inside = 0, outside = 100000, count = 65536 } }
    local function score(options)
        options.root, options.users = "%s", map
        options.command = { "sh", "-c", "exit $(cat /proc/self/oom_score_adj)" }
        return require "sandbox".run(options).code
    end
    assert(score {} == 0 and score { oom_score = 200 } == 200)
    assert(score { time_offsets = { boottime = 100 } } == 0)
]]):format(root))
-- Also where the caller's own is another.
proc.run { "sh", "-ec", "echo 100 >/proc/self/oom_score_adj; exec " .. tupper .. " script /mnt/mapped.lua" }

-- Two in pid namespaces of their own have the same pid, and the same name for their boxes.
local first <close> = cgroup.create(("sandbox-%d-%d"):format(proc.self(), sandbox.count + 1), { pids = 8 })
local second <close> = sandbox { root = root, command = { "sleep", "100" } }
assert(second.group.name ~= first.name)
