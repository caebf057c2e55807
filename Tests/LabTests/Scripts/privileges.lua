-- What a program may do and how it fares: seen from inside by tools that are not ours.
local function refused(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "not refused")
    return err
end
local function status(options, field)
    local command = { "cat", "/proc/self/status" }
    for key, value in pairs(options) do command[key] = value end
    return proc.capture(command):match(field .. ":%s*([^\n]*)")
end
-- no_new_privs, and the bounding set of a program that is started.
assert(status({}, "NoNewPrivs") == "0" and status({ no_new_privileges = true }, "NoNewPrivs") == "1")
assert(status({ capabilities = cap.default }, "CapBnd") == "00000000a80425fb")
assert(status({ capabilities = cap.default }, "CapEff") == "00000000a80425fb")
assert(status({ capabilities = {} }, "CapPrm") == "0000000000000000")
assert(status({ capabilities = cap.default, user = "1000:1000" }, "CapEff") == "0000000000000000")
assert(status({ capabilities = cap.default, user = "1000:1000" }, "CapBnd") == "00000000a80425fb")
for _, field in ipairs { "CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd" } do
    assert(status({ capabilities = {}, ambient = { "NET_RAW" }, user = 1000, no_new_privileges = true }, field)
        == "0000000000002000", field)
end
assert(status({ ambient = { "NET_RAW" }, user = 1000 }, "CapEff") == "0000000000002000")
-- An inheritable set that this process has is not handed on (CVE-2022-29162).
local told = proc.fork(function(parent)
    cap.set { inheritable = { "SYS_ADMIN" } }
    parent:send(status({ capabilities = cap.default }, "CapInh"))
end):receive()
assert(told == "0000000000000000")
-- A setuid program gains nothing where asked.
local copy = "/tmp/tupper-setuid-" .. proc.self()
fs.copy("/usr/bin/id", copy)
fs.chmod(copy, "04755")
assert(proc.capture { copy, "-u", user = 1000 } == "0\n")
assert(proc.capture { copy, "-u", user = 1000, no_new_privileges = true } == "1000\n")
fs.remove(copy)
-- Users and groups: none but those asked for.
assert(proc.capture { "id", "-G", user = "12:34", groups = { 56, "adm" } } == "34 4 56\n")
assert(proc.capture { "id", "-G", user = "12:34" } == "34\n")
assert(tostring(refused(proc.run, { "true", groups = { 1 } })):find "needs option 'user'")
assert(tostring(refused(proc.run, { "true", user = 1, groups = { "nosuchgroup" } })):find "no group")
for _, user in ipairs { "-1", "+1", "01", "1 ", "4294967295", "4294967296", "1:", ":1", "1:2:3", "", "nobody\n", "0x0" } do
    assert(not pcall(proc.run, { "true", user = user }), user)
end
-- Limits, by name and range, and none set where one is refused.
assert(proc.capture { "sh", "-c", "ulimit -n; ulimit -c; ulimit -Hn",
    limits = { open_files = { soft = 100, hard = 200 }, core = 0 } } == "100\n0\n200\n")
assert(proc.capture { "sh", "-c", "ulimit -v", limits = { address_space = "1GiB" } } == "1048576\n")
told = proc.fork(function(parent)
    proc.limits { open_files = 1024, core = 0 }
    local now = proc.limits()
    local err = refused(proc.limits, { core = 0, locks = 5, open_files = 4096 })
    parent:send { now, err.code, err.hint, proc.limits(), cap.get().effective }
end):receive()
assert(told[1].open_files.hard == 1024 and told[1].open_files.soft == 1024 and told[1].core.hard == 0)
local mighty = table.concat(told[5], " "):find "SYS_RESOURCE"
if not mighty then
    assert(told[2] == "EPERM" and told[3]:find "the hard limit is 1024 already; .* CAP_SYS_RESOURCE")
    assert(told[4].locks.soft == "unlimited")
end
assert(tostring(refused(proc.limits, { openfiles = 3 })):find "did you mean 'open_files'")
assert(tostring(refused(proc.limits, { nice = 41 })):find "from 0 to 40")
assert(tostring(refused(proc.limits, { core = -1 })):find "a size")
assert(tostring(refused(proc.limits, { cpu = { soft = 2, hard = 1 } })):find "not above the hard")
-- Over the limit, the kernel stops it.
assert(proc.capture { "sh", "-c", "true 2>/dev/null 9</dev/null || echo none", limits = { open_files = 9 } } == "none\n")
local over = proc.run { "sh", "-c", "dd if=/dev/zero of=/dev/shm/tupper-limit bs=64k count=4 2>/dev/null",
    limits = { file_size = "64K" }, check = false }
assert(over.signal == "XFSZ" or over.code ~= 0)
proc.run { "rm", "-f", "/dev/shm/tupper-limit" }
-- Niceness, score, mask.
assert(proc.capture { "nice", nice = 7 } == "7\n")
assert(proc.capture { "cat", "/proc/self/oom_score_adj", oom_score = 321 } == "321\n")
assert(proc.capture { "sh", "-c", "umask", umask = "0077" } == "0077\n")
assert(proc.fork(function(parent)
    parent:send { proc.nice(5), proc.oom_score(500), proc.nice(), proc.oom_score(), #proc.affinity("all") }
end):receive()[4] == 500)
assert(tostring(refused(proc.nice, 20)):find "from %-20 to 19")
assert(tostring(refused(proc.run, { "true", oom_score = 1001 })):find "from %-1000 to 1000")
told = proc.fork(function(parent)
    cap.drop { "SYS_NICE" }
    local err = refused(proc.nice, -5)
    parent:send { err.code, err.hint }
end):receive()
assert(told[1] == "EACCES" and told[2]:find "CAP_SYS_NICE")
-- Processors: one only, and back to all.
told = proc.fork(function(parent)
    local all = proc.affinity()
    proc.affinity { all[1] }
    local one = proc.capture { "nproc" }
    parent:send { #all, one, #proc.affinity "all" }
end):receive()
assert(told[2] == "1\n" and told[3] >= told[1])
-- A new session keyring: another one than any that was there, for programs too.
told = proc.fork(function(parent)
    local function sessions()
        local found = {}
        for id in proc.capture { "cat", "/proc/keys" }:gmatch "(%x+)[^\n]*keyring%s+_ses" do found[id] = true end
        return found
    end
    local before, fresh = sessions(), 0
    proc.session_keyring()
    for id in pairs(sessions()) do if not before[id] then fresh = fresh + 1 end end
    parent:send(fresh)
end):receive()
assert(told == 1)
-- proc.become lays all of it on the interpreter itself.
told = proc.fork(function(parent)
    proc.become { user = "1000:1000", groups = { 7 }, capabilities = {}, no_new_privileges = true, limits = { core = 0 } }
    parent:send { sys.uid(), sys.gid(), proc.capture { "id", "-G" }, #cap.get().bounding, proc.limits().core.hard,
        refused(proc.become, { user = 0 }).hint }
end):receive()
assert(told[1] == 1000 and told[2] == 1000 and told[3] == "1000 7\n" and told[4] == 0 and told[5] == 0)
assert(told[6]:find "CAP_SETUID")
