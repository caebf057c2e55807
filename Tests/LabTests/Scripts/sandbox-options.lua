-- What the options of a sandbox do, seen from inside, and what may join it.
local sandbox = require "sandbox"

fs.tmpfs("/mnt", { mode = "0755" })
local root = "/mnt/root"
for _, path in ipairs { "bin", "etc", "tmp" } do fs.mkdir(root .. "/" .. path) end
fs.copy("/bin/busybox", root .. "/bin/busybox")
for _, name in ipairs { "sh", "cat", "ls", "id", "grep", "sleep", "stat", "touch", "tty", "readlink", "nproc", "wc",
    "head", "echo", "ps", "env", "kill" } do
    fs.symlink("busybox", root .. "/bin/" .. name)
end
fs.write(root .. "/etc/passwd", "root:x:0:0::/root:/bin/sh\nbuilder:x:1000:100::/tmp:/bin/sh\n")
fs.write(root .. "/etc/group", "root:x:0:\nusers:x:100:\n")

local function equals(text, wanted)
    if text ~= wanted then error(("%q wanted, got %q"):format(wanted, text), 2) end
end
local function inside(line, options)
    options = options or {}
    options.root, options.command = root, { "sleep", "100" }
    local box <close> = sandbox(options)
    return (box:capture { "sh", "-c", "exec 2>&1; " .. line, check = false })
end
-- As the first program sees it, rather than one that joins.
local function first(line, options)
    options = options or {}
    fs.write("/mnt/report", "", { mode = "0666" })
    options.root, options.command = root, { "sh", "-c", "exec >/report 2>&1; " .. line }
    options.mounts = options.mounts or {}
    table.insert(options.mounts, { source = "/mnt/report", target = "/report" })
    return fs.read "/mnt/report", sandbox.run(options), fs.read "/mnt/report"
end
local function said(line, options) return (select(3, first(line, options))) end

-- Both that start a sandbox and that join it are as tight.
local status = "grep -E '^(Cap|NoNewPrivs|Seccomp:|Umask)' /proc/self/status; grep core /proc/self/limits"
equals(said(status), inside(status))
assert(said(status):find "Seccomp:\t2" and said(status):find "CapEff:\t00000000a80425fb")
-- A program of the caller's own choice is too, without being told what holds there: the filter is read from the process.
do
    local box <close> = sandbox { root = root, command = { "sleep", "100" }, limits = { open_files = 50 } }
    box:ready()
    local text = proc.capture { "sh", "-c", status .. "; ulimit -n; ulimit -Hn", within = box.process }
    assert(text:find "Seccomp:\t2" and text:find "NoNewPrivs:\t1" and text:find "CapBnd:\t00000000a80425fb", text)
    assert(text:find "\n50\n50\n$", text)
    -- What the filter refuses is refused to it as well: unshare(2) is.
    local code = [[exec 2>&1; unshare -U true || echo refused]]
    fs.symlink("busybox", root .. "/bin/unshare")
    assert(proc.capture { "sh", "-c", code, within = box.process }:find "refused")
end

-- Also right after the start, when the stage may be about to lay the filter on itself.
for _ = 1, 60 do
    local box <close> = sandbox { root = root, command = { "sleep", "100" } }
    box:ready()
    equals(proc.capture { "grep", "Seccomp:", "/proc/self/status", within = box.process }, "Seccomp:\t2\n")
end

-- No limit and no rules for devices where they are not wanted; either is as ever without the other.
do
    fs.symlink("busybox", root .. "/bin/mknod")
    -- Anybody may open tun(4) whose group may: nothing else is asked.
    local line = "mknod /tmp/tun c 10 200; true <>/tmp/tun && echo opened; rm /tmp/tun"
    fs.symlink("busybox", root .. "/bin/rm")
    assert(inside(line):find "Operation not permitted")
    assert(inside(line, { pids = false }):find "Operation not permitted")
    equals(inside(line, { devices = false }), "opened\n")
    equals(inside(line, { devices = false, pids = false }), "opened\n")
    local box <close> = sandbox { root = root, command = { "sleep", "100" }, devices = false, pids = false }
    local stats = box:stats()
    assert(not stats.pids or not stats.pids.max, "limited")
    local refused, problem = pcall(sandbox, { root = root, command = { "true" }, pids = true })
    assert(not refused and tostring(problem):find "'pids'", tostring(problem))
