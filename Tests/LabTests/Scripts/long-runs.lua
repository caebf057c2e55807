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
