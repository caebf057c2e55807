-- What a sandbox is like from inside, as busybox sees it, and what happens at its limits.
local sandbox = require "sandbox"

fs.tmpfs("/mnt", { mode = "0755" })
local root, out = "/mnt/root", "/mnt/out"
fs.mkdir(root .. "/bin")
fs.mkdir(root .. "/etc")
fs.mkdir(root .. "/tmp")
fs.mkdir(out)
fs.copy("/bin/busybox", root .. "/bin/busybox")
for _, name in ipairs { "sh", "cat", "ls", "id", "hostname", "env", "mount", "grep", "sleep", "tail", "touch", "stat",
    "dmesg", "chroot", "mknod", "wc", "seq", "tty", "kill" } do
    fs.symlink("busybox", root .. "/bin/" .. name)
end
fs.write(root .. "/etc/passwd", "root:x:0:0::/root:/bin/sh\nbuilder:x:1000:100::/tmp:/bin/sh\n")
fs.write(root .. "/etc/group", "root:x:0:\nusers:x:100:\n")

-- Runs a line of shell in a sandbox; returns what it printed, and how it ended.
local function inside(line, more)
    local options = { root = root, command = { "sh", "-c", "exec >/out/report 2>&1; " .. line },
        mounts = { { source = out, target = "/out" } } }
    for name, value in pairs(more or {}) do options[name] = value end
    fs.write(out .. "/report", "")
    fs.chmod(out .. "/report", "0666")
    local result = sandbox.run(options)
    return fs.read(out .. "/report"), result
end

local function has(text, wanted)
    if not text:find(wanted, 1, true) then error(("%q is not in:\n%s"):format(wanted, text), 2) end
end
local function equals(text, wanted)
    if text ~= wanted then error(("%q wanted, got %q"):format(wanted, text), 2) end
end
local function lacks(text, unwanted)
    if text:find(unwanted, 1, true) then error(("%q is in:\n%s"):format(unwanted, text), 2) end
end

do
    local text, result = inside "id -u; hostname; env; echo end"
    assert(result.code == 0 and not result.out_of_memory)
    has(text, "0\nsandbox\n")
    has(text, "PATH=/usr/local/sbin")
    lacks(text, "PWD=/mnt")
end

-- Docker's fourteen capabilities, in no set more; no new privileges, a filter of system calls.
do
    local status = inside "cat /proc/self/status"
    has(status, "CapInh:\t0000000000000000")
    has(status, "CapPrm:\t00000000a80425fb")
    has(status, "CapEff:\t00000000a80425fb")
    has(status, "CapBnd:\t00000000a80425fb")
    has(status, "CapAmb:\t0000000000000000")
    has(status, "NoNewPrivs:\t1")
    has(status, "Seccomp:\t2")
    has(status, "SigBlk:\t0000000000000000")
    has(status, "Umask:\t0022")
end

-- Nothing of the host: descriptors, mounts, processes, links, the terminal.
do
    equals(inside "ls /proc/self/fd | wc -l", "4\n") -- the three, and the directory itself
    local mounts = inside "cat /proc/self/mountinfo"
    lacks(mounts, "/mnt/root ")
    lacks(mounts, "oldroot")
    assert(tonumber((inside "ls -d /proc/[0-9]* | wc -l")) <= 4) -- the shell, what it runs, and it again in between
    local links = inside "cat /proc/net/dev"
    has(links, "lo:")
    assert(select(2, links:gsub(":", "")) == 1, links)
    has(inside "ls /..", "bin")
end

-- What root in it may not do.
for line, wanted in pairs {
    ["mount -t tmpfs none /tmp"] = "mount: permission denied (are you root?)\n",
    ["echo x >/proc/sys/kernel/hostname"] = "sh: can't create /proc/sys/kernel/hostname: Read-only file system\n",
    ["touch /sys/x"] = "touch: /sys/x: Read-only file system\n",
    ["mknod /tmp/disk b 8 0 && cat /tmp/disk"] = "cat: can't open '/tmp/disk': Operation not permitted\n",
    ["dmesg"] = "dmesg: klogctl: Operation not permitted\n",
} do
    equals(inside(line), wanted)
