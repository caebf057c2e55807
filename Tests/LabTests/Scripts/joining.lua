-- Programs that are run in a running container: what they get, what they are denied, and what a container that
-- attacks them on their way in gets hold of.
ns.unshare { "mount" }
fs.tmpfs "/mnt"
local function refused(code, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok, "not refused")
    assert(err.code == code, ("%s wanted, got %s: %s"):format(code, err.code, err))
    return err
end
local function output(options) return (proc.capture(options)) end
local users = { { inside = 0, outside = 100000, count = 65536 } }

-- A root of its own, with other users.
local function container(kinds, options)
    local box = ns.spawn(kinds, function(parent)
        fs.tmpfs "/mnt"
        for _, name in ipairs { "bin", "proc", "etc", "tmp/deep" } do fs.mkdir("/mnt/" .. name) end
        fs.write("/mnt/etc/passwd", "root:x:0:0::/:/bin/sh\nann:x:7:8::/:/bin/sh\n")
        fs.write("/mnt/etc/group", "root:x:0:\nann:x:8:\nmore:x:9:\n")
        fs.write("/mnt/bin/busybox", fs.read "/bin/busybox")
        fs.chmod("/mnt/bin/busybox", "0755")
        for _, applet in ipairs { "sh", "ls", "cat", "grep", "id", "readlink", "env", "pwd", "sleep", "tty", "stty", "wc" } do
            fs.symlink("busybox", "/mnt/bin/" .. applet)
        end
        dev.populate "/mnt"
        fs.mount { type = "proc", target = "/proc", root = "/mnt", nosuid = true, nodev = true, noexec = true }
        fs.pivot "/mnt"
        parent:send "ready"
        local program = { "/bin/sh", "-c", "echo in > /tmp/file; sleep 1000; :", clear_env = true }
        for name, value in pairs(options) do program[name] = value end
        proc.exec(program)
    end)
    assert(box:receive() == "ready")
    while not pcall(fs.read, "/proc/" .. box.pid .. "/root/tmp/file") do sys.sleep "5ms" end
    return box
