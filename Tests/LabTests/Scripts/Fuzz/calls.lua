-- One batch of random calls: SEED BATCH COUNT MODE. Runs as a user without privilege in the room that room.lua makes;
-- with the mode "rooted" as root of a user namespace of its own. Each call returns or raises a Lua error.
local seed, batch, count, mode = math.tointeger(arg[1]), math.tointeger(arg[2]), math.tointeger(arg[3]), arg[4]
package.path = "/fuzz/?.lua"
local values = require "values"
local declared = require "declared"
math.randomseed(seed, batch)
local log = assert(io.open("/w/log", "w"))
log:setvbuf "no"

if mode == "rooted" then
    ns.unshare { "mount", "net", "uts", "ipc", "pid", users = "root" }
    fs.mount { type = "proc", target = "/proc" }
end
local home = "/w/1/2/3"
sys.chdir(home)
proc.run { "sh", "-ec", [[
    mkdir -p a/b tree/deep; echo data > f; echo more > tree/deep/g; ln -s a link; ln -s loop loop; ln -s nowhere dangling
    ln -s /etc out; mkfifo fifo; tar cf x.tar tree
    gzip -k x.tar; head -c 60 x.tar.gz > cut.tar.gz; head -c 200000 /dev/zero > big ]] }

-- What does not come back, or leaves this process elsewhere, runs in a copy.
local apart = {
    ["proc.exec"] = true, ["os.exit"] = true, ["ns.unshare"] = true, ["ns.enter"] = true, ["fs.chroot"] = true,
    ["fs.pivot"] = true, ["proc.kill"] = true, ["sys.env"] = true, ["sys.umask"] = true,
}
-- What takes a process's own rights and means away is tried in a copy too; the kernel may then end it.
local takes_away = {}
for name in ([[proc.limits proc.nice proc.oom_score proc.affinity proc.become proc.no_new_privileges proc.session_keyring
    cap.drop cap.keep cap.set seccomp.load landlock.restrict]]):gmatch "%S+" do takes_away[name] = true end

-- Without their timeout these wait for ever, or long.
local function waits(call)
    for _, option in ipairs(call.options) do if option.name == "timeout" then return true end end
end
local traps = { ILL = true, TRAP = true, SEGV = true, ABRT = true, BUS = true, FPE = true, SYS = true }

local alive, released, methods, reached = {}, {}, {}, {}
-- A program may be ended by whatever it was given; a copy of the interpreter may not.
local programs = setmetatable({}, { __mode = "k" })

