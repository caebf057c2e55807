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

-- What stands for a regular file is a pipe: what is in it can be read and written in order, and not otherwise.
do
    fs.write("/mnt/log", "before\n")
    local attack = "for n in 1 2; do : >/proc/self/fd/$n; chmod 600 /proc/self/fd/$n; done; cat /proc/self/fd/1 & echo after"
    equals(script(("run %q print(1)"):format(attack), "</dev/null >>/mnt/log 2>&1"), "")
    equals(fs.read "/mnt/log", "before\nafter\n1\n")
    assert(fs.stat "/mnt/log".mode == "0644")
    equals(script(("run(%q, { host_files = true })"):format(": >/proc/self/fd/1; echo forged"), "</dev/null >>/mnt/log"), "")
    equals(fs.read "/mnt/log", "forged\n")
    -- Two streams into one file keep their order, into two they are apart.
    local both = "for n in $(seq 200); do echo $n; echo $n >&2; done"
    script(("run %q"):format(both), ">/mnt/log 2>&1")
    local wanted = {}
    for number = 1, 200 do wanted[number] = ("%d\n%d\n"):format(number, number) end
    equals(fs.read "/mnt/log", table.concat(wanted))
    script(("run %q"):format(both), ">/mnt/log 2>/mnt/errors")
    equals(fs.read "/mnt/log", fs.read "/mnt/errors")
    assert(#fs.read "/mnt/log" == #table.concat(wanted) / 2)
end

-- All has arrived when the program's end is told, in order with what the script prints; the status is the program's own.
do
    local text = [[for number = 1, 3 do
        print(number, run("seq 100000; exit " .. number).code)
        io.stdout:flush()
    end
    local box <close> = sandbox { root = "/mnt/root", command = { "sleep", "9" } }
    box:run { "seq", "50000" }
    print(box:run { "sh", "-c", "seq 50000; exit 4", check = false }.code)
    box:spawn { "seq", "10" }:wait()
    print "end"]]
    script(text, "</dev/null >/mnt/log 2>&1")
    local function upto(number)
        local lines = {}
        for line = 1, number do lines[line] = line .. "\n" end
        return table.concat(lines)
    end
    local all = upto(100000)
    local half = upto(50000)
    local wanted = all .. "1\t1\n" .. all .. "2\t2\n" .. all .. "3\t3\n" .. half .. half .. "4\n" .. upto(10) .. "end\n"
    local got = fs.read "/mnt/log"
    assert(got == wanted, #got .. " rather than " .. #wanted .. got:sub(-100))
end

-- Files that are named: read, and emptied before they are written, one for both where they are the same.
do
    fs.write("/mnt/given", "of the given\n")
    fs.write("/mnt/out", "of before\n")
    script([[run("cat; echo out; echo err >&2; : >/proc/self/fd/1",
            { stdin = "/mnt/given", stdout = "/mnt/out", stderr = "/mnt/err" })
        run("echo one; echo two >&2", { stdout = "/mnt/both", stderr = "/mnt/both" })
        run("cat; echo lost", { stdin = "/mnt/null", stdout = "/dev/null" })]], "2>/mnt/errors")
    equals(fs.read "/mnt/out" .. fs.read "/mnt/err" .. fs.read "/mnt/both", "of the given\nout\nerr\none\ntwo\n")
    equals(fs.read "/mnt/errors", "")
    for wanted, options in pairs {
        ["standard input is a directory"] = "stdin = '/mnt'", ["/mnt/missing"] = "stdin = '/mnt/missing'",
        ["not for a box with 'terminal'"] = "stdout = '/mnt/out', host_files = true",
        ["option 'stdin': string wanted"] = "stdin = true",
    } do
        local text = script(("print(select(2, pcall(run, 'true', { %s })))"):format(options), "</dev/null")
        assert(text:find(wanted, 1, true), text)
    end
    equals(fs.read "/mnt/out", "of the given\nout\n")
end

-- Input is read from where the caller has come to, and its end arrives; a program that reads none of it ends all the same.
do
    fs.write("/mnt/input", ("line\n"):rep(100000))
    equals(script("run 'wc -l'", "</mnt/input"), "100000\n")
    equals(script("run 'head -n 1; exit 0'", "</mnt/input"), "line\n")
    equals(script("print(run('exit 5').code)", "</mnt/input"), "5\n")
    equals(script("print(run('cat /proc/self/fd/0 | wc -c; : >/proc/self/fd/0').code)", "</mnt/input"), "500000\n0\n")
    assert(#fs.read "/mnt/input" == 500000)
    -- A FIFO has an owner like a file.
    dev.node("/mnt/fifo", "p")
    local text = script("run 'cat; chmod 600 /proc/self/fd/0'", "2>&1 < /mnt/fifo & echo typed >/mnt/fifo; wait")
    assert(text:find "^typed\n" and fs.stat "/mnt/fifo".mode == "0666", text)
end

-- Pipes stay pipes, and who does not wait for a box stalls nobody.
do
    equals(script("run 'cat; readlink /proc/self/fd/0 | cut -c1-5'", "<<EOF | cat\nhere\nEOF"):sub(1, 5), "here\n")
    local text = [[local box <close> = sandbox { root = "/mnt/root", command = { "sh", "-c", "seq 200000; echo >/done" },
            mounts = { { source = "/mnt/place", target = "/place" } } }
        for _ = 1, 200 do
            if fs.exists "/mnt/root/done" then return print "written" end
            sys.sleep "50ms"
        end]]
    fs.mkdir "/mnt/place"
    script(text, ">/mnt/log")
    assert(fs.read "/mnt/log":find "200000\n" and fs.read "/mnt/log":find "written\n")
    -- Nothing is left of those that pass bytes.
    equals(script([[run "echo out"
        local count = 0
        for _, process in ipairs(proc.list()) do if process.parent == proc.self() then count = count + 1 end end
        print(count)]], ">/mnt/log"), "")
    equals(fs.read "/mnt/log", "out\n0\n")
end

-- A terminal is one in the box too, whose mode, owner and settings stay.
do
    local terminal = term.open()
    local child = proc.spawn { fs.stat "/proc/self/exe".target, "script", "/mnt/script.lua", terminal = terminal }
    fs.write("/mnt/script.lua", prelude .. [[
        local before = fs.stat("/proc/self/fd/0", { follow = true })
        print(run("chmod 600 /proc/self/fd/0; chown 7:7 /proc/self/fd/1; read x; echo got $x; test -t 1 && echo same").code)
        local after = fs.stat("/proc/self/fd/0", { follow = true })
        print(before.mode == after.mode and before.uid == after.uid and "kept")]])
    terminal:write "typed\n"
    local text = ""
    repeat
        local ok, more = pcall(terminal.read, terminal, { timeout = "20s" })
        text = text .. (ok and more or "")
    until not ok or not more
    assert(child:wait().code == 0)
    assert(text:find "got typed\r\nsame\r\n0\r\nkept\r\n" and select(2, text:gsub("Read%-only file system", "")) == 2, text)
end
