-- Lua is Lua here: what its manual promises of the standard library holds.
local tupper = "/proc/" .. proc.self() .. "/exe"
local place = os.tmpname()

-- Runs a script of its own; returns what it printed, errors among it, and its exit status.
local function run(text, before)
    fs.write(place, text)
    local line = (before or "") .. tupper .. " script " .. place .. " 2>&1; echo status $?"
    local words = proc.capture { "sh", "-c", line }
    local printed, status = words:match "^(.-)status (%d+)\n?$"
    return printed, tonumber(status)
end

local function expect(text, printed, status)
    local got, ending = run(text)
    assert(got == printed and ending == (status or 0), ("%s\n--> %s (%s)"):format(text, got, ending))
end

-- The collector runs from the start, and "stop" holds until "restart".
expect([[
    assert(collectgarbage "isrunning" and collectgarbage "stop" == 0 and not collectgarbage "isrunning")
    local weak, last = setmetatable({}, { __mode = "v" }), nil
    weak[1] = {}
    for i = 1, 100000 do last = { i, tostring(i) } end
    assert(weak[1] and last and collectgarbage "count" > 8000 and not collectgarbage "isrunning")
    collectgarbage "restart"
    assert(collectgarbage "isrunning")
    for i = 1, 200000 do last = { i, tostring(i) } end
    assert(not weak[1] and last)
    assert(collectgarbage "incremental" == "incremental" and collectgarbage "generational" == "incremental")
    for i = 1, 200000 do last = { i, tostring(i) } end
    assert(collectgarbage "isrunning" and collectgarbage() == 0 and collectgarbage "count" < 2000)
    print "collected"
]], "collected\n")

-- Garbage of a short script is collected, too, once there is more than a little of it.
expect([[
    for i = 1, 1000000 do local _ = { i } end
    assert(collectgarbage "count" < 16000)
]], "")

-- Warnings are off until "@on"; finalizers warn of their errors.
expect([[
    warn "unheard"
    warn "@on" warn("in ", "parts")
    setmetatable({}, { __gc = function() error("in a finalizer", 0) end }) collectgarbage()
    warn "@off" warn "unheard" warn "@unknown"
]], "Lua warning: in parts\nLua warning: error in __gc (in a finalizer)\n")

-- The primitives are globals like any other: a script's own metatable of _G takes nothing away, nor does one of a module.
expect([[
    local modules = { "cap", "cgroup", "dev", "fs", "landlock", "net", "ns", "proc", "seccomp", "sys", "term" }
    local found = {}
    for name in pairs(_G) do found[name] = true end
    assert(getmetatable(_G) == nil and found.help and rawget(_G, "source") and not rawget(_G, "undo"))
    for _, name in ipairs(modules) do assert(found[name] and type(rawget(_G, name)) == "table", name) end
    setmetatable(_G, { __index = function(_, name) error("undeclared " .. name, 2) end, __newindex = error })
    assert(#cap.names > 30 and fs.exists "/" and require "sandbox".run and type(fs.tmpfs) == "function")
    assert(not pcall(function() return undeclared end))
    local count = 0
    for name, primitive in pairs(fs) do count = count + 1 assert(rawget(fs, name) == primitive) end
    assert(count > 30 and fs.nothing == nil and next(fs))
    -- A script's own values stay, and its own modules.
    sys.mine, cap.names, net = 1, "mine", nil
    for name in pairs(sys) do found[name] = true end
    assert(sys.mine == 1 and found.hostname and cap.names == "mine" and cap.default and rawget(_G, "net") == nil)
    local copy = setmetatable({}, getmetatable(proc))
    assert(copy.self == nil and not pcall(function() return copy.self() end))
    for _ in pairs(copy) do error "what is no module lists nothing" end
]], "")

-- The end of a script is not that of its values, as the manual says of os.exit and __gc.
expect([[
    setmetatable({}, { __gc = function() print "collected" end })
    local value <close> = setmetatable({}, { __close = function() print "closed" end })
    os.exit(true, true)
]], "")
expect("setmetatable({}, { __gc = function() print 'collected' end }) os.exit(7)", "", 7)
expect("setmetatable({}, { __gc = function() print 'collected' end })", "")
expect("local value <close> = setmetatable({}, { __close = function() print 'closed' end })", "closed\n")

-- A module of C is found, and cannot be loaded.
expect([[
    package.cpath = "/nowhere/?.so;" .. arg[0]:gsub("[^/]*$", "?")
    local name = arg[0]:match "[^/]*$"
    local ok, err = pcall(require, name)
    assert(not ok and err:find("from file '" .. arg[0], 1, true) and err:find "modules in Lua only", err)
    ok, err = pcall(require, name .. ".part")
    assert(not ok and err:find("modules in Lua only", 1, true), err)
    ok, err = pcall(require, "missing.part")
    assert(not ok and err:find("no file '/nowhere/missing/part.so'\n", 1, true) and err:find "no file '/nowhere/missing.so'")
    local library, why, kind = package.loadlib(arg[0], "*")
    assert(not library and why:find "Lua only" and kind == "absent")
]], "")

-- Out of memory ends a script, and what it made is released all the same, however little is left.
ns.unshare { "net" }
for _, length in ipairs { 1, 100, 1000, 30000 } do
    local printed, status = run(([[
        net.bridge "memory0"
        local t = {}
        while true do t[#t + 1] = ("x"):rep(%d) .. #t end
    ]]):format(length), "ulimit -v 250000; ")
    assert(printed == "tupper: out of memory\n" and status == 134, printed .. status)
    assert(not pcall(net.link, "memory0"))
end

os.remove(place)
