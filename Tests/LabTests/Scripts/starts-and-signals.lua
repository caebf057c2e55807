-- How programs are started where something is refused, and what signals do to a run.
ns.unshare { "mount" }
fs.tmpfs("/mnt", { mode = "0755" })
fs.tmpfs "/run"
fs.tmpfs "/srv"
local program = fs.stat("/proc/self/exe").target

-- Only text is given to a shell.
local function try(content)
    fs.write("/mnt/try", content, { mode = "0755" })
    if fs.exists "/mnt/ran" then fs.remove "/mnt/ran" end
    local ok, result = pcall(proc.run, { "/mnt/try", check = false })
    return ok, result, fs.exists "/mnt/ran"
end
assert(select(3, try "echo >/mnt/ran\n"), "a script without #! is run")
assert(select(3, try "echo >/mnt/ran\nexit\n\0\0"), "NUL after the first line is a script's own")
for _, content in ipairs {
    "\x7fELF\2\1\1" .. ("\0"):rep(9) .. "\2\0\xb7\0\1\0\0\0" .. ("\0"):rep(40) .. "\necho >/mnt/ran\n",
    "\x7fELF\necho >/mnt/ran\n", "\0\necho >/mnt/ran\n",
} do
    local ok, err, ran = try(content)
    assert(not ok and err.code == "ENOEXEC" and not ran, tostring(err))
end

-- A filter that answers clone3 as a kernel without it does.
for _, answer in ipairs { "ENOSYS", "EPERM" } do
    local ending = proc.fork(function()
        proc.no_new_privileges()
        seccomp.load { default = "allow", rules = { { "clone3", action = answer } } }
        assert(proc.capture { "echo", "hi" } == "hi\n")
        assert(ns.spawn({ "uts", "pid" }, function() sys.hostname "x" end):wait().code == 0)
    end):wait()
    assert(ending.code == 0, answer)
end

-- What is ignored at the start stays so; what ends a run lets go of what it made.
fs.write("/srv/long.lua", 'fs.tmpfs "/mnt/made" sys.sleep(1.2)')
fs.mkdir "/mnt/made"
local function send(signal, trap)
    local line = [[%s"$0" script /srv/long.lua 2>/dev/null & p=$!; sleep 0.6; kill -%s $p; wait $p]]
    local ending = proc.run { "sh", "-c", line:format(trap, signal), program, check = false }
    for _, mount in ipairs(fs.mounts()) do assert(mount.target ~= "/mnt/made", signal) end
    return ending.code
end
for signal, number in pairs { TERM = 15, USR1 = 10, USR2 = 12, ALRM = 14, XCPU = 24, ABRT = 6, PROF = 27, IO = 29 } do
    assert(send(signal, "") == 128 + number, signal)
end
for _, signal in ipairs { "HUP", "INT", "USR1" } do
    assert(send(signal, ("trap '' %s; exec 3>&1; "):format(signal)) == 0, signal .. " was ignored")
end
fs.write("/srv/full.lua", [[
    local ok, err = pcall(fs.write, "/mnt/big", ("x"):rep(9000))
    assert(not ok and err.code == "EFBIG", tostring(err))
]])
assert(proc.run({ "sh", "-c", 'ulimit -f 4; exec "$0" script /srv/full.lua', program }).code == 0)

-- A program that may be run but not read makes user namespaces all the same.
fs.copy(program, "/mnt/tupper")
fs.chmod("/mnt/tupper", "0711")
fs.write("/mnt/inner.lua", 'assert(ns.spawn({ "user", users = "root" }, function() end):wait().code == 0)')
assert(proc.run { "/mnt/tupper", "script", "/mnt/inner.lua", user = "65534:65534" }.code == 0)

-- A long list of subordinate users.
local lines = {}
for n = 1, 60000 do lines[n] = ("user%d:%d:65536\n"):format(n, n * 65536 % 4000000000) end
lines[#lines + 1] = "0:4000000000:1000\n"
fs.write("/mnt/sub", table.concat(lines))
for _, file in ipairs { "/etc/subuid", "/etc/subgid" } do fs.bind("/mnt/sub", file) end
assert(ns.spawn({ "user", users = "auto" }, function() end):wait().code == 0)

-- A variable is taken away: for one program, and from this process.
sys.env("SECRET", "x")
assert(proc.run({ "printenv", "SECRET", env = { SECRET = false }, check = false }).code == 1)
assert(proc.capture { "printenv", "SECRET", env = { OTHER = false } } == "x\n")
assert(sys.env("SECRET", false) == nil and sys.env "SECRET" == nil)
assert(proc.run({ "printenv", "SECRET", check = false }).code == 1)
