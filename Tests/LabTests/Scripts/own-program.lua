-- This program's own file, which a container's root without a user namespace tries to write to (CVE-2019-5736). A copy
-- of it is what is attacked.
ns.unshare { "mount" }
fs.tmpfs "/mnt"
local program = proc.capture { "readlink", "/proc/" .. proc.self() .. "/exe" }:gsub("\n", "")
fs.copy(program, "/mnt/tupper")
local before = proc.capture { "sha256sum", "/mnt/tupper" }
-- Holds the file open to read, and tries to open it to write until it can or some seconds are over; what it learns is
-- told in a file. `held` says that it got hold of it at all.
fs.write("/mnt/attack.pl", [[
    use strict; use Errno; my %seen; my ($out) = @ARGV;
    sub tell_all { open my $f, ">", $out; print $f join("\n", map { "$_ $seen{$_}" } sort keys %seen), "\n"; close $f; }
    $seen{held} = 0;
    sysopen(my $held, "/proc/1/exe", 0) and $seen{held} = 1;
    tell_all();
    my $end = time + 4;
    while (time < $end) {
        { my $path = "/proc/self/fd/" . fileno $held;
            if (sysopen my $file, $path, 1) { $seen{opened}++; syswrite $file, "#!/bin/evil\n"; }
            else { $seen{$!{EROFS} ? "EROFS" : $!{ETXTBSY} ? "ETXTBSY" : "other"}++; }
        }
        if ($seen{EROFS} and $seen{EROFS} > 1000) { last; }
    }
    tell_all();
]])
local function learned(path)
    local seen = {}
    for key, count in fs.read(path):gmatch "(%a+) (%d+)" do seen[key] = tonumber(count) end
    return seen
end
local function attacked(name, script)
    fs.write("/mnt/inner.lua", script)
    local out = "/mnt/" .. name
    fs.write(out, "")
    proc.run { "/mnt/tupper", "script", "/mnt/inner.lua", out }
    for _ = 1, 400 do
        local seen = learned(out)
        if seen.EROFS or seen.opened or seen.other then return seen end
        sys.sleep "20ms"
    end
    return learned(out)
end
local into = [[
    fs.mkdir "/mnt/root"
    fs.bind("/", "/mnt/root", { recursive = true })
    fs.mount { type = "proc", target = "/proc", root = "/mnt/root" }
    ENTER "/mnt/root"
    local attacker = proc.spawn { "perl", "/mnt/attack.pl", arg[1], die_with_parent = false }
    while not fs.read(arg[1]):find "held 1" do sys.sleep "5ms" end
    attacker:keep()
]]
-- The container goes on, with another program as PID 1, after nobody runs this one any more.
for _, way in ipairs { "fs.pivot", "fs.chroot" } do
    local seen = attacked("spawned-" .. way, [[
        local box = ns.spawn({ "mount", "pid", die_with_parent = false }, function()
    ]] .. into:gsub("ENTER", way) .. [[
            proc.exec { "sleep", "6" }
        end)
        while not fs.read(arg[1]):find "held 1" do sys.sleep "5ms" end
        sys.sleep "100ms"
        box:keep()
    ]])
    assert(seen.held == 1 and not seen.opened and not seen.other, way)
    assert(seen.EROFS and seen.EROFS > 100, "the file came free: it is the mount that refuses")
    assert(proc.capture { "sha256sum", "/mnt/tupper" } == before)