end

-- Who has no filter can make a cgroup namespace, and mount there what shows the group that it is in: the limits hold.
do
    local version_1 = fs.exists "/sys/fs/cgroup/pids"
    local attack = ([[
        unshare --user --map-root-user --cgroup --mount sh -ec 'mount -t %s none /tmp; echo max >/tmp/pids.max' || exit 9
        for i in $(seq 40); do sleep 5 & done]]):format(version_1 and "cgroup -o pids" or "cgroup2")
    for _, profile in ipairs { false, { defaultAction = "SCMP_ACT_ALLOW" } } do
        local result = sandbox.run { root = "/", seccomp = profile, pids = 16, command = { "sh", "-c", attack },
            mounts = { { tmpfs = "1M", target = "/tmp" } } }
        -- The shell ends with 2 where it cannot fork.
        assert(result.code == 2, result.code or result.signal)
    end
    local box <close> = sandbox { root = root, seccomp = false, command = { "sleep", "100" }, memory = "64M" }
    assert(box:stats().memory.limit == 64 << 20)
end

-- No terminal, no session and no process group of the caller's.
do
    local text = said "tty; read -r pid rest </proc/self/stat; echo $rest"
    local group, session = text:match "%(sh%) %u %d+ (%d+) (%d+) 0 "
    assert(group == "1" and session == "1", text)
    -- kill -9 0 would else end this script: the first process of a pid namespace is not ended by its own.
    equals(said("kill -9 0; echo alive"), "alive\n")
    local _, result = first("kill -9 0; echo alive", { init = true })
    assert(result.signal == "KILL")
end

-- The small first process has nothing to give.
do
    local text = said("cat /proc/1/status; ls -l /proc/1/exe /proc/1/fd", { init = true })
    assert(text:find "CapEff:\t0000000000000020\n" and text:find "CapPrm:\t0000000000000020\n", text)
    assert(text:find "NoNewPrivs:\t1\n" and text:find "Seccomp:\t2\n", text)
    assert(text:find "/proc/1/exe: [%w ]+: Permission denied" and text:find "/proc/1/fd/0: [%w ]+: Permission denied", text)
    -- It passes signals on, also to somebody else.
    local box <close> = sandbox { root = root, init = true, user = "builder", command = { "sh", "-c",
        "trap 'exit 7' TERM; while :; do sleep 0.1; done" } }
    sys.sleep "200ms"
    box:signal "TERM"
    assert(box:wait { timeout = "10s" }.code == 7)
end

-- seccomp = false, and options that are passed on.
assert(said("grep Seccomp: /proc/self/status", { seccomp = false }) == "Seccomp:\t0\n")
local line = "umask; read a b c d e f g h i j k l m n o p q r s t </proc/self/stat; echo $s; cat /proc/self/oom_score_adj"
equals(said(line, { umask = "0077", nice = 7, oom_score = 300 }), "0077\n7\n300\n")
equals(said("cat /proc/sys/net/ipv4/ip_forward", { sysctls = { ["net.ipv4.ip_forward"] = 1 } }), "1\n")
assert(not pcall(sandbox.run, { root = root, command = { "true" }, network = "host",
    sysctls = { ["net.ipv4.ip_forward"] = 1 } }), "a parameter of the machine was set")
assert(tonumber(said("cat /proc/uptime", { time_offsets = { boottime = "1000h" } }):match "%d+") > 3600000)
assert(said("echo x >/tmp/x; echo x >/etc/x",
    { landlock = { read = { "/" }, write = { "/tmp", "/report" } } }):find "/etc/x: Permission denied")
