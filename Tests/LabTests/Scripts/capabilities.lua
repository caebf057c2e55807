-- Capabilities: the five sets as the kernel and capsh show them, from inside.
local function set(list)
    local found = {}
    for _, name in ipairs(list) do found[name] = true end
    return found
end
local function status(words)
    local out = {}
    for name, digits in proc.capture(words or { "cat", "/proc/self/status" }):gmatch "Cap(%a+):%s*(%x+)" do
        out[name] = tonumber(digits, 16)
    end
    return out
end
-- Docker's fourteen, as capsh decodes the mask that its documentation gives.
assert(#cap.default == 14 and #cap.names >= 38)
local mask = 0xa80425fb
local decoded = proc.capture { "capsh", ("--decode=%016x"):format(mask) }
assert(decoded:upper():find("=CAP_" .. table.concat(cap.default, ",CAP_") .. "\n", 1, true))
-- What cap.get tells is what /proc tells, of this process and of another.
local mine = cap.get()
assert(#mine.effective > 14 and set(mine.effective).SYS_ADMIN and #mine.ambient == 0 and #mine.securebits == 0)
local sleeper <close> = proc.spawn { "sleep", "60" }
assert(#cap.get(sleeper.pid).bounding == #mine.bounding)
-- Kept: bounding dropped, nothing to inherit; a program of root's has just these.
local box = proc.fork(function(parent)
    cap.set { inheritable = { "SYS_ADMIN", "CHOWN" } }
    cap.keep(cap.default)
    parent:send { cap.get(), status() }
end)
local sets, seen = table.unpack(box:receive())
for _, name in ipairs { "effective", "permitted", "bounding" } do
    assert(table.concat(sets[name], " ") == table.concat(cap.default, " "), name)
end
assert(#sets.inheritable == 0 and #sets.ambient == 0)
assert(seen.Eff == mask and seen.Prm == mask and seen.Bnd == mask and seen.Inh == 0 and seen.Amb == 0)
-- Dropped: gone from everywhere, and no way back.
box = proc.fork(function(parent)
    cap.drop { "SYS_ADMIN", "cap_net_raw" }
    local ok, err = pcall(cap.set, { permitted = { "SYS_ADMIN" } })
    parent:send { cap.get(), ok, err.code, err.subject, err.hint }
    ok, err = pcall(cap.set, { bounding = { "SYS_ADMIN" } })
    parent:send { ok, err.code, err.detail }
    local refused = pcall(ns.unshare, { "uts" })
    parent:send(refused)
    cap.drop "ALL"
    parent:send { cap.get(), status() }
end)
local told = box:receive()
assert(not set(told[1].bounding).SYS_ADMIN and not set(told[1].effective).NET_RAW and set(told[1].effective).CHOWN)
assert(not told[2] and told[3] == "EPERM" and told[4] == "SYS_ADMIN" and told[5]:find "given up")
told = box:receive()
assert(not told[1] and told[2] == "EPERM" and told[3]:find "bounding")
assert(box:receive() == false)
told = box:receive()
assert(#told[1].bounding == 0 and told[2].Bnd == 0 and told[2].Prm == 0 and told[2].Eff == 0)
-- Ambient: a program that is not root has it.
box = proc.fork(function(parent)
    cap.set { inheritable = { "NET_BIND_SERVICE" }, ambient = { "NET_BIND_SERVICE" }, securebits = { "noroot" } }
    parent:send { cap.get(), status() }
end)
told = box:receive()
assert(told[1].ambient[1] == "NET_BIND_SERVICE" and told[1].securebits[1] == "noroot")
assert(told[2].Eff == 1 << 10 and told[2].Prm == 1 << 10 and told[2].Amb == 1 << 10)
-- Refused by name.
local ok, err = pcall(cap.drop, { "SYS_ADMN" })
assert(not ok and tostring(err):find 'did you mean "SYS_ADMIN"')
for _, wrong in ipairs { 1, true, { 1 }, { "" }, { "CAP_" }, { "all\0" }, { { "CHOWN" } } } do
    assert(not pcall(cap.drop, wrong))
end
-- An image that puts a file in the place of /proc tells nothing.
ns.unshare { "mount" }
fs.tmpfs "/proc"
fs.mkdir "/proc/1"
fs.write("/proc/1/status", "CapEff:\t0000000000000000\n")
ok, err = pcall(cap.get, 1)
assert(not ok and err.code == "ENOENT" and tostring(err):find "/proc")
