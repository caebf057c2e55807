-- Sandboxes with a kernel of Debian's. The first root of such a machine cannot be left by pivot_root(2): the script starts
-- itself once more below another one.
if not fs.exists "/inside" then
    fs.tmpfs("/new", { mkdir = true })
    local own = { new = true, proc = true, sys = true, dev = true }
    for _, name in ipairs(fs.list "/") do
        if not own[name] then proc.run { "busybox", "cp", "-a", "/" .. name, "/new/" } end
    end
    for _, name in ipairs { "proc", "sys", "dev" } do
        fs.bind("/" .. name, "/new/" .. name, { recursive = true, mkdir = true })
    end
    for _, name in ipairs { "inside", "mnt", "tmp", "run" } do fs.mkdir("/new/" .. name) end
    fs.chroot "/new"
    os.exit(proc.run { "/bin/tupper", "script", arg[0], check = false }.code)
end

local sandbox = require "sandbox"
local root = "/mnt/root"
fs.tmpfs("/mnt", { mode = "0755" })
for _, path in ipairs { "bin", "etc", "tmp" } do fs.mkdir(root .. "/" .. path) end
fs.copy("/bin/busybox", root .. "/bin/busybox")
for _, name in ipairs { "sh", "cat", "grep", "sleep", "tail", "touch", "mknod" } do
    fs.symlink("busybox", root .. "/bin/" .. name)
end

local status = "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status"
local tight = "CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n"
do
    local box <close> = sandbox { root = root, command = { "sleep", "100" }, memory = "64M" }
    assert(box:capture { "sh", "-c", status } == tight)
    assert(proc.capture { "sh", "-c", status, within = box.process } == tight)
    local text = box:capture { "sh", "-c", "exec 2>&1; touch /sys/x; exit 0" }
    assert(text:find "Read%-only", text)
    assert(box:stats().memory and box:running())
end

-- Over the memory it is killed, and that is said; over the processes none is made. Without a filter, the same holds in a
-- group of its own one below.
local line = "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1 & done; exit 3"
for _, seccomp in ipairs { "default", false } do
    local function run(options)
        options.root, options.seccomp = root, seccomp
        return sandbox.run(options)
    end
    local result = run { command = { "tail", "/dev/zero" }, memory = "32M", swap = 0 }
    assert(result.out_of_memory and (result.signal == "KILL" or result.code == 137))
    assert(run { command = { "sh", "-c", "exec 2>/dev/null; " .. line }, pids = 6 }.code == 2)
    assert(run { command = { "sh", "-c", "exec 2>/dev/null; mknod /tmp/disk b 8 0; exec 3</tmp/disk; exit 0" } }.code ~= 0)
end

-- Init, its signals, and a program that is not there.
do
    local box <close> = sandbox { root = root, init = true, command = { "sh", "-c",
        "trap 'exit 7' TERM; touch /tmp/ready; while :; do sleep 0.1; done" } }
    while not fs.exists(root .. "/tmp/ready") do sys.sleep "10ms" end
    local first = box:capture { "cat", "/proc/1/status" }
    assert(first:find "CapEff:\t0000000000000020\n" and first:find "Seccomp:\t2\n", first)
    box:signal "TERM"
    assert(box:wait { timeout = "20s" }.code == 7)
end
assert(select(2, pcall(sandbox.run, { root = root, command = { "nothing" } })).code == "ENOENT")
fs.write(root .. "/evil", "#!/proc/self/exe script\n", { mode = "0755" })
assert(select(2, pcall(sandbox.run, { root = root, command = { "/evil" } })).code == "ELOOP")

-- This program's own file, once its copy has started something in there.
local box = ns.spawn({ "mount", "pid" }, function(parent)
    fs.bind(root, root)
    fs.mount { type = "proc", target = "/proc", root = root, mkdir = true }
    fs.pivot(root)
    parent:send((proc.capture { "sh", "-c", "exec 2>&1; cat /proc/1/exe >/dev/null && (: >>/proc/1/exe); exit 0" }))
end)
local told = box:receive()
assert(told:find "Text file busy" or told:find "Read%-only", told)
assert(box:wait().code == 0)
print "the sandboxes hold"
