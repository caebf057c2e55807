-- What a script makes and releases again and again leaves no descriptor, no memory and no long journal.
local function descriptors() return #fs.list "/proc/self/fd" end

-- A terminal gives back both sockets that its sides are passed through.
local before = descriptors()
for _ = 1, 20 do term.open():release() end
assert(descriptors() == before, descriptors() - before)
local terminal = term.open()
terminal:release()
local ok, err = pcall(terminal.read, terminal, { timeout = "10ms" })
assert(not ok and err.code == "EBADF", tostring(err))

-- The journal holds what is made and not yet gone; here there is always one such mount. It lies in /run, so this is done
-- beside a /run of its own, in the mount namespace that the program finds itself in.
local program = fs.stat("/proc/self/exe").target
local inner = [[
    fs.mkdir "/run/a"
    fs.mkdir "/run/b"
    local older = fs.tmpfs "/run/a"
    local most = 0
    for turn = 1, 4000 do
        local newer = fs.tmpfs(turn % 2 == 0 and "/run/a" or "/run/b")
        older:release()
        older = newer
        if turn % 50 == 0 then
            local files = fs.glob "/run/tupper/*-*"
            assert(#files == 1, #files)
            most = math.max(most, fs.stat(files[1]).size)
        end
    end
    assert(most > 0 and most < 80000, most)
    local notes = fs.read(fs.glob "/run/tupper/*-*"[1])
    assert(notes:find "mount", notes)
    proc.kill(proc.self(), "KILL")
]]
-- After kill -9 the shortened journal is enough to take the last mount away.
local outer = [[
    mount -t tmpfs -o mode=755 run /run
    "$0" script - <<'LUA'
]] .. inner .. [[
LUA
    test $? = 137 || exit 1
    "$0" clean || exit 2
    test "$(grep -c ' /run/[ab] ' /proc/self/mounts)" = 0 || exit 3
]]
assert(proc.run { "unshare", "--mount", "sh", "-c", outer, program }.code == 0)

-- Each child costs descriptors: the soft limit on open files does not stop at the usual one, and programs still get that.
local many = [[
    "$0" script - <<'LUA'
    local held = {}
    for place = 1, 40 do held[place] = ns.spawn({ "uts" }, function(parent) parent:receive() end) end
    assert(proc.capture { "sh", "-c", "ulimit -Sn" } == "64\n")
    local own <close> = ns.spawn({ "uts" }, function()
        proc.limits { open_files = 50 }
        proc.exec { "sh", "-c", "test $(ulimit -n) = 50" }
    end)
    assert(own:wait().code == 0)
LUA
]]
assert(proc.run { "sh", "-c", "ulimit -Sn 64; " .. many, program }.code == 0)

-- What a program prints is taken up to a limit, also where the program would print for ever, and what it leaves running
-- does not hold up its end.
local start = sys.time()
ok, err = pcall(proc.capture, { "yes", limit = "1M" })
assert(not ok and err.code == "EFBIG" and err.hint:find "limit", tostring(err))
assert(#proc.capture { "sh", "-c", "yes | head -c 3000000" } == 3000000)
assert(proc.capture { "sh", "-c", "sleep 20 & echo done" } == "done\n" and sys.time() - start < 15)
assert(proc.capture { "sh", "-c", "exec >&-; sleep 0.2" } == "")
assert(not pcall(proc.capture, { "printf", "12345", limit = 4 }))
assert(proc.capture { "printf", "12345", limit = 5 } == "12345")
