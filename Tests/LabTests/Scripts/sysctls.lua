-- Kernel parameters: set in namespaces of one's own, never in those that the script was started in.
local function refused(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "not refused")
    return err
end
local forward = "net.ipv4.ip_forward"
local before = sys.sysctl(forward)
local other = before == "1" and "0" or "1"
local hostname = sys.hostname()
assert(sys.sysctl "kernel.ostype" == "Linux" and sys.sysctl "kernel/ostype" == "Linux")
-- The host's.
local err = refused(sys.sysctl, forward, other)
assert(tostring(err):find "belongs to the net namespace that this script was started in" and err.hint:find "ns.spawn")
assert(tostring(refused(sys.sysctl, "kernel.hostname", "x")):find "the uts namespace")
assert(tostring(refused(sys.sysctl, "kernel.msgmax", 1)):find "the ipc namespace")
assert(tostring(refused(sys.sysctl, "user.max_net_namespaces", 1)):find "the user namespace")
for _, name in ipairs { "kernel.panic", "vm.swappiness", "fs.file-max", "kernel.core_pattern", "kernel.ns_last_pid" } do
    assert(tostring(refused(sys.sysctl, name, 1)):find "belongs to the whole machine", name)
end
for _, name in ipairs { "", ".", "net", "net..ipv4", "net/../kernel/panic", "../sysrq-trigger",
    "net.ipv4.ip_forward+kernel.panic",
    "net.ipv4.ip_forward=1 kernel", "/net/ipv4/ip_forward", "net/ipv4/", "net\n.x", ("net.x"):rep(100) } do
    assert(tostring(refused(sys.sysctl, name, 1)):find "a parameter such as", name)
end
assert(tostring(refused(sys.sysctl, forward, "1\n")):find "printable")
-- One's own: written, read back, the host's unchanged; its outcome is what cat sees.
local box <close> = ns.spawn({ "net", "ipc", "uts" }, function(parent)
    local told = { sys.sysctl(forward, other), sys.sysctl("kernel.msgmax", 4096), sys.sysctl("kernel.sem", "100 200 30 40"),
        sys.sysctl("kernel.hostname", "inside"), sys.sysctl("net/ipv4/conf/lo/forwarding", other),
        proc.capture { "cat", "/proc/sys/net/ipv4/ip_forward" } }
    parent:send(told)
    local bad = refused(sys.sysctl, forward, "many")
    parent:send { bad.code, bad.path }
    parent:receive()
    -- Back in the namespace of the beginning it is the host's again, whatever was made before.
    ns.enter(parent:receive(), { "net" })
    parent:send(tostring(refused(sys.sysctl, forward, other)))
end)
local told = box:receive()
assert(told[1] == other and told[2] == "4096" and told[3] == "100\t200\t30\t40" and told[4] == "inside")
assert(told[5] == other and told[6] == other .. "\n")
told = box:receive()
assert(told[1] == "EINVAL" and told[2] == "/proc/sys/net/ipv4/ip_forward")
assert(ns.within(box, { "net" }, function() return sys.sysctl(forward, other) end) == other)
assert(not pcall(ns.within, box, { "uts" }, function() return sys.sysctl(forward, other) end))
box:send "on"
box:send(proc.self())
assert(box:receive():find "that this script was started in")
assert(sys.sysctl(forward) == before and sys.hostname() == hostname)
-- A /proc that is none, a directory of a procfs bound there, and a file laid over the parameter (CVE-2025-52881).
local function tried(prepare)
    local child = ns.spawn({ "mount", "net" }, function(parent)
        prepare()
        parent:send(refused(sys.sysctl, forward, other).code)
    end)
    return child:receive()
end
assert(tried(function()
    fs.tmpfs "/proc"
    fs.mkdir "/proc/sys/net/ipv4"
    fs.write("/proc/sys/net/ipv4/ip_forward", "0")
end) == "ENOENT")
assert(tried(function() fs.bind("/proc/sys", "/proc") end) == "ENOENT")
assert(tried(function()
    fs.tmpfs "/mnt"
    fs.write("/mnt/decoy", "0")
    fs.bind("/mnt/decoy", "/proc/sys/net/ipv4/ip_forward")
end) == "EXDEV")
-- A descriptor of the host's, left open, is no way to start a program outside the root (CVE-2024-21626).
local leaked <close> = assert(io.open "/usr")
local escape = ns.spawn({ "mount", "pid" }, function(parent)
    fs.tmpfs "/mnt"
    fs.mkdir "/mnt/bin"
    fs.copy("/bin/busybox", "/mnt/bin/busybox")
    fs.mount { type = "proc", target = "/mnt/proc", mkdir = true }
    fs.pivot "/mnt"
    local found = { (proc.capture { "/bin/busybox", "pwd" }) }
    for number = 3, 30 do
        local cwd = "/proc/self/fd/" .. number
        if fs.exists(cwd) and fs.stat(cwd, { follow = true }).type == "directory" then
            local out = refused(proc.run, { "/bin/busybox", "true", cwd = cwd })
            found[#found + 1] = out.code .. " " .. out.hint
        end
    end
    parent:send(found)
end)
told = escape:receive()
assert(told[1] == "/\n" and #told >= 2)
for i = 2, #told do assert(told[i]:find "^EXDEV go inside first") end
assert(leaked)