end
-- The same where the program lies on the mount that is the root: that one is made read-only as it is left.
local box = ns.spawn({ "mount", "pid" }, function()
    local top = "/mnt/top"
    fs.tmpfs(top, { mkdir = true })
    for _, name in ipairs { "usr", "etc", "opt", "proc", "dev", "sys", "tmp", "mnt" } do fs.mkdir(top .. "/" .. name) end
    for _, name in ipairs { "usr", "etc", "opt", "dev" } do
        if fs.exists("/" .. name) then fs.bind("/" .. name, top .. "/" .. name, { recursive = true }) end
    end
    for _, name in ipairs { "bin", "lib", "lib64", "sbin" } do fs.symlink("usr/" .. name, top .. "/" .. name) end
    fs.mount { type = "proc", target = top .. "/proc" }
    fs.copy("/mnt/tupper", top .. "/tupper")
    fs.copy("/mnt/attack.pl", top .. "/mnt/attack.pl")
    fs.write(top .. "/mnt/inner.lua", [[
        local box = ns.spawn({ "mount", "pid", die_with_parent = false }, function()
            fs.tmpfs("/tmp/root", { mkdir = true })
            for _, name in ipairs { "usr", "etc", "mnt", "proc" } do fs.mkdir("/tmp/root/" .. name) end
            for _, name in ipairs { "usr", "etc", "mnt" } do
                fs.bind("/" .. name, "/tmp/root/" .. name, { recursive = true })
            end
            for _, name in ipairs { "bin", "lib", "lib64" } do fs.symlink("usr/" .. name, "/tmp/root/" .. name) end
            fs.mount { type = "proc", target = "/proc", root = "/tmp/root" }
            fs.pivot "/tmp/root"
            fs.write("/still-writable", "")
            local attacker = proc.spawn { "perl", "/mnt/attack.pl", "/mnt/out", die_with_parent = false }
            while not (fs.exists "/mnt/out" and fs.read "/mnt/out":find "held 1") do sys.sleep "5ms" end
            attacker:keep()
            proc.exec { "sleep", "6" }
        end)
        while not (fs.exists "/mnt/out" and fs.read "/mnt/out":find "held 1") do sys.sleep "5ms" end
        sys.sleep "100ms"
        box:keep()]])
    fs.pivot(top)
    proc.run { "/tupper", "script", "/mnt/inner.lua" }
    for _ = 1, 400 do
        local seen = learned "/mnt/out"
        assert(not seen.opened and not seen.other)
        if seen.EROFS and seen.EROFS > 100 then return end
        sys.sleep "20ms"
    end
    error "nothing was learned"
end)
assert(box:wait().code == 0)

