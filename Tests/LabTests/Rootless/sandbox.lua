-- A sandbox of an ordinary user; arg[1] says whether ranges of users are given to them.
local sandbox = require "sandbox"

assert(sys.uid() == 4321)
local root, ranged = "/srv/work/root", arg[1] == "ranged"
for _, name in ipairs { "sh", "cat", "id", "sleep", "stat", "seq", "grep", "touch", "ls", "chown", "echo" } do
    fs.symlink("busybox", root .. "/bin/" .. name)
end
local function said(line, options)
    options = options or {}
    fs.write("/srv/work/report", "", { mode = "0666" })
    options.root, options.command = root, { "sh", "-c", "exec >/report 2>&1; " .. line }
    options.mounts = { { source = "/srv/work/report", target = "/report" } }
    local result = sandbox.run(options)
    return fs.read "/srv/work/report", result
end
local function equals(text, wanted)
    if text ~= wanted then error(("%q wanted, got %q"):format(wanted, text), 2) end
end

-- Root in there, and nobody's groups come along where there are users to choose from.
equals(said "id -u", "0\n")
equals(said "grep Groups /proc/self/status", ranged and "Groups:\t \n" or "Groups:\t65534 \n")
equals(said("id -u; id -g", ranged and { user = "7:8" } or {}), ranged and "7\n8\n" or "0\n0\n")
equals(said "touch /made && chown 5 /made && stat -c %u /made", ranged and "5\n"
    or "chown: /made: Invalid argument\n")
assert(fs.stat(root .. "/made").uid == (ranged and 200004 or 4321))

-- As tight as with root.
local status = said "grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status"
for _, line in ipairs { "CapEff:\t00000000a80425fb", "CapBnd:\t00000000a80425fb", "NoNewPrivs:\t1", "Seccomp:\t2" } do
    assert(status:find(line, 1, true), status)
end
equals(said "touch /sys/x; echo 1 >/proc/sys/kernel/panic",
    "touch: /sys/x: Read-only file system\nsh: can't create /proc/sys/kernel/panic: Read-only file system\n")
-- A device file that the image brings is none of its own; those of /dev are there.
equals(said "cat /null; echo x >/dev/null && echo fine", "cat: can't open '/null': Permission denied\nfine\n")
-- Without a group of its own its processes are counted all the same.
assert(said("for i in $(seq 30); do sleep 1 & done; echo started", { pids = 8 }):find "can't fork")
-- What only a group can limit is missed where it was asked for.
assert(not pcall(said, "true", { memory = "16M" }))