local function note(kind, handle)
    for _, call in ipairs(declared) do
        if call.kind == kind and not methods[call.name] then methods[call.name] = handle[call.method] end
    end
    alive[#alive + 1] = handle
    values.handles[#values.handles + 1] = handle
    if #values.handles > 24 then table.remove(values.handles, 1) end
end

local function ended(box, expected)
    local ok, ending = pcall(box.wait, box, { timeout = 2 })
    if ok and traps[ending.signal] and not expected then error("a child was ended by " .. ending.signal, 0) end
    pcall(box.release, box)
end

-- Handles get old: the oldest is released, and used a while longer.
local function retire()
    local handle = table.remove(alive, 1)
    local kind = tostring(handle):match "^%a+"
    if kind == "process" and math.random(2) == 1 then ended(handle,
        programs[handle]) elseif handle.release then pcall(handle.release,
        handle) end
    released[#released + 1] = handle
    if #released > 8 then table.remove(released, 1) end
end

local function keep(call, ...)
    for i = 1, math.min(select("#", ...), 3) do
        local value = select(i, ...)
        if type(value) == "userdata" and io.type(value) == nil then
            local kind = tostring(value):match "^%a+"
            programs[value] = call == "proc.spawn" or nil
            note(kind, value)
        end
    end
end

local function receiver(kind)
    local fitting = {}
    for _, handle in ipairs(math.random(5) > 1 and alive or released) do
        if tostring(handle):match "^%a+" == kind then fitting[#fitting + 1] = handle end
    end
    if #fitting > 0 and math.random(8) > 1 then return values.pick(fitting) end
    return values.nonsense()
end

local function options(call)
    local given = call.list and values.of(call.list.type, call.list.name) or {}
    if type(given) ~= "table" or getmetatable(given) then given = { given } end
    local filled = {}
    for key, value in next, given do
        if math.type(key) == "integer" and key < 100 then filled[key] = value end
    end
    for _, option in ipairs(call.options) do
        if math.random(10) <= (option.required and 9 or 4) then filled[option.name] = values.of(option.type, option.name) end
    end
    if math.random(25) == 1 then filled[values.string()] = values.nonsense() end
    if waits(call) then filled.timeout = values.pick { 0, 0.001, 0.01, "5ms" } end
    return filled
end

local function arguments(call)
    local list = table.pack()
    local function add(value) list.n = list.n + 1; list[list.n] = value end
    if call.kind then add(receiver(call.kind)) end
    if math.random(40) == 1 and not waits(call) then return list end
    for _, parameter in ipairs(call.positional) do add(values.of(parameter.type, parameter.name)) end
    if call.takes_table and (waits(call) or math.random(12) > 1) then
        add(options(call))
    elseif math.random(20) == 1 and not waits(call) then
        add(values.nonsense())
    end
    return list
end

local function shown(list)
    local words = {}
    for i = 1, list.n do
        if type(list[i]) == "table" and getmetatable(list[i]) == nil then
            local fields = {}
            for key, value in next, list[i] do fields[#fields + 1] = values.shown(key) .. "=" .. values.shown(value) end
            words[i] = "{" .. table.concat(fields, " ", 1, math.min(#fields, 9)) .. "}"
        else
            words[i] = values.shown(list[i])
        end
    end
    return table.concat(words, ", ")
end

-- Lua's own ways to use handles and errors.
local function misuse()
    local handle, err = values.handle(), select(2, pcall(fs.read, values.nonsense()))
    pcall(tostring, err)
    pcall(function() err.position, err.message = values.nonsense(), values.nonsense(); return tostring(err) end)
    local meta = type(err) == "table" and getmetatable(err)
    if meta then pcall(meta.__tostring, values.nonsense()) end
    pcall(function() return handle[values.nonsense()] end)
    pcall(function() handle[values.nonsense()] = values.nonsense() end)
    pcall(function() local x <close> = handle; error "under way" end)
    pcall(function() return fs[values.nonsense()], require(values.nonsense()) end)
    pcall(function() return handle .. "", #handle, handle < handle end)
end

local function run(call, list)
    local primitive = call.kind and methods[call.name] or not call.kind and _G[call.module][call.method]
    if not primitive then return end
    reached[call.name] = true
    if apart[call.name] or takes_away[call.name] then
        -- Limits and a filter given to a program may end it, as they may end this copy of the interpreter.
        local given = list[list.n]
        local bounded = type(given) == "table" and (rawget(given, "seccomp") or rawget(given, "limits")) ~= nil
        return ended(proc.fork(function() primitive(table.unpack(list, 1, list.n)) end), takes_away[call.name] or bounded)
    end
    local way = math.random(10) == 1 and coroutine.wrap(function(...) return pcall(...) end) or pcall
    local results = table.pack(way(primitive, table.unpack(list, 1, list.n)))
    if results[1] then return keep(call.name, table.unpack(results, 2, math.min(results.n, 4))) end
    assert(type(results[2]) == "table" and type(tostring(results[2])) == "string", tostring(results[2]))
end

-- Some handles to begin with.
keep("proc.fork", proc.fork(function() end))
for number = 1, count do
    local call = values.pick(declared)
    local list = arguments(call)
    log:write(("#%d %s(%s)\n"):format(number, call.name, shown(list)))
    run(call, list)
    if number % 10 == 0 then misuse() end
    if number % 5 == 0 then pcall(sys.chdir, home) end
    if #alive > 20 then retire() end
end
for name in pairs(reached) do log:write("reached " .. name .. "\n") end
log:write "done\n"
for _, handle in ipairs(alive) do if handle.pid then pcall(handle.signal, handle, "KILL") end end
os.exit(0)
