-- /dev, masks and read-only paths: seen from inside by busybox, and with roots that set traps.
ns.unshare { "mount" }
local root = "/mnt"
fs.tmpfs(root)
local function refused(code, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok, "not refused")
    assert(err.code == code, ("%s wanted, got %s: %s"):format(code, err.code, err))
    assert(err.path or err.subject, "no subject: " .. tostring(err))
end
local function make_root(path)
    for _, name in ipairs { "bin", "proc", "sys", "tmp", "deep/below" } do fs.mkdir(path .. "/" .. name) end
    fs.write(path .. "/bin/busybox", fs.read "/bin/busybox")
    fs.chmod(path .. "/bin/busybox", "0755")
    for _, applet in ipairs { "sh", "ls", "cat", "stat", "touch", "head", "mkdir", "wc", "readlink", "dd" } do
        fs.symlink("busybox", path .. "/bin/" .. applet)
    end
end
-- Runs shell lines as PID 1 of a container with `kinds`; returns what they print.
local function inside(kinds, lines, prepare)
    local box = ns.spawn(kinds, function(parent)
        fs.tmpfs(root)
        make_root(root)
        dev.populate(root, { shm = "1M" })
        fs.mount { type = "proc", target = "/proc", root = root, nosuid = true, nodev = true, noexec = true }
        fs.mount { type = "sysfs", target = "/sys", root = root, nosuid = true, nodev = true, noexec = true }
        fs.pivot(root)
        if prepare then prepare() end
        parent:send((proc.capture { "/bin/sh", "-c", lines, clear_env = true, env = { PATH = "/bin" } }))
    end)
    local output = box:receive()
    assert(box:wait().code == 0)
    return output