-- The interpreter itself moves in.
local seen = attacked("moved", [[
    ns.unshare { "mount", "pid" }
]] .. into:gsub("ENTER", "fs.pivot") .. [[
    assert(not pcall(fs.write, "/proc/1/exe", "x"))
    local line = "sha256sum < /proc/1/exe; (: > /proc/1/exe)"
    local told = proc.capture { "sh", "-c", line .. " 2>&1; true" }
    assert(told:find "Read%-only file system", told)
    sys.sleep "1s"
]])
assert(seen.held == 1 and not seen.opened, "moved")
assert(proc.capture { "sha256sum", "/mnt/tupper" } == before)
-- A function in a running container.
seen = attacked("within", [[
    local box = ns.spawn({ "mount", "pid" }, function(parent)
]] .. into:gsub("ENTER", "fs.pivot"):gsub("local attacker.*", "") .. [[
        parent:send "ready"
        proc.exec { "sleep", "20" }
    end)
    box:receive()
    local told = ns.within(box, { "mount", "pid" }, function()
        local line = "(: > /proc/%d/exe) 2>&1; cmp /mnt/tupper /proc/%d/exe && echo the same"
        return (proc.capture { "sh", "-c", line:gsub("%%d", proc.self()) .. " 2>&1; true" })
    end)
    fs.write(arg[1], told:find "Read%-only file system" and "EROFS 1\n" or "other 1\n" .. told)
]])
assert(seen.EROFS == 1, fs.read "/mnt/within")
assert(proc.capture { "sha256sum", "/mnt/tupper" } == before)
-- What has moved over goes on as before: errors, large values, children of its own.
box = ns.spawn({ "mount", "pid" }, function(parent)
    fs.mkdir "/mnt/root"
    fs.bind("/", "/mnt/root", { recursive = true })
    fs.pivot "/mnt/root"
    for _ = 1, 20 do proc.run { "true" } end
    local child = ns.spawn({ "uts" }, function(above) above:send(("y"):rep(100000)) end)
    parent:send(#child:receive())
    local ok, err = pcall(fs.read, "/no-such-file")
    assert(not ok and err.code == "ENOENT")
    error "from inside"
end)
assert(box:receive() == 100000)
local ok, err = pcall(box.wait, box)
assert(not ok and tostring(err):find "from inside", tostring(err))

-- A command that names /proc/self/exe for its interpreter would run this very program, as the container's root. It is
-- refused, by whatever way it leads there, and nothing about the file changes.
local evil = {
    interpreter = function() fs.write("/mnt/evil", "#!/proc/self/exe script\nos.exit(0)\n", { mode = "0755" }) end,
    linked = function()
        fs.symlink("/proc/self/exe", "/mnt/link")
        fs.write("/mnt/evil", "#!/mnt/link script\nos.exit(0)\n", { mode = "0755" })
    end,
    itself = function() fs.symlink("/proc/self/exe", "/mnt/evil") end,
}
local ways = {
    sandbox = [[ require "sandbox".run { root = "/", command = { "/mnt/evil" }, seccomp = false, capabilities = cap.names,
        no_new_privileges = false, masked = false } ]],
    pivot = [[ ns.spawn({ "mount", "pid" }, function()
        fs.bind("/", "/mnt/root", { recursive = true })
        fs.mount { type = "proc", target = "/proc", root = "/mnt/root" }
        fs.pivot "/mnt/root"
        proc.exec { "/mnt/evil" }
    end):wait() ]],
    chroot = [[ ns.unshare { "mount" }
        fs.bind("/", "/mnt/root", { recursive = true })
        proc.fork(function() fs.chroot "/mnt/root"; proc.exec { "/mnt/evil" } end):wait() ]],
    child = [[ ns.spawn({ "mount" }, function()
        fs.bind("/", "/mnt/root", { recursive = true })
        fs.pivot "/mnt/root"
        proc.run { "/mnt/evil" }
    end):wait() ]],
}
for kind, make in pairs(evil) do
    for _, path in ipairs { "/mnt/evil", "/mnt/link" } do pcall(fs.remove, path) end
    make()
    for name, way in pairs(ways) do
        fs.write("/mnt/inner.lua", "local ran, problem = pcall(function()" .. way .. " end)\n"
            .. [[ fs.write("/mnt/told", ran and "ran" or tostring(problem.code or problem)) ]])
        proc.run { "/mnt/tupper", "script", "/mnt/inner.lua" }
        assert(fs.read "/mnt/told" == "ELOOP", ("%s by %s: %s"):format(kind, name, fs.read "/mnt/told"))
        assert(proc.capture { "sha256sum", "/mnt/tupper" } == before)
    end
end

-- Nor where it is another file by the time the kernel looks: what is in sight then is the stage, and nothing else.
fs.mkdir "/mnt/image/proc"
fs.copy("/bin/busybox", "/mnt/image/true")
fs.write("/mnt/image/evil", "#!/proc/self/exe script\nio.open('/told', 'w'):write('told')\n", { mode = "0755" })
fs.write("/mnt/swap.pl", [[
    chdir "/mnt/image";
    while (1) { for my $name ("true", "evil") { link $name, "next"; rename "next", "busybox"; } }
]])
local swapper <close> = proc.spawn { "perl", "/mnt/swap.pl" }
while not fs.exists "/mnt/image/busybox" do sys.sleep "1ms" end
local ended = { ran = 0, refused = 0, stopped = 0 }
for _ = 1, 300 do
    local made = ns.spawn({ "mount", "pid" }, function()
        fs.bind("/mnt/image", "/mnt/image")
        fs.mount { type = "proc", target = "/proc", root = "/mnt/image" }
        fs.pivot "/mnt/image"
        proc.exec { "/busybox", "true" }
    end)
    local waited, result = pcall(made.wait, made)
    local how = not waited and "refused" or result.code == 0 and "ran" or "stopped"
    assert(waited or result.code == "ELOOP", tostring(result))
    ended[how] = ended[how] + 1
end
assert(ended.ran > 10 and ended.refused > 10, ("%d ran, %d refused, %d stopped"):format(ended.ran, ended.refused, ended.stopped))
assert(not fs.exists "/mnt/image/told" and proc.capture { "sha256sum", "/mnt/tupper" } == before)