end
for _, map in ipairs { false, users } do
    for _, has_init in ipairs { false, true } do
        local all = { "mount", "pid", "ipc", "uts", "net", "cgroup", users = map or nil, init = has_init }
        local box <close> = container(all, { capabilities = { "CHOWN", "KILL", "SETUID", "SETGID" }, no_new_privileges = true })
        local seen = output { "sh", "-c", [[
            grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp):' /proc/self/status; pwd; cat /tmp/file
            ls /proc/self/fd | wc -l; env; for n in 3 4 5 6 7 8 9 10 11; do test ! -e /proc/self/fd/$n || echo open $n; done
            test ! -d /mnt || echo host]], within = box }
        local status = output { "grep", "-E", "^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp):", "/proc/2/status", within = box }
        local wanted = "CapInh:\t0000000000000000\nCapPrm:\t00000000000000e1\nCapEff:\t00000000000000e1\n"
            .. "CapBnd:\t00000000000000e1\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t0\n"
        assert(seen:find(wanted, 1, true) and seen:find("Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t%s*\n"), seen)
        assert(has_init == false or status:find(wanted, 1, true), status)
        assert(seen:find "\n/\nin\n4\n" and seen:find "\nPATH=" and not seen:find "HOME", seen)
        assert(not seen:find "open" and not seen:find "host\n", seen)
        local beside <close> = proc.spawn { "sleep", "1000", within = box }
        local theirs = ns.list(box.pid)
        for kind, id in pairs(ns.list(beside.pid)) do assert(theirs[kind] == id, kind) end
        local function of(pid, what) return fs.read(("/proc/%d/%s"):format(pid, what)) end
        assert(of(beside.pid, "cgroup") == of(box.pid, "cgroup"))
        -- Users, groups and directories are the container's; no more capabilities than its.
        assert(output { "id", within = box, user = "ann" } == "uid=7(ann) gid=8(ann) groups=8(ann)\n"
            or output { "id", within = box, user = "ann" } == "uid=7(ann) gid=8(ann)\n")
        assert(output { "id", "-G", within = box, user = "ann", groups = { "more" } } == "8 9\n")
        local err = select(2, pcall(proc.run, { "id", within = box, user = "daemon" }))
        assert(tostring(err):find "no user")
        assert(output { "pwd", within = box, cwd = "/tmp/deep" } == "/tmp/deep\n")
        assert(output { "sh", "-c", "grep CapBnd /proc/self/status", within = box, capabilities = { "CHOWN", "SYS_ADMIN" } }
            == "CapBnd:\t0000000000000001\n")
        assert(output { "cat", within = box, input = "through" } == "through")
        assert(output { "sh", "-c", "echo $A", within = box, env = { A = "1" } } == "1\n")
        assert(proc.run { "sh", "-c", "exit 9", within = box, check = false }.code == 9)
        assert(proc.run { "sh", "-c", "kill -9 $$", within = box, check = false }.signal == "KILL")
        assert(refused("ENOENT", proc.run, { "nosuch", within = box }).subject == "nosuch")
        refused("EACCES", proc.run, { "/etc/passwd", within = box })
        refused("ENOENT", proc.run, { "id", within = box, cwd = "/mnt" })
        -- CVE-2024-21626: a working directory by way of a descriptor that is still open.
        for number = 0, 30 do
            for _, path in ipairs { "/proc/self/fd/%d", "/proc/self/fd/%d/..", "/dev/fd/%d" } do
                local ok, why = pcall(proc.run, { "ls", "/", within = box, cwd = path:format(number) })
                assert(not ok and (why.code == "ENOENT" or why.code == "ENOTDIR" or why.code == "EXDEV"), tostring(why))
            end
        end
        -- A terminal of the container's.
        local terminal = term.open { rows = 11, columns = 44 }
        local shell = proc.spawn { "sh", "-c", "tty; stty size; echo own > /dev/tty", within = box, terminal = terminal }
        assert(shell:wait().code == 0)
        local printed = terminal:read():gsub("\r", "")
        assert(printed == "/dev/pts/0\n11 44\nown\n", printed)
        -- It ends with the container.
        local sleeper = proc.spawn { "sleep", "1000", within = box }
        box:signal "KILL"
        assert(sleeper:wait { timeout = "5s" }.signal == "KILL")
        box:wait()
        assert(not pcall(proc.run, { "true", within = box }))
    end
end
-- A filter of system calls is laid on it too: the container's own, or another that is given.
local filtered <close> = container({ "mount", "pid" }, { seccomp = "default", no_new_privileges = true })
assert(output { "grep", "Seccomp", "/proc/self/status", within = filtered } == "Seccomp:\t2\nSeccomp_filters:\t1\n")
assert(output { "grep", "Seccomp:", "/proc/self/status", within = filtered, seccomp = "default" } == "Seccomp:\t2\n")
filtered:release()