equals(said("grep CapAmb /proc/self/status", { user = "1000:1000", capabilities = { "NET_RAW" }, ambient = { "NET_RAW" } }),
    "CapAmb:\t0000000000002000\n")

-- What the caller was given stays behind: its processors, its score, its keys.
proc.fork(function()
    proc.affinity { 0 }
    proc.oom_score(200)
    local all = #proc.affinity "all"
    proc.affinity { 0 }
    equals(said "nproc; cat /proc/self/oom_score_adj", all .. "\n0\n")
    equals(said("nproc", { affinity = { 0 } }), "1\n")
    -- Nor is it left to programs that join, which fare as the first one does, unless said otherwise.
    local fares = "nproc; cat /proc/self/oom_score_adj"
    equals(inside(fares), all .. "\n0\n")
    equals(inside(fares, { oom_score = 300, affinity = { 0 } }), "1\n300\n")
    local box <close> = sandbox { root = root, command = { "sleep", "100" }, oom_score = 300 }
    equals(box:capture { "cat", "/proc/self/oom_score_adj", oom_score = 400 }, "400\n")
    box:ready()
    equals(proc.capture { "cat", "/proc/self/oom_score_adj", within = box.process }, "300\n")
end):wait()
do
    local _, result = first("exit 0")
    assert(result.code == 0)
    local keys = fs.read "/proc/keys"
    proc.fork(function()
        proc.session_keyring()
        local own = fs.read "/proc/keys"
        assert(own ~= keys)
    end):wait()
end

-- A root that refuses writing gets its places all the same, for files too; what was there stays as it is.
do
    fs.write("/mnt/name", "from outside")
    fs.write(root .. "/etc/there", "of the image")
    local text = said("cat /etc/deep/er/name; cat /etc/there; echo x >/etc/deep/er/name; echo x >/etc/y",
        { readonly = true, mounts = { { source = "/mnt/name", target = "/etc/deep/er/name", readonly = true },
            { source = "/mnt/name", target = "/etc/there" } } })
    assert(text:find "^from outsidefrom outsidesh: [^\n]+Read%-only file system\nsh: [^\n]+Read%-only file system\n$", text)
    assert(fs.read(root .. "/etc/there") == "of the image")
end

-- Other users than the machine's: the image's files are theirs, and so is what they make.
do
    local users = { { inside = 0, outside = 100000, count = 65536 } }
    equals(said("id -u; stat -c %u /bin/busybox; touch /etc/made; stat -c %u /etc/made; head -c 30 /proc/self/uid_map",
        { users = users, mounts = {} }), "0\n0\n0\n         0     100000      655")
    assert(fs.stat(root .. "/etc/made").uid == 0)
end

-- The machine's own network where that is asked for: its links are seen.
ns.spawn({ "net" }, function()
    net.link "lo":up()
    net.bridge("seen0")
    assert(said("cat /proc/net/dev", { network = "host" }):find "seen0")
    assert(not said("cat /proc/net/dev"):find "seen0")
end):wait()

-- With users of its own as well it may mount no /sys: what its root has of the machine's cannot be changed, nor read where
-- it is masked. A group of its own is among it, which limits it.
do
    local users = "root"
    local box <close> = sandbox { root = "/", users = users, network = "host", command = { "sleep", "100" } }
    local text = box:capture { "sh", "-c", [[exec 2>&1; find /sys -maxdepth 6 -name cgroup.procs | head -1 | grep -c .
        for file in $(find /sys -maxdepth 6 -name cgroup.procs); do echo $$ >$file && echo moved; done; ls /sys/firmware]],
        check = false }
    assert(text:find "^1\n" and text:find "Read%-only file system" and not text:find "moved" and not text:find "acpi", text)
end