end

-- Of what is hidden, whatever this kernel has is empty.
do
    local found = 0
    for _, path in ipairs(require "masks".hidden) do
        if fs.exists(path) then
            found = found + 1
            equals(inside(("test -d %s && ls %s || cat %s"):format(path, path, path)), "")
        end
    end
    assert(found >= 3)
    assert(#fs.read "/proc/keys" > 0 and #fs.list "/sys/firmware" > 0)
end

-- A root that refuses writing, also below; /tmp of its own.
do
    local text = inside("touch /x; touch /etc/x; touch /tmp/x && echo written",
        { readonly = true, mounts = { { source = out, target = "/out" }, { tmpfs = "1M", target = "/tmp" } } })
    assert(select(2, text:gsub("Read%-only", "")) == 2, text)
    has(text, "written")
end

-- A user of the image's own.
equals(inside("id -u; id -g; touch /bin/x", { user = "builder", cwd = "/tmp" }),
    "1000\n100\ntouch: /bin/x: Permission denied\n")

-- Limits: what goes over is ended, and that is said.
do
    local _, result = inside("tail /dev/zero", { memory = "32M", swap = 0 })
    assert(result.out_of_memory and (result.signal == "KILL" or result.code == 137), result.code)
    local text = inside("for i in $(seq 40); do sleep 5 & done; echo started", { pids = 16 })
    has(text, "fork")
end

-- A fork bomb: it can be ended, and the group is gone.
do
    local box <close> = sandbox { root = root, pids = 64, command = { "sh", "-c",
        "exec 2>/dev/null; f() { f | f & }; f; sleep 60" } }
    sys.sleep "300ms"
    assert(box:running())
    local name = box.group.name
    box:release()
    assert(not pcall(cgroup.find, name))
end

-- Two hundred at once start, run and end.
do
    local boxes = {}
    for number = 1, 200 do
        boxes[number] = sandbox { root = root, command = { "sh", "-c",
            "until [ -e /out/go ]; do sleep 0.5; done" }, memory = "16M",
            mounts = { { source = out, target = "/out" } } }
    end
    for _, box in ipairs(boxes) do assert(box:running()) end
    fs.write(out .. "/go", "")
    for _, box in ipairs(boxes) do assert(box:wait { timeout = "20s" }.code == 0) end
    for _, box in ipairs(boxes) do assert(not box:running() and not box.group) end
end

-- Wrong options are refused before anything is made.
local true_command = { "true" }
for message, options in pairs {
    ["unknown option 'memroy'"] = { root = root, command = true_command, memroy = 1 },
    ["option 'command' is missing"] = { root = root },
    ["option 'root' is missing"] = { command = true_command },
    ["is no directory"] = { root = root .. "/etc/passwd", command = true_command },
    ['network is "none" or "host"'] = { root = root, command = true_command, network = "bridge" },
    ["memory"] = { root = root, command = true_command, memory = "12Q" },
    ["option 'readonly': boolean wanted, got string"] = { root = root, command = true_command, readonly = "yes" },
    ["unknown option 'mounts[1].read_only'"] = { root = root, command = true_command,
        mounts = { { source = out, target = "/out", read_only = true } } },
    ["option 'mounts[1].target' is missing"] = { root = root, command = true_command, mounts = { { tmpfs = "1M" } } },
    ["mounts[1]: either source or tmpfs wanted"] = { root = root, command = true_command,
        mounts = { { target = "/out" } } },
} do
    local before = #fs.mounts()
    local ok, problem = pcall(sandbox, options)
    assert(not ok and tostring(problem):find(message, 1, true), tostring(problem))
    assert(#fs.mounts() == before and not fs.exists(root .. "/out/x"))
end

-- A program that is not there: one error, and nothing about what else could not be taken away.
do
    local _, lines = pcall(sandbox.run, { root = root, command = { "nothing-of-this-name" } })
    assert(lines.code == "ENOENT" and tostring(lines):find "nothing%-of%-this%-name", tostring(lines))
end