-- The attack: a process of the container, root with every capability, waits for who joins, and takes what it can see
-- of it: its program, its files, its memory's maps; it tries to write to the program, and to trace it.
local attack = [[
    use strict; my ($trace) = @ARGV; my ($last, $written, $traced, %exe, %fd) = (3, 0, 0);
    $| = 1; print "lurking\n";
    until (-e "/mnt/stop") {
        for my $spin (1 .. 2000) {
            for my $pid ($last + 1 .. $last + 4) {
                next if $pid == $$;
                my $exe = readlink "/proc/$pid/exe";
                next unless defined $exe;
                $last = $pid;
                if ($trace and syscall(101, 16, $pid, 0, 0) == 0) {
                    $traced++;
                    waitpid($pid, 0x40000000);
                    $exe = readlink "/proc/$pid/exe";
                }
                $exe{$exe}++ if defined $exe;
                for my $fd (0 .. 20) { my $to = readlink "/proc/$pid/fd/$fd"; $fd{"$fd $to"}++ if defined $to; }
                if (open my $maps, "<", "/proc/$pid/maps") { while (<$maps>) { $exe{$1}++ if m{(/\S*tupper\S*)}; } }
                my $ours = defined $exe && $exe =~ /tupper/;
                if ($ours and open my $file, "+<", "/proc/$pid/exe") { $written++ if syswrite $file, "#!"; }
                if ($trace) { syscall(101, 17, $pid, 0, 0); kill "CONT", $pid; }
            }
        }
        opendir my $all, "/proc"; for (readdir $all) { $last = $_ if /^\d+$/ and $_ > $last; }
    }
    print "exe $_\n" for keys %exe; print "fd $_\n" for keys %fd; print "written $written\ntraced $traced\n";
]]
fs.write("/mnt/attack.pl", attack)
-- Starts a program of perl in a container, which writes in /mnt/seen, and waits until it lurks.
local function lurk(box, ...)
    fs.write("/mnt/seen", "")
    local program = proc.spawn { "perl", within = box, stdout = "/mnt/seen", ... }
    while not fs.read "/mnt/seen":find "lurking" do sys.sleep "10ms" end
    return program
end
for _, map in ipairs { false, users } do
    for _, trace in ipairs { "", "1" } do
        local box <close> = ns.spawn({ "mount", "pid", users = map or nil, init = true }, function(parent)
            fs.mount { type = "proc", target = "/proc" }
            parent:send "ready"
            proc.exec { "sleep", "1000" }
        end)
        box:receive()
        local attacker = lurk(box, "/mnt/attack.pl", trace)
        for _ = 1, 50 do
            local ending = proc.run { "/bin/true", within = box, check = false }
            assert(ending.code == 0 or trace == "1", "not run")
        end
        fs.write("/mnt/stop", "")
        assert(attacker:wait { timeout = "20s" }.code == 0)
        fs.remove "/mnt/stop"
        local seen = fs.read "/mnt/seen"
        local caught = 0
        for path in seen:gmatch "exe ([^\n]+)" do
            if path:find "tupper" then
                assert(path:find "^/memfd:tupper%-stage", seen)
                caught = caught + 1
            end
        end
        -- The attack does see what comes in, or it would prove nothing.
        assert(caught > 0 or map, seen)
        for number, path in seen:gmatch "fd (%d+) ([^\n]+)" do
            local fine = tonumber(number) <= 2 or (number == "3" or number == "4") and path:find "^pipe:"
                or path:find "^/mnt/attack.pl"
                or path:find "^/etc/ld.so" or path:find "^/lib" or path:find "^/usr/lib"
            assert(fine, number .. " " .. path)
        end
        assert(seen:find "written 0\n", seen)
        assert(trace == "" or map or seen:find "traced [1-9]", seen)
    end
end

-- One that gets hold of the line on which it is told how the start went, and keeps it open, holds nobody up.
fs.write("/mnt/holder.pl", [[
    use strict; my @held; my $last = $$; $| = 1; print "lurking\n";
    until (-e "/mnt/stop") {
        for my $pid ($last + 1 .. $last + 8) {
            next unless -e "/proc/$pid";
            if (sysopen my $line, "/proc/$pid/fd/3", 1) { push @held, $line; print "held\n"; }
            $last = $pid;
        }
    }]])
do
    local box <close> = ns.spawn({ "mount", "pid" }, function(parent)
        fs.mount { type = "proc", target = "/proc" }
        parent:send "ready"
        proc.exec { "sleep", "1000" }
    end)
    box:receive()
    local holder = lurk(box, "/mnt/holder.pl")
    for _ = 1, 400 do
        local before = sys.time()
        local sleeper <close> = proc.spawn { "sleep", "20", within = box }
        assert(sys.time() - before < 10, "held up")
        if fs.read "/mnt/seen":find "held" then break end
    end
    assert(fs.read "/mnt/seen":find "held", "the line was never met")
    fs.write("/mnt/stop", "")
    assert(holder:wait { timeout = "20s" }.code == 0)
end
