-- Measures whole processes from start to exit, turn by turn; prints medians and ratios. arg: the build directory.
local build = arg[1]
local tupper, container, same = build .. "/tupper", build .. "/container", build .. "/same-"
local here = arg[0]:match "^(.*)/[^/]*$"
-- A machine of its own to play host in: nothing of this is seen outside.
ns.unshare { "mount", "net" }
fs.tmpfs "/mnt"
for _, name in ipairs { "bin", "proc", "dev" } do fs.mkdir("/mnt/root/" .. name) end
fs.copy("/bin/busybox", "/mnt/root/bin/busybox")
fs.symlink("busybox", "/mnt/root/bin/true")

local function median(times)
    table.sort(times)
    return times[#times // 2 + 1]
end

-- A contender runs a program, or calls a function, which may return a time of its own.
local function time(contender, round)
    local start = sys.time()
    local own
    if contender.run then proc.run(contender.run) else own = contender.call(round) end
    return own or sys.time() - start
end

local function has(program)
    return proc.run({ "sh", "-c", "command -v " .. program .. " >/dev/null", check = false }).code == 0
end

-- Each contender in turn, so that a noisy moment hits all alike; what `after` does is not measured.
local function compare(title, rounds, contenders)
    local times, present = {}, {}
    for _, contender in ipairs(contenders) do
        local program = contender.program or contender.run and contender.run[1] or "/"
        if program:find "/" or has(program) then
            table.insert(present, contender)
        else
            print(("\n(%s is not installed)"):format(program))
        end
    end
    for round = 1, rounds do
        for index, contender in ipairs(present) do
            times[index] = times[index] or {}
            times[index][round] = time(contender, round)
            if contender.after then contender.after(round) end
        end
    end
    print("\n" .. title)
    local base = median(times[1])
    for index, contender in ipairs(present) do
        local own = median(times[index])
        print(("  %-32s %9.3f ms   %.2f"):format(contender.name, own * 1000, own / base))
    end
end

print(("the static binary: %.1f MB"):format(fs.stat(tupper).size / 1e6))
fs.write("/mnt/empty.lua", "")
compare("start of an empty script", 41, {
    { name = "tupper script", run = { tupper, "script", "/mnt/empty.lua" } },
    { name = "lua5.4", run = { "lua5.4", "/mnt/empty.lua" } },
})

local root = "/mnt/root"
-- OCI runtimes want cgroups that a machine with both versions lacks: they get version 2 as the only hierarchy, in a
-- mount namespace of their own, whose making is not measured.
local peers = ns.spawn({ "mount" }, function(parent)
    if fs.exists "/sys/fs/cgroup/unified" then fs.bind("/sys/fs/cgroup/unified", "/sys/fs/cgroup") end
    while true do
        local command = parent:receive()
        parent:send(time { run = command })
    end
end)
local function oci(program, bundle)
    return { name = program, program = program, call = function()
        peers:send { program, "run", "--bundle", bundle, "bench" }
        return peers:receive()
    end }
end
fs.write("/mnt/config.json", ([[{ "ociVersion": "1.0.0",
    "process": { "args": ["/bin/true"], "cwd": "/", "env": [], "user": { "uid": 0, "gid": 0 } },
    "root": { "path": "%s" }, "mounts": [
        { "destination": "/proc", "type": "proc", "source": "proc" },
        { "destination": "/dev", "type": "tmpfs", "source": "tmpfs" }],
    "linux": { "namespaces": [{ "type": "mount" }, { "type": "pid" }, { "type": "network" }, { "type": "ipc" },
        { "type": "uts" }] } }]]):format(root))
fs.tmpfs "/run"
compare("a container, start to exit", 41, {
    { name = "C program, the same calls", run = { same .. "container", 1, root, "/bin/true" } },
    { name = "tupper script", run = { tupper, "script", here .. "/container.lua", 1, root } },
    { name = "C program, the least", run = { container, 1, root, "/bin/true" } },
    { name = "unshare ... chroot", run = { "unshare", "-mpniu", "--fork", "chroot", root, "/bin/true" } },
    { name = "bubblewrap", run = { "bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--bind", root, "/", "--proc", "/proc", "--tmpfs", "/dev", "/bin/true" } },
    oci("crun", "/mnt"),
})
compare("500 containers, one after another", 5, {
    { name = "C program, the same calls", run = { same .. "container", 500, root, "/bin/true" } },
    { name = "tupper script", run = { tupper, "script", here .. "/container.lua", 500, root } },
    { name = "C program, the least", run = { container, 500, root, "/bin/true" } },
})

-- The same with all defaults of a sandbox. The peers get the same capabilities, mounts, masks, no new privileges and a
-- filter that allows the same calls, though it looks at no arguments; but no limits and no rules for devices, which they
-- would have to be given a place for: a sandbox without them is what they are equal to.
local function listed(words) return '"' .. table.concat(words, '", "') .. '"' end
local masks = require "masks"
local capabilities = {}
for index, name in ipairs(cap.default) do capabilities[index] = "CAP_" .. name:gsub("^CAP_", "") end
local sets = {}
for _, set in ipairs { "bounding", "effective", "permitted" } do
    sets[#sets + 1] = ('"%s": [%s]'):format(set, listed(capabilities))
end
local allowed = {}
for name in fs.read(here .. "/../../stdlib/seccomp-default.json"):gmatch '"([a-z][%w_]*)"' do
    local known, told = pcall(seccomp.explain, "default", name, { capabilities = cap.default })
    if known and told.action == "allow" and not allowed[name] then
        allowed[#allowed + 1], allowed[name] = name, true
    end
end
fs.mkdir "/mnt/sandbox"
fs.mkdir "/mnt/root/sys"
fs.write("/mnt/sandbox/config.json", ([[{ "ociVersion": "1.0.0", "hostname": "sandbox",
    "process": { "args": ["/bin/true"], "cwd": "/", "env": [], "user": { "uid": 0, "gid": 0 },
        "noNewPrivileges": true, "capabilities": { %s } },
    "root": { "path": "%s" }, "mounts": [
        { "destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "nodev", "noexec"] },
        { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "nodev", "noexec", "ro"] },
        { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"] },
        { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
            "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
        { "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "nodev", "size=64m"] },
        { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
            "options": ["nosuid", "noexec", "nodev"] }],
    "linux": { "maskedPaths": [%s], "readonlyPaths": [%s], "namespaces": [{ "type": "mount" }, { "type": "pid" },
        { "type": "network" }, { "type": "ipc" }, { "type": "uts" }, { "type": "cgroup" }],
        "seccomp": { "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": ["%s"],
            "syscalls": [{ "names": [%s], "action": "SCMP_ACT_ALLOW" }] } } }]]):format(
    table.concat(sets, ", "), root, listed(masks.hidden), listed(masks.readonly),
    seccomp.explain("default", "read").architecture, listed(allowed)))
-- The C program takes the compiled filter that a sandbox leaves, the only one in an empty cache.
fs.tmpfs "/var/cache"
proc.run { tupper, "script", here .. "/sandbox.lua", root }
local filter = fs.glob("/var/cache/tupper/seccomp-*")[1]
fs.mkdir "/mnt/journal"
local rivals = {
    { name = "sandbox", run = { tupper, "script", here .. "/sandbox.lua", root } },
    { name = "sandbox without limits", run = { tupper, "script", here .. "/sandbox.lua", root, "unlimited" } },
    oci("crun", "/mnt/sandbox"),
    oci("runc", "/mnt/sandbox"),
}
if fs.exists "/sys/fs/cgroup/pids" then
    table.insert(rivals, 1, { name = "C program, the same calls",
        run = { same .. "sandbox", root, filter, "/mnt/journal", "/bin/true" } })
end
compare("a sandbox with all defaults, start to exit", 41, rivals)

-- Idle sandboxes: what the kernel has charged to the group of one, its program (busybox sleep) included.
do
    local sandbox = require "sandbox"
    fs.symlink("busybox", root .. "/bin/sleep")
    local boxes, charged = {}, {}
    for index = 1, 20 do boxes[index] = sandbox { root = root, command = { "/bin/sleep", "60" }, memory = "64M" } end
    sys.sleep "1s"
    for index, box in ipairs(boxes) do charged[index] = box:stats().memory.current end
    print(("\nan idle sandbox: %.2f MB of memory"):format(median(charged) / 1e6))
    for _, box in ipairs(boxes) do box:release() end
end

-- A process that has ended is asked no more: what is left is the call.
local ended = proc.spawn { "true" }
ended:wait()
local calls = {}
for round = 1, 21 do
    calls[round] = time { call = function() for _ = 1, 20000 do ended:running() end end } / 20000
end
print(("\na call that makes no system call: %.0f ns"):format(median(calls) * 1e9))

fs.image("/mnt/disk", { size = "1G", format = "btrfs" })
local disk <close> = fs.mount { source = "/mnt/disk", target = "/mnt/btrfs", loop = true, mkdir = true }
fs.subvolume "/mnt/btrfs/image"
compare("a snapshot", 41, {
    { name = "the bare ioctl", call = function(round)
        return tonumber((proc.capture { build .. "/snapshot", "/mnt/btrfs/image", "/mnt/btrfs", "bare" .. round }))
    end },
    { name = "fs.snapshot", call = function(round) fs.snapshot("/mnt/btrfs/image", "/mnt/btrfs/own" .. round) end },
    { name = "btrfs subvolume snapshot", call = function(round)
        proc.capture { "btrfs", "subvolume", "snapshot", "/mnt/btrfs/image", "/mnt/btrfs/program" .. round }
    end },
})

-- A container's network, from nothing to two ends that can talk.
local box = ns.spawn({ "net" }, function(parent)
    while parent:receive() do
        local link = net.link "c1"
        link:rename "eth0"
        link:address "172.30.0.2/16"
        link:up()
        net.route { to = "default", via = "172.30.0.1", device = "eth0" }
        parent:send(true)
    end
end)
local bridge = net.bridge("bench0", { address = "172.30.0.1/16" })
local lines = table.concat({
    "ip link add h1 type veth peer name c1", "ip link set c1 netns %d", "ip link set h1 master bench0",
    "ip link set h1 up", "nsenter -t %d -n ip link set c1 name eth0",
    "nsenter -t %d -n ip addr add 172.30.0.2/16 dev eth0", "nsenter -t %d -n ip link set eth0 up",
    "nsenter -t %d -n ip route add default via 172.30.0.1",
}, "\n"):gsub("%%d", tostring(box.pid))
local function join(host)
    host:attach(bridge)
    host:up()
    box:send(true)
    box:receive()
end
local made
-- Most of a move is the kernel's wait until nobody looks at the link any more; an end that is born inside is spared it.
compare("a veth pair: made, moved, renamed, addressed, routed, attached", 21, {
    { name = "net.veth", call = function()
        local host, peer = net.veth { name = "h1", peer = "c1" }
        peer:move(box)
        join(host)
        made = host
    end, after = function() made:delete() end },
    { name = "net.veth, born inside", call = function()
        made = net.veth { name = "h1", peer = "c1", inside = box }
        join(made)
    end, after = function() made:delete() end },
    { name = "ip", call = function() proc.run { "sh", "-ec", lines } end,
        after = function() proc.run { "ip", "link", "delete", "h1" } end },
})

-- Control groups: each is noted in the journal too, a mount in this machine of our own is not.
local limits = { memory = "64M", cpu = 0.5, pids = 32 }
local shell_lines = {}
do
    local group <close> = cgroup.create("bench", limits)
    for _, path in ipairs(group.paths) do table.insert(shell_lines, "mkdir " .. path .. "b") end
    for _, path in ipairs(group.paths) do
        for _, file in ipairs { "memory.max", "memory.limit_in_bytes", "cpu.max", "cpu.cfs_quota_us", "pids.max" } do
            if fs.exists(path .. "/" .. file) then
                table.insert(shell_lines, ("cat %s/%s >%sb/%s"):format(path, file, path, file))
            end
        end
    end
    for _, path in ipairs(group.paths) do table.insert(shell_lines, "rmdir " .. path .. "b") end
    -- The group to copy from must be there while the shell works.
    compare("a control group with three limits, made and removed", 41, {
        { name = "cgroup.create, release", call = function() cgroup.create("bench1", limits):release() end },
        { name = "sh", run = { "sh", "-ec", table.concat(shell_lines, "\n") } },
    })
    compare("a child process, start to exit", 41, {
        { name = "without a group", call = function() ns.spawn({}, function() end):wait() end },
        { name = "born in a group", call = function() ns.spawn({ cgroup = group }, function() end):wait() end },
        { name = "added to a group", call = function()
            local child = ns.spawn({}, function(parent) parent:receive() end)
            group:add(child)
            child:send "go on"
            child:wait()
        end },
    })
end

local archive = build .. "/debian.tar"
if fs.exists(archive) then
    proc.run { "sh", "-c", "gzip -1 <" .. archive .. " >/mnt/debian.tar.gz" }
    for _, file in ipairs { archive, "/mnt/debian.tar.gz" } do
        local function clean() fs.delete "/mnt/unpacked" end
        compare("a Debian root unpacked: " .. file:match "[^/]*$", 5, {
            { name = "GNU tar", call = function()
                fs.mkdir "/mnt/unpacked"
                proc.run { "tar", "-C", "/mnt/unpacked", "--xattrs", "-xpf", file }
            end, after = clean },
            { name = "fs.unpack", call = function()
                fs.mkdir "/mnt/unpacked"
                fs.unpack(file, "/mnt/unpacked")
            end, after = clean },
        })
    end
else
    print "\n(mmdebstrap is not installed: no Debian root to unpack)"
end

-- The default filter of system calls, which lies on disk after the first time, against none.
do
    local without, with = {}, {}
    for i = 1, 101 do
        local started = sys.time()
        proc.run { "/bin/true", capabilities = cap.default, no_new_privileges = true }
        without[i], started = sys.time() - started, sys.time()
        proc.run { "/bin/true", capabilities = cap.default, no_new_privileges = true, seccomp = "default" }
        with[i] = sys.time() - started
    end
    print(("\na program without a filter %.3f ms, with the default one %.3f ms: %.3f ms more"):format(
        median(without) * 1000, median(with) * 1000, (median(with) - median(without)) * 1000))
end
