-- Kinds of links that are modules of Debian's kernel: dummy, 8021q. Runs in the virtual machine.
local dummy <close> = net.dummy "d0"
assert(dummy.kind == "dummy" and dummy.mac)
dummy:up():address "192.0.2.1/24"
assert(net.ping("192.0.2.1", { count = 1 }).received == 1)

local vlan <close> = net.vlan { name = "v5", link = dummy, id = 5 }
assert(vlan.kind == "vlan")
vlan:up():address "198.51.100.1/24"
local details = proc.capture { "busybox", "ip", "-d", "link", "show", "v5" }
assert(details:find "802.1Q id 5" or details:find "v5@d0", details)

-- One in a namespace of its own goes with it.
local box = ns.spawn({ "net" }, function()
    local inner = net.dummy "inner"
    inner:up()
    return #net.links()
end)
assert(box:wait().code == 0)
for _, link in ipairs(net.links()) do assert(link.name ~= "inner") end
print "the links hold"
