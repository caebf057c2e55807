-- What a program in a box has as its standard files: nothing of the machine's that it could change.
fs.tmpfs("/mnt", { mode = "0755" })
local root = "/mnt/root"
for _, path in ipairs { "bin", "etc", "tmp" } do fs.mkdir(root .. "/" .. path) end
fs.copy("/bin/busybox", root .. "/bin/busybox")
for _, name in ipairs { "sh", "cat", "ls", "chmod", "chown", "stat", "sleep", "echo", "dd", "true", "seq", "head", "tty", "stty",
    "readlink", "wc" } do
    fs.symlink("busybox", root .. "/bin/" .. name)
end

local function equals(text, wanted)
    if text ~= wanted then error(("%q wanted, got %q"):format(wanted, text), 2) end
end

-- A script of its own, whose standard files a shell opens.
local prelude = [[local sandbox = require "sandbox"
    local function run(line, options)
        options = options or {}
        options.root, options.command = "/mnt/root", { "sh", "-c", line }
        return sandbox.run(options)
    end
]]
local function script(text, files)
    fs.write("/mnt/script.lua", prelude .. text)
    return proc.capture { "sh", "-c", ("'%s' script /mnt/script.lua %s"):format(fs.stat "/proc/self/exe".target, files),
        check = false }
end

-- The null device is the box's own.
dev.node("/mnt/null", "c", 1, 3)
do
    local change = "for n in 0 1 2; do chmod 600 /proc/self/fd/$n; chown 7:7 /proc/self/fd/$n; done; stat -Lc %u /dev/null"
    for _, line in ipairs {
        ("run %q"):format(change),
        ([[local box <close> = sandbox { root = "/mnt/root", command = { "sleep", "9" } }
            box:run { "sh", "-c", %q }]]):format(change),
    } do
        script(line, "</mnt/null >/mnt/null 2>/mnt/null")
        local status = fs.stat "/mnt/null"
        assert(status.mode == "0666" and status.uid == 0, status.mode)
    end
    equals(script("run 'cat; echo out; echo err >&2; cat /proc/self/fd/0'", "</mnt/null 2>&1"), "out\nerr\n")
end

-- Directories and disks are refused before anything is made.
dev.node("/mnt/disk", "b", 7, 0)
for file, kind in pairs { ["/mnt"] = "directory", ["/mnt/disk"] = "block device" } do
    local text = script("print(select(2, pcall(run, 'true')))", "<" .. file .. " 2>&1")
    -- A loop device that nothing is attached to may not be opened at all.
    assert(text:find("standard input is a " .. kind .. ", and is not given to a box", 1, true)
        or kind == "block device" and text:find "/mnt/disk", text)
end
equals(script([[
    local box <close> = sandbox { root = "/mnt/root", command = { "sleep", "9" }, terminal = term.open() }
    print(select(2, pcall(box.run, box, { "true" })).code)]], "</mnt"), "EISDIR\n")
