-- Terminals: of a container's own, attached to, left and come back to, resized, flooded; and settled afterwards.
local program = fs.stat "/proc/self/exe".target
ns.unshare { "mount" }
fs.tmpfs "/mnt"
local applets = { "sh", "ls", "cat", "stty", "tty", "sleep", "yes", "head", "echo", "stat", "readlink" }
local function until_seen(terminal, wanted, seconds)
    local seen, deadline = "", sys.time() + (seconds or 20)
    while not seen:find(wanted) do
        assert(sys.time() < deadline, ("%q wanted, got %q"):format(wanted, seen:sub(-2000)))
        local ok, more = pcall(terminal.read, terminal, { timeout = "1s" })
        if ok then
            assert(more, ("%q wanted, closed after %q"):format(wanted, seen:sub(-2000)))
            seen = (seen .. more):sub(-100000)
        else
            assert(more.code == "ETIMEDOUT", tostring(more))
        end
    end
    return seen
end

-- What a container sees of it.
local prelude = [[
local root = "/mnt"
local function container(terminal, line, kinds)
    kinds = kinds or { "mount", "pid", "ipc", "uts", "net" }
    kinds.terminal = terminal
    return ns.spawn(kinds, function()
        fs.tmpfs(root)
        for _, name in ipairs { "bin", "proc", "tmp" } do fs.mkdir(root .. "/" .. name) end
        fs.write(root .. "/bin/busybox", fs.read "/bin/busybox")
        fs.chmod(root .. "/bin/busybox", "0755")
        for name in APPLETS:gmatch "%S+" do fs.symlink("busybox", root .. "/bin/" .. name) end
        dev.populate(root, { terminal = terminal })
        fs.mount { type = "proc", target = "/proc", root = root }
        fs.pivot(root)
        proc.exec { "/bin/sh", "-c", line, clear_env = true, env = { PATH = "/bin" } }
    end)
end
]]
prelude = ("APPLETS = %q\n"):format(table.concat(applets, " ")) .. prelude
local container = assert(load(prelude .. "return container"))()
local users = { { inside = 0, outside = 100000, count = 65536 } }
for _, map in ipairs { false, users } do
    local terminal = term.open { rows = 33, columns = 99 }
    local box = container(terminal, [[
        tty; stty size; echo $(ls /dev/pts); stat -c '%u %t:%T' /dev/console; echo console > /dev/console
        echo own > /dev/tty; for n in 0 1 2; do readlink /proc/self/fd/$n; done; ls -1 /proc/$$/fd; cat /proc/self/mountinfo
        read line; echo got $line]], { "mount", "pid", "ipc", "uts", "net", users = map or nil })
    local seen = until_seen(terminal, " /proc "):gsub("\r", "")
    local wanted = "/dev/pts/0\n33 99\n0 ptmx\n0 88:0\nconsole\nown\n/dev/pts/0\n/dev/pts/0\n/dev/pts/0\n0\n1\n2\n"
    assert(seen:sub(1, #wanted) == wanted, seen)
    assert(not seen:find "/mnt" and seen:find "/dev/console")
    terminal:write "hello\n"
    until_seen(terminal, "got hello")
    assert(box:wait().code == 0)
    assert(terminal:read() == nil or terminal:read() == nil)
end

-- An image that puts traps at /dev/pts or its ptmx is not asked: a terminal of another devpts is made.
local trap = term.open()
local box = ns.spawn({ "mount", "pid" }, function(parent)
    fs.tmpfs "/dev/pts"
    dev.node("/dev/pts/ptmx", "c", 1, 3)
    local child = proc.spawn { "sh", "-c", "test -t 0 && echo a terminal", terminal = trap }
    child:wait()
    local ok, err = pcall(trap.read, trap)
    parent:send(not ok and err.code)
end)
until_seen(trap, "a terminal")
assert(box:receive() == "EBADF" and box:wait().code == 0)

-- The same program again, attached to terminals that this script plays the person of.
local function person(script, around)
    fs.write("/mnt/inner.lua", prelude .. script)
    local terminal = term.open { rows = 24, columns = 80 }
    local line = (around or "before=$(stty -g); %s; echo; test \"$(stty -g)\" = $before && echo settled $?")
        :format "/mnt/tupper script /mnt/inner.lua"
    return terminal, proc.spawn { "sh", "-c", line, terminal = terminal }
end
fs.symlink(program, "/mnt/tupper")
local attached = [[
    local terminal = term.open()
    local box = container(terminal, LINE)
    local result = { pcall(term.attach, terminal, box) }
    io.stderr:write("result ", tostring(result[2]), "\r\n")
]]
-- Keys pass raw, the size passes, also a new one; the end settles.
local terminal, shell = person("LINE = [[stty size; echo ready; read a; stty size; cat; exit 3]]\n" .. attached
    .. "io.stderr:write('status ', box:wait().code, '\\r\\n')")
until_seen(terminal, "24 80\r\nready")
terminal:resize(50, 132)
sys.sleep "100ms"
terminal:write "x\r"
until_seen(terminal, "50 132")
terminal:write "\3" -- Ctrl-C is the container's, whose shell it ends.
local seen = until_seen(terminal, "settled 0")
assert(seen:find "result ended" and seen:find "status", seen)
shell:wait()

-- Detached by keys, attached again; a key of the sequence alone passes after a moment; other keys can be chosen.
terminal, shell = person([[
    local terminal = term.open()
    local box = container(terminal, "stty raw -echo; echo ready; head -c 3; echo; echo heard; sleep 60")
    io.stderr:write("first ", term.attach(terminal, box), "\r\n")
    io.stderr:write("second ", term.attach(terminal, box, { detach = "ctrl-a d" }), "\r\n")
    box:signal "KILL"
    io.stderr:write("third ", term.attach(terminal, box), "\r\n")]])
until_seen(terminal, "ready")
terminal:write "a\16"
sys.sleep "800ms"
terminal:write "b\16\17c"
seen = until_seen(terminal, "first detached")
if not seen:find "heard" then seen = seen .. until_seen(terminal, "heard") end
terminal:write "\1d"
seen = seen .. until_seen(terminal, "settled 0")
assert(seen:find "^[^\16]*a\16" and seen:find "b\nheard", seen)
assert(seen:find "second detached" and seen:find "third ended", seen)
shell:wait()

-- Whatever ends it, the terminal is as it was: signals, an error, the child's end by SIGKILL, a crash.
for _, ending in ipairs { "TERM", "HUP", "INT", "QUIT", "SEGV", "ABRT", "USR1", "ALRM", "kill", "TSTP" } do
    terminal, shell = person("LINE = [[echo ready; sleep 60]]\n" .. attached,
        "before=$(stty -g); set -m; %s & echo $! > /mnt/pid; fg > /dev/null; echo; "
            .. "test \"$(stty -g)\" = $before && echo settled $?")
    until_seen(terminal, "ready")
    local pid = tonumber(fs.read "/mnt/pid":match "%d+")
    if ending == "kill" then
        for _, process in ipairs(proc.list()) do
            if process.parent == pid then proc.kill(process.pid, "KILL") end
        end
    else
        proc.kill(pid, ending)
    end
    local ok, message = pcall(until_seen, terminal, "settled 0", 10)
    assert(ok, ending .. ": " .. tostring(message))
    shell:release()
    if ending == "TSTP" then proc.kill(pid, "KILL") end
end

-- A container that floods: the keys still work at once, and what is printed is not heaped up.
terminal, shell = person([[
    local terminal = term.open()
    local box = container(terminal, "yes 0123456789012345678901234567890123456789")
    term.attach(terminal, box)
    local status = fs.read "/proc/self/status"
    io.stderr:write("\r\nheld ", status:match "VmRSS:%s*(%d+)", " at most ", status:match "VmHWM:%s*(%d+)", "\r\n")
    local before = status:match "VmHWM:%s*(%d+)"
    pcall(box.wait, box, { timeout = "500ms" })
    io.stderr:write("grown ", fs.read "/proc/self/status":match "VmHWM:%s*(%d+)" - before, "\r\n")]])
until_seen(terminal, "012345")
sys.sleep "500ms" -- Nobody reads meanwhile.
terminal:write "\16\17"
seen = until_seen(terminal, "settled 0")
-- 4.2 MB are kept after half a second, and no more after three.
assert(seen:find "held %d+" and tonumber(seen:match "grown (%d+)") < 5120, seen:sub(-300))
shell:wait()

-- Not attached at all, it goes on while somebody waits, and ends; the last of what it printed is kept.
terminal = term.open()
box = container(terminal, "yes 0123456789 | head -c 5000000; echo the end")
assert(box:wait { timeout = "30s" }.code == 0)
local kept, last = 0, ""
repeat
    last = last:sub(-10) .. terminal:read { timeout = "5s" }
    kept = kept + #last
until last:find "the end"
-- 64 KiB here, and what the kernel holds.
assert(kept < 200000, kept)

-- Standard input that is no terminal: its end ends the programs' input.
fs.write("/mnt/inner.lua", prelude .. [[
    local terminal = term.open { rows = 7, columns = 70 }
    local box = container(terminal, "stty -echo; stty size; cat; echo over")
    sys.sleep "300ms"
    print(term.attach(terminal, box))]])
seen = proc.capture { "/mnt/tupper", "script", "/mnt/inner.lua", input = "one\ntwo" }:gsub("\r", "")
assert(seen:find "7 70" and seen:find "one\ntwo" and seen:find "over\nended", seen)

-- Nonsense is refused.
for _, wrong in ipairs { { rows = 0 }, { columns = 65536 }, { rows = -1 }, { rows = "x" } } do
    assert(not pcall(term.open, wrong))
end
for _, keys in ipairs { "", "ctrl-", "ctrl-1", "alt-x", "a b c d e f g h i", true } do
    assert(not pcall(term.attach, terminal, box, { detach = keys }), tostring(keys))
end
terminal:release()
assert(not pcall(terminal.resize, terminal, 10, 10))
