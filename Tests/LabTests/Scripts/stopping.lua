-- One SIGTERM ends a script wherever it is, and what it made is released: in a long call of Lua's own library and in a
-- finalizer no hook runs.
ns.unshare { "mount", "net" }
local tupper = "/proc/" .. proc.self() .. "/exe"
local place = os.tmpname()
fs.tmpfs "/mnt"

local function stopped(signal, status, text)
    fs.write(place, "local bridge = net.bridge 'stopping'\nfs.write('/mnt/runs', '')\n" .. text)
    local child <close> = proc.spawn { tupper, "script", place }
    for _ = 1, 500 do
        if fs.exists "/mnt/runs" then break end
        sys.sleep(0.01)
    end
    fs.remove "/mnt/runs"
    sys.sleep(0.3)
    child:signal(signal)
    local ending = child:wait { timeout = 8 }
    assert(ending.code == status, text .. " --> " .. tostring(ending.code or ending.signal))
    assert(not pcall(net.link, "stopping"), text)
end

local long = "; ('a'):rep(80):find(('a*'):rep(40) .. 'b')"
stopped("TERM", 143, "local _" .. long)
stopped("HUP", 129, "while true do pcall(function() local _ " .. long .. " end) end")
stopped("TERM", 143, "coroutine.wrap(function() local _ " .. long .. " end)()")
stopped("TERM", 143, "setmetatable({}, { __gc = function() while true do end end }) collectgarbage()")
stopped("USR1", 138, "setmetatable({}, { __gc = function() while true do pcall(sys.sleep, 9) end end }) collectgarbage()")
-- It was noticed, and caught, and then comes the long call.
stopped("TERM", 143, "pcall(function() while true do end end)" .. long)
-- A script that catches it and tidies up ends by itself.
stopped("TERM", 0, "pcall(function() while true do end end) for _ = 1, 400000 do local _ = {} end")
stopped("TERM", 143, "error(setmetatable({}, { __tostring = function() while true do end end }))")
os.remove(place)
