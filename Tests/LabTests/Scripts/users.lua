-- User namespaces: who is who, as root and as an ordinary user, with every combination of other kinds.
local program = fs.stat "/proc/self/exe".target
local function refused(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "not refused")
    return err
end
-- As root: ranges, whom they make, and no supplementary group left.
local ranges = { { inside = 0, outside = 100000, count = 1000 }, { inside = 5000, outside = 300000, count = 1 } }
local function status(name) return fs.read "/proc/self/status":match(name .. ":[ \t]*([^\n]*)") end
local told = ns.spawn({ users = ranges }, function(parent)
    parent:send { fs.read "/proc/self/uid_map", fs.read "/proc/self/gid_map", fs.read "/proc/self/setgroups",
        status "Groups", sys.uid(), proc.capture { "id", "-u", user = "5000:7" },
        refused(proc.run, { "true", user = "2000" }).hint }
end):receive()
assert(told[1]:match "0%s+100000%s+1000\n%s+5000%s+300000%s+1\n" and told[1] == told[2] and told[3] == "allow\n")
assert(told[4] == "" and told[5] == 0 and told[6] == "5000\n" and told[7]:find "no such number")
-- Nobody is root inside where nobody is mapped so.
told = ns.spawn({ users = { { inside = 1000, outside = 0, count = 1 } } },
    function(parent) parent:send(sys.uid()) end):receive()