-- A terminal of its own, which is its console too.
do
    local terminal = term.open { rows = 30, columns = 90 }
    local box <close> = sandbox { root = root, terminal = terminal, command = { "sh", "-c",
        "tty; stat -c %F /dev/console; echo said >/dev/console; readlink /proc/self/fd/0; exit 3" } }
    local text = ""
    repeat
        local ok, more = pcall(terminal.read, terminal, { timeout = "10s" })
        text = text .. (ok and more or "")
    until not ok or not more
    assert(text:find "/dev/pts/0\r\ncharacter special file\r\nsaid\r\n/dev/pts/0\r\n", text)
    assert(box:wait().code == 3)
end

-- The machine's own root, which refuses writing.
do
    local box <close> = sandbox { root = "/", readonly = true, command = { "sleep", "100" } }
    local text = box:capture { "sh", "-c", "exec 2>&1; capsh --print; touch /etc/x", check = false }
    assert(text:find "Current: cap_chown,cap_dac_override,[%w_,]+=ep\n", text)
    assert(text:find "no%-new%-privs=1" and text:find "touch: [^\n]+Read%-only file system", text)
    assert(not text:find "Current:[^\n]*sys_admin" and not text:find "Bounding set =[^\n]*sys_admin")
end
-- On the machine's own root nothing is made.
for _, readonly in ipairs { true, false } do
    local made, problem = pcall(sandbox.run, { root = "/", readonly = readonly, command = { "true" },
        mounts = { { source = "/etc", target = "/no-such-place" } } })
    assert(not made and tostring(problem):find "is missing" and not fs.exists "/no-such-place", tostring(problem))
    assert(sandbox.run { root = "/", readonly = readonly, command = { "test", "-e", "/tmp/deep/passwd" },
        mounts = { { tmpfs = "1M", target = "/tmp" }, { source = "/etc", target = "/tmp/deep" } } }.code == 0)
    assert(not fs.exists "/tmp/deep")
    for _, mounts in ipairs {
        { { tmpfs = "1M", target = "/dev/of-its-own" } }, { { source = "/etc/passwd", target = "/dev/shm/file" } },
        { { tmpfs = "1M", target = "/tmp/" }, { source = "/etc", target = "/tmp/deep" } },
    } do
        assert(sandbox.run { root = "/", readonly = readonly, command = { "true" }, mounts = mounts }.code == 0)
    end
end

-- A box is a process wherever one is wanted.
do
    local box <close> = sandbox { root = root, command = { "sleep", "100" } }
    assert(ns.list(box).net ~= ns.list().net and ns.id("net", box) == ns.list(box.process).net)
    equals(proc.capture { "readlink", "/proc/self/ns/net", within = box }, ("net:[%d]\n"):format(ns.list(box).net))
    equals(#ns.within(box, { "net" }, function() return net.links() end), 1)
    assert(#fs.mounts(box) > 5 and cap.get(box))
    -- What only looks like one is none: no metatable is asked.
    local refused, problem = pcall(ns.list, setmetatable({}, { __index = { process = box.process } }))
    assert(not refused and tostring(problem):find "pid or a handle", tostring(problem))
    assert(not pcall(ns.list, { process = 1 }))
    box:release()
    refused, problem = pcall(ns.list, box)
    assert(not refused and tostring(problem):find "it has ended", tostring(problem))
end

-- What a program is told that it is called: busybox chooses by that what it is.
do
    assert(sandbox.run { root = root, command = { "/bin/busybox", "hello" }, argv0 = "echo", stdout = "/mnt/told" }.code == 0)
    equals(fs.read "/mnt/told", "hello\n")
    local box <close> = sandbox { root = root, command = { "/bin/busybox", "100" }, argv0 = "sleep" }
    equals(box:capture { "busybox", "again", argv0 = "echo" }, "again\n")
    equals(proc.capture { "/bin/busybox", "here", argv0 = "echo" }, "here\n")
    equals(proc.capture { "busybox", "named", argv0 = "/any/echo" }, "named\n")
end