end
local users = { { inside = 0, outside = 100000, count = 65536 } }
for name, kinds in pairs {
    root = { "mount", "pid", "ipc", "net" }, users = { "mount", "pid", "ipc", "net", users = users },
} do
    local seen = inside(kinds, [[
        for n in null zero full random urandom tty; do stat -c '%n %t:%T %a' /dev/$n; done
        for n in fd stdin stdout stderr ptmx; do echo $n $(readlink /dev/$n); done
        stat -c '%n %t:%T %a' /dev/pts/ptmx
        ls -A /dev | wc -l; ls /dev/pts
        echo x > /dev/null && cat /dev/null | wc -c
        head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c
        { echo x > /dev/full; } 2>/dev/null || echo full
        touch /dev/shm/file /dev/mqueue/queue && ls /dev/shm /dev/mqueue
        { dd if=/dev/zero of=/dev/shm/file bs=1M count=2; } 2>/dev/null || echo limited
        echo done; cat /proc/self/mountinfo]])
    local wanted = [[
/dev/null 1:3 666
/dev/zero 1:5 666
/dev/full 1:7 666
/dev/random 1:8 666
/dev/urandom 1:9 666
/dev/tty 5:0 666
fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
ptmx pts/ptmx
/dev/pts/ptmx 5:2 666
14
ptmx
0
3
3
full
/dev/mqueue:
queue

/dev/shm:
file
limited
done
]]
    local here, rest = seen:sub(1, #wanted), seen:sub(#wanted + 1)
    assert(here == wanted, name .. "\n" .. here)
    -- What is mounted lies in the container, comes from nowhere on a disk, and shows no path of the host.
    for line in rest:gmatch "[^\n]+" do
        local from, target, options = line:match "^%d+ %d+ %d+:%d+ (%S+) (%S+) (%S+)"
        assert(target == "/" or target:find "^/dev" or target == "/proc" or target == "/sys", line)
        assert(from == "/" or from == target:match "^/dev(/%a+)$", line)
        assert(target == "/" or options:find "nosuid", line)
    end
end

-- A fresh /proc and /sys, masked: hidden files are empty, hidden directories too, others refuse writing.
for name, kinds in pairs {
    root = { "mount", "pid", "ipc", "net" }, users = { "mount", "pid", "ipc", "net", users = users },
} do
    local seen = inside(kinds, [[
        for f in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts /proc/sched_debug; do
            test ! -e $f || echo $f $(head -c 100 $f | wc -c); done
        for d in /proc/acpi /proc/scsi /sys/firmware; do test ! -e $d || echo $d $(ls -A $d | wc -l); done
        for d in /proc/acpi /sys/firmware; do { test -e $d && mkdir $d/x; } 2>/dev/null && echo written $d; done
        for f in /proc/sys/net/ipv4/ip_forward /proc/sys/vm/swappiness /proc/sysrq-trigger; do
            { test -e $f && echo 0 > $f; } 2>/dev/null && echo written $f; done
        stat -c %F /proc/keys; cat /proc/sys/net/ipv4/ip_forward; ls -d /proc/sys/kernel]],
        function() require "masks".apply() end)
    assert(not seen:find "written" and seen:find "/proc/sys/kernel\n", seen)
    local hidden = 0
    for path, count in seen:gmatch "(/%S+) (%d+)\n" do
        hidden = hidden + 1
        assert(count == "0", path)
    end
    assert(hidden >= 3, name .. seen)
end

-- Read-only also below, whatever is mounted there, and other attributes stay.
fs.mkdir "/mnt/tree/sub"
fs.tmpfs("/mnt/tree/sub", { noexec = true, nosuid = true })
fs.write("/mnt/tree/sub/file", "x")
local cover = fs.readonly "/mnt/tree"
for _, path in ipairs { "/mnt/tree/new", "/mnt/tree/sub/file", "/mnt/tree/sub/new" } do
    refused("EROFS", fs.write, path, "y")
end
for _, m in ipairs(fs.mounts()) do
    if m.target == "/mnt/tree/sub" then assert(m.options:find "noexec" and m.options:find "nosuid") end
end
cover:release()
fs.write("/mnt/tree/sub/file", "y")
proc.fork(function()
    ns.unshare { "mount" }
    assert(fs.readonly "/" == nil)
    refused("EROFS", fs.write, "/mnt/tree/sub/file", "z")
    refused("EROFS", fs.write, "/tmp/written-by-a-test", "z")
end):wait()
assert(fs.mask("/mnt/nowhere", { optional = true }) == nil)
refused("ENOENT", fs.mask, "/mnt/nowhere")
refused("ENOENT", fs.readonly, "/mnt/nowhere")

-- A /dev/null that is none: the mask does not show what stands there.
fs.write("/mnt/secret", "secret")
proc.fork(function()
    ns.unshare { "mount" }
    fs.write("/mnt/evil", "evil")
    fs.bind("/mnt/evil", "/dev/null")
    fs.mask "/mnt/secret"
    assert(fs.read "/mnt/secret" == "")
end):wait()
local mask = fs.mask "/mnt/secret"
assert(io.open "/mnt/secret":read "a" == "")
mask:release()
assert(fs.read "/mnt/secret" == "secret")

-- Roots that set traps: a link as /dev or below, a file, a loop. Nothing outside changes.
fs.mkdir "/mnt/outside/pts"
fs.write("/mnt/outside/null", "outside")
for name, target in pairs {
    absolute = "/mnt/outside", relative = "../outside", inside = "tmp", dangling = "nowhere", loop = "dev",
} do
    local trap = "/mnt/" .. name
    fs.mkdir(trap .. "/tmp")
    fs.symlink(target, trap .. "/dev")
    refused("ELOOP", dev.populate, trap)
    assert(#fs.list(trap .. "/tmp") == 0)
end
fs.mkdir "/mnt/file"
fs.write("/mnt/file/dev", "")
refused("ENOTDIR", dev.populate, "/mnt/file")
fs.mkdir "/mnt/full/dev"
for name, target in pairs { null = "/mnt/outside/null", pts = "/mnt/outside/pts", shm = "../../outside" } do
    fs.symlink(target, "/mnt/full/dev/" .. name)
end
local devices = dev.populate "/mnt/full"
assert(fs.stat("/mnt/full/dev/null").type == "char" and fs.stat("/mnt/full/dev/pts").type == "directory")
assert(#fs.list "/mnt/outside" == 2 and fs.read "/mnt/outside/null" == "outside")
devices:release()
for _, m in ipairs(fs.mounts()) do assert(not m.target:find "^/mnt/outside", m.target) end

-- Single nodes.
dev.node("/mnt/own-null", "c", 1, 3, { mode = "0622" })
assert(proc.capture { "stat", "-c", "%t:%T %a", "/mnt/own-null" } == "1:3 622\n")
dev.node("pipe", "p", 0, 0, { root = "/mnt/full" })
assert(fs.stat("/mnt/full/pipe").type == "fifo")
refused("EEXIST", dev.node, "/mnt/own-null", "c", 1, 3)
fs.symlink("/mnt/outside/made", "/mnt/full/link")
refused("EEXIST", dev.node, "link", "c", 1, 3, { root = "/mnt/full" })
for _, numbers in ipairs { { -1, 0 }, { 4096, 0 }, { 0, 1 << 20 }, { 1 << 40, 0 } } do
    assert(not pcall(dev.node, "/mnt/wrong", "c", numbers[1], numbers[2]))
end

-- A racing process swaps the target for a link, ten thousand rounds: what it leads to is never mounted on.
fs.mkdir "/mnt/race/real/deep"
fs.mkdir "/mnt/target/deep"
fs.symlink("/mnt/target", "/mnt/race/link")
local racer <close> = proc.fork(function()
    while true do
        os.rename("/mnt/race/real", "/mnt/race/aside")
        os.rename("/mnt/race/link", "/mnt/race/real")
        os.rename("/mnt/race/real", "/mnt/race/link")
        os.rename("/mnt/race/aside", "/mnt/race/real")
    end
end)
local made, missed = 0, 0
for round = 1, 10000 do
    local cover_it = round % 2 == 0 and fs.mask or fs.readonly
    local ok, it = pcall(cover_it, "/real/deep", { root = "/mnt/race" })
    if ok then
        made = made + 1
        assert(it.target:find "^/mnt/race/%a+/deep$", it.target)
        it:release()
    else
        missed = missed + 1
        assert(it.code == "ENOENT" or it.code == "EAGAIN", tostring(it))
    end
    if round % 100 == 0 then
        for _, m in ipairs(fs.mounts()) do assert(not m.target:find "^/mnt/target", m.target) end
    end
end
assert(made > 0 and missed > 0, ("%d made, %d missed"):format(made, missed))