assert(told == 1000)
-- Every other kind together with it, each owned by it, and entered again from outside.
local all = { "mount", "uts", "ipc", "net", "pid", "cgroup", "time" }
for mask = 0, (1 << #all) - 1, 9 do
    local kinds = { users = "root" }
    for i, kind in ipairs(all) do if mask >> (i - 1) & 1 == 1 then kinds[#kinds + 1] = kind end end
    local box <close> = ns.spawn(kinds, function(parent)
        parent:send { ns.list(), status "CapEff" }
        parent:receive()
    end)
    local own = box:receive()
    local mine = ns.list()
    assert(own[1].user ~= mine.user and own[2] == "000001ffffffffff")
    for _, kind in ipairs(all) do
        local is_wanted = table.concat(kinds, " "):find(kind, 1, true) ~= nil
        assert((own[1][kind] ~= mine[kind]) == is_wanted, kind)
    end
    local joined = { "user", table.unpack(kinds) }
    local seen, uid = ns.within(box, joined, function() return ns.list(), sys.uid() end)
    assert(uid == 0)
    for _, kind in ipairs(joined) do assert(seen[kind] == own[1][kind], kind) end
end
-- A user namespace that one is in already is no obstacle.
assert(ns.within(proc.self(), { "user", "uts" }, function() return true end))
-- Time: the clocks of a namespace of one's own, seen by programs.
local function clock() return tonumber(fs.read "/proc/uptime":match "^%S+") end
local before = clock()
for _, kinds in ipairs { { "time" }, { "pid", "mount" }, { "pid", users = "root" } } do
    kinds.time_offsets = { boottime = "1h", monotonic = -0.5 }
    told = ns.spawn(kinds, function(parent)
        parent:send { proc.capture { "cat", "/proc/uptime" }, ns.id "time", proc.self(), fs.read "/proc/self/timens_offsets" }
    end):receive()
    assert(tonumber(told[1]:match "^%S+") - before > 3599 and tonumber(told[1]:match "^%S+") - before < 3660)
    assert(told[2] ~= ns.id "time" and (#kinds == 1 or told[3] == 1))
    assert(told[4]:match "monotonic%s+%-1%s+500000000" and told[4]:match "boottime%s+3600%s+0")
end
assert(refused(function() ns.spawn({ time_offsets = { boottime = -1e9 } }, function() end):wait() end).code == "ERANGE")
assert(tostring(refused(ns.spawn, { time_offsets = { bootime = 1 } }, print)):find "did you mean 'boottime'")
told = proc.fork(function(parent)
    local outside = clock()
    ns.unshare { time_offsets = { boottime = 100 } }
    parent:send(clock() - outside)
end):receive()
assert(told >= 99 and told < 130)
-- What a machine forbids is said, with what to do about it.
told = ns.spawn({ users = "root" }, function(parent)
    sys.sysctl("user.max_user_namespaces", 0)
    local err = refused(ns.spawn, { users = "root" }, print)
    parent:send { err.code, err.hint }
    sys.sysctl("user.max_net_namespaces", 0)
    err = refused(ns.spawn, { "net" }, print)
    parent:send { err.code, err.hint }
end)
local first, second = told:receive(), told:receive()
assert(first[1] == "ENOSPC" and first[2]:find "user.max_user_namespaces is 0")
assert(second[1] == "ENOSPC" and second[2]:find "user.max_net_namespaces is 0")

-- An ordinary user, in a mount namespace where it has ranges of its own.
ns.unshare { "mount" }
fs.tmpfs("/mnt", { mode = "0755" })
local function lay(path, content)
    local own = "/mnt/" .. path:match "[^/]*$"
    fs.write(own, content, { mode = "0644" })
    fs.bind(own, path)
end
lay("/etc/passwd", fs.read "/etc/passwd" .. "tester:x:4321:4321::/:/bin/sh\nbare:x:4322:4322::/:/bin/sh\n")
if not fs.exists "/etc/subuid" then fs.write("/etc/subuid", "") end
if not fs.exists "/etc/subgid" then fs.write("/etc/subgid", "") end
lay("/etc/subuid", "tester:200000:1000\ntester:400000:10\n")
lay("/etc/subgid", "tester:200000:1000\n4321:400000:10\n")
local function as(user, code, options)
    local words = { program, "script", "-", user = user, groups = { 4 }, input = code, check = false }
    for key, value in pairs(options or {}) do words[key] = value end
    local output, ending = proc.capture(words)
    return output, ending.code
end
local prelude = [[
    local function status(name) return fs.read "/proc/self/status":match(name .. ":[ \t]*([^\n]*)") end
    local function told(kinds, fn) return ns.spawn(kinds, function(parent) parent:send(fn()) end):receive() end
]]
local output = as(4321, prelude .. [[
    print(told({ users = "root" }, function()
        return fs.read "/proc/self/uid_map" .. fs.read "/proc/self/setgroups" .. sys.uid() end))
]])
assert(output:match "^%s+0%s+4321%s+1\ndeny\n0\n$", output)
-- With ranges of /etc/subuid: mapped by newuidmap, groups given up, other users at hand.
output = as(4321, prelude .. [[
    print(told({ "mount", users = "auto" }, function()
        return fs.read "/proc/self/uid_map" .. fs.read "/proc/self/gid_map" .. fs.read "/proc/self/setgroups"
            .. sys.uid() .. status "Groups" .. proc.capture { "id", "-u", user = "1010:1" } end))
]])
assert(output:match "^%s+0%s+4321%s+1\n%s+1%s+200000%s+1000\n%s+1001%s+400000%s+10\n", output)
assert(output:match "allow\n01010\n\n$", output)
output = as(4321, prelude .. [[
    print(told({ users = { { inside = 0, outside = 200005, count = 10 } } },
        function() return fs.read "/proc/self/uid_map" end))
    print(pcall(ns.spawn, { users = { { inside = 0, outside = 200995, count = 10 } } }, print))
    local ok, err = pcall(ns.spawn, { users = { { inside = 0, outside = 0, count = 1 } } }, print)
    print(err.code, err.hint)
    ns.unshare { "mount", "pid", "net", users = "auto" }
    fs.mount { type = "proc", target = "/proc" }
    print(proc.self(), #proc.list(), sys.uid(), #net.links())
]])
assert(output:find "0%s+200005%s+10\n" and output:find 'newuidmap "200995 to 201004"', output)
assert(output:find "EPERM\t/etc/subuid gives this user 200000 to 200999, 400000 to 400009", output)
assert(output:find "1\t1\t0\t1\n", output)
-- Nothing of the host's: not as root inside either.
output = as(4321, prelude .. [[
    print(told({ "mount", "uts", "net", "ipc", "pid", "cgroup", users = "root" }, function()
        fs.tmpfs "/tmp"
        sys.hostname "mine"
        return tostring(pcall(fs.write, "/etc/shadow", "x")) .. tostring(pcall(ns.enter, ]] .. proc.self() .. [[, { "net" }))
    end))
]])
assert(output == "falsefalse\n", output)
-- Without a range, and without the programs, it says what to do.
output = as(4322, [[local ok, err = pcall(ns.spawn, { users = "auto" }, print) print(err.hint)]])
assert(output:find "no range for user bare; try: sudo usermod %-%-add%-subuids", output)
fs.bind("/dev/null", "/usr/bin/newuidmap")
output = as(4321, [[local ok, err = pcall(ns.spawn, { users = "auto" }, print) print(err.code, err.subject)]])
assert(output:find "EACCES\tnewuidmap", output)
output = as(4321, [[local ok, err = pcall(ns.spawn, { users = "auto" }, print) print(err.hint)]],
    { env = { PATH = "/nowhere" } })
assert(output:find "package uidmap", output)
-- Who joins a container cannot be traced, nor looked into, by those inside (CVE-2016-9962): not even where root inside
-- is root outside, and may list what is root's.
for _, map in ipairs { ranges, "root" } do
    local box <close> = ns.spawn({ "pid", "mount", users = map }, function(parent)
        fs.mount { type = "proc", target = "/proc" }
        parent:send "ready"
        proc.exec { "perl", "-e", [[
            $end = time + 8;
            while (time < $end) {
                @others = grep { $_ != $$ } map { m{/proc/(\d+)$} } glob "/proc/[0-9]*";
                for $pid (@others) {
                    $seen = 1;
                    $got .= "fd " if $ARGV[0] && opendir($d, "/proc/$pid/fd");
                    $got .= "link " if readlink("/proc/$pid/exe") || readlink("/proc/$pid/cwd");
                    $got .= "mem " if open($f, "+<", "/proc/$pid/mem");
                    $got .= "trace " if syscall(101, 16, $pid, 0, 0) == 0;
                }
                last if $seen && !@others;
            }
            exit($got ? 9 : $seen ? 7 : 8);
        ]], map == "root" and "" or "1" }
    end)
    box:receive()
    sys.sleep "300ms"
    assert(ns.within(box, { "user", "pid", "mount" }, function()
        sys.sleep "500ms"
        return sys.uid()
    end) == 0)
    assert(box:wait { timeout = "12s" }.code == 7)
end
-- In a pid namespace of one's own with the host's /proc in sight, another process has the number there: nothing of it
-- is read or written.
for _, map in ipairs { ranges, "root" } do
    told = proc.fork(function(parent)
        ns.unshare { "pid" }
        local inner <close> = ns.spawn({ "uts", users = map }, function(inside)
            sys.hostname "inner"
            inside:send { sys.uid(), fs.read "/proc/self/uid_map", ns.id "user" }
            inside:receive()
        end)
        local seen = inner:receive()
        seen[4] = ns.id("user", inner)
        seen[6] = proc.capture { "hostname", within = inner }
        ns.unshare { "user", users = map }
        seen[5] = sys.uid()
        parent:send(seen)
    end):receive()
    assert(told[1] == 0 and told[2]:match "^%s+0%s+" and told[3] == told[4] and told[5] == 0 and told[6] == "inner\n")
end
