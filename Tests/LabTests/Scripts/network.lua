-- A network in namespaces of its own: made, used, refused, and gone.
ns.unshare { "net", "mount" }
local function refused(code, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok and err.code == code, tostring(err))
    return err
end
local function fails(pattern, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok and tostring(err):find(pattern), tostring(err))
end
refused("ENETUNREACH", net.ping, "10.9.9.9")
local bridge = net.bridge("tupper0", { address = "172.30.0.1/16" })
local box = ns.spawn({ "net" }, function(parent)
    net.link "lo":up()
    net.link(parent:receive()):rename "eth0":up():address "172.30.42.3/16":address "fd00::2/64"
    net.route { to = "default", via = "172.30.0.1", device = "eth0" }
    local found
    for _, route in ipairs(net.routes()) do if route.to == "default" then found = route end end
    assert(found.via == "172.30.0.1" and found.device == "eth0")
    local result = net.ping("172.30.0.1", { count = 3 })
    assert(result.sent == 3 and result.received == 3 and result.min <= result.avg and result.avg <= result.max)
    assert(net.ping("127.0.0.1").received == 1 and net.ping("::1").received == 1)
    assert(net.ping("172.30.0.99", { timeout = "50ms" }).received == 0)
end)
local host, peer = net.veth { name = "h1", peer = "c1", mtu = 1400 }
host:attach(bridge):up():set { mac = "02:00:00:00:00:01" }
assert(host.master == "tupper0" and host.mtu == 1400 and host.mac == "02:00:00:00:00:01" and host.kind == "veth")
peer:move(box)
box:send "c1"
assert(box:wait().code == 0)
fails("1 to 15", net.veth, { name = "sixteenbytesname", peer = "x" })
fails("spaces", net.bridge, "a b")
fails("such as", net.ping, "256.0.0.1")
fails("such as", host.address, host, "10.0.0.1/33")
fails("mtu", host.set, host, { mtu = -1 })
refused("ENODEV", net.link, "nosuch")
refused("EEXIST", net.bridge, "tupper0")
assert(refused("EOPNOTSUPP", net.dummy, "d0").hint:find "dummy")
assert(net.tap "t0".kind == "tun")
do
    local taken, problem = pcall(net.tap, "t0")
    assert(not taken and problem.code == "EBUSY", tostring(problem))
    proc.run { "ip", "tuntap", "add", "foreign", "mode", "tap" }
    taken, problem = pcall(net.tap, "foreign")
    assert(not taken and problem.code == "EBUSY" and net.link "foreign", tostring(problem))
    proc.run { "ip", "link", "delete", "foreign" }
end
-- Settings and rules are undone.
local before = net.forwarding()
local forwarding = net.forwarding(true)
assert(net.forwarding())
forwarding:release()
assert(net.forwarding() == before)
local rule = net.masquerade { source = "172.30.0.0/16" }
local port = net.publish { port = 8080, to = "172.30.42.3:80" }
local rules = proc.capture { "nft", "list", "ruleset" }
assert(rules:find "172.30.0.0/16 masquerade" and rules:find "dport 8080 dnat to 172.30.42.3:80")
fails("port", net.publish, { port = 70000, to = "1.2.3.4:5" })
fails("'to'", net.publish, { port = 1, to = "1.2.3.4:5; drop" })
port:release()
rule:release()
assert(proc.capture { "nft", "list", "ruleset" } == "")
bridge:release()
host:release()
for _, link in ipairs(net.links()) do assert(link.name == "lo" or link.kind ~= "bridge" and link.kind ~= "veth") end
-- Whichever is taken back first, it is in the end as it was.
do
    local was = net.forwarding()
    local first, second = net.forwarding(not was), net.forwarding(not was)
    first:release()
    assert(net.forwarding() == not was)
    second:release()
    assert(net.forwarding() == was)
    first, second = net.forwarding(not was), net.forwarding(was)
    second:release()
    assert(net.forwarding() == not was)
    first:release()
    assert(net.forwarding() == was)
end
