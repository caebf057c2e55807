-- What is refused or listed in the network, and the words for it.
ns.unshare { "net", "mount" }
local function refused(pattern, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok and tostring(err):find(pattern), tostring(err))
    return err
end
local link = net.veth { name = "a", peer = "b" }
-- The kernel's own words are printed, and stay a field.
local err = refused('^.*RTM_NEWLINK "a": mtu greater than device maximum: invalid argument %(EINVAL%)$',
    link.set, link, { mtu = 70000 })
assert(err.detail == "mtu greater than device maximum" and err.code == "EINVAL")
sys.sysctl("net.ipv6.conf.a.disable_ipv6", 1)
refused("IPv6 is disabled on this device: permission denied", link.address, link, "fd00::1/64")
refused("Unknown parameter 'foo': invalid argument", fs.mount, { type = "tmpfs", target = "/mnt", options = "foo=1" })
-- A gateway is of the route's own family.
link:up():address "10.0.0.1/24"
refused("'via': an IPv4 address wanted as 'to' is 10.9.0.0/16, got a00:2::",
    net.route, { to = "10.9.0.0/16", via = "a00:2::", device = link })
refused("'via': an IPv6 address wanted as 'to' is fd01::/64, got 10.0.0.2", net.route, { to = "fd01::/64", via = "10.0.0.2" })
-- The name that is taken is named, on this side or inside.
do
    local box <close> = ns.spawn({ "net" }, function(parent) parent:receive() end)
    refused('RTM_NEWLINK "lo": file exists', net.veth, { name = "x", peer = "lo", inside = box })
    refused('RTM_NEWLINK "a": file exists', net.veth, { name = "a", peer = "x" })
    refused('RTM_NEWLINK "b": file exists', net.veth, { name = "x", peer = "b" })
end
-- Addresses that no single machine answers to.
assert(refused("EACCES", net.ping, "10.0.0.255").hint:find "broadcast")
assert(refused("EINVAL", net.ping, "ff02::1").hint:find "fe80::1%%eth0")
assert(refused("EINVAL", net.route, { to = "default", via = "fe80::1" }).hint:find "device")
for _, address in ipairs { "0.0.0.0", "224.0.0.1", "[::]", "[fe80::1]", "[ff02::1]", "[::ffff:10.0.0.1]" } do
    refused("'to': the address of one machine", net.publish,
        { port = 1, to = address .. ":1", address = address:find "%[" and "::" or nil })
end
-- Every address has no others to speak with.
do
    local rule <close> = net.masquerade { source = "0.0.0.0/0" }
    local rules = proc.capture { "nft", "list", "ruleset" }
    assert(rules:find('oifname != "lo" masquerade', 1, true) and not rules:find "daddr", rules)
end
-- What cannot be taken back is told in words.
do
    local place = "/tmp/network-refusals.lua"
    fs.mount { type = "tmpfs", target = "/tmp" }
    fs.write(place, 'ns.unshare { "net" } net.masquerade { source = "10.0.0.0/8" } cap.drop "ALL"')
    local words = proc.capture { "sh", "-c", "/proc/" .. proc.self() .. "/exe script " .. place .. " 2>&1; true" }
    assert(words:find "not released: masquerade of 10.0.0.0/8: nft: .*Operation not permitted", words)
end
-- A change of the search path leaves the way to nft.
do
    local before = sys.env "PATH"
    local rule = net.masquerade { source = "10.0.0.0/8" }
    sys.env("PATH", "/nowhere")
    rule:release()
    net.masquerade { source = "10.0.0.0/8" }:release()
    sys.env("PATH", before)
    assert(proc.capture { "nft", "list", "tables" } == "")
end
net.link "lo":up()
assert(net.ping("::ffff:127.0.0.1").received == 1)
-- A port is led away once, and not from a program that listens on it.
do
    net.link "lo":up()
    net.bridge("br0", { address = "172.30.0.1/24" })
    local first <close> = net.publish { port = 8080, to = "172.30.0.2:80" }
    err = refused('bind "127.0.0.1:8080/tcp": it is published already: address already in use %(EADDRINUSE%)$',
        net.publish, { port = 8080, to = "172.30.0.3:80" })
    assert(err.hint:find "another port")
    refused("EADDRINUSE", net.publish, { port = 8080, to = "172.30.0.3:80", address = "0.0.0.0" })
    net.publish { port = 8080, to = "172.30.0.3:80", address = "172.30.0.1" }:release()
    net.publish { port = 8080, to = "172.30.0.3:80", protocol = "udp" }:release()
    for _, case in ipairs { { "tcp", "Listen => 1" }, { "udp", "Proto => 'udp'" } } do
        local protocol, option = table.unpack(case)
        local listener <close> = proc.spawn { "perl", "-MIO::Socket::INET", "-e",
            "$s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8081, " .. option .. ") or die; sleep 20" }
        sys.sleep "400ms"
        refused('127.0.0.1:8081/' .. protocol .. '": a program listens on it',
            net.publish, { port = 8081, to = "172.30.0.2:80", protocol = protocol })
        refused("a program listens", net.publish, { port = 8081, to = "172.30.0.2:80", protocol = protocol, address = "0.0.0.0" })
        net.publish { port = 8081, to = "172.30.0.2:80", protocol = protocol, address = "172.30.0.1" }:release()
    end
end
-- Without the right to a port of root's, the kernel's list tells who listens there.
do
    local places = {
        { "tcp", "127.0.0.1", "Listen => 1" }, { "tcp", "0.0.0.0", "Listen => 1" },
        { "tcp", "::", "Listen => 1" }, { "udp", "127.0.0.1", "Proto => 'udp'" },
    }
    for number, place in ipairs(places) do
        local protocol, address, option = table.unpack(place)
        local listener <close> = proc.spawn { "perl", "-MIO::Socket::IP", "-e",
            ("$s = IO::Socket::IP->new(LocalHost => '%s', LocalPort => %d, %s) or die; sleep 20"):format(
                address, 80 + number, option) }
        sys.sleep "400ms"
        assert(proc.fork(function()
            cap.drop "NET_BIND_SERVICE"
            refused("a program listens on it", net.publish, { port = 80 + number, to = "172.30.0.2:80", protocol = protocol })
            net.publish { port = 90, to = "172.30.0.2:80", protocol = protocol }:release()
        end):wait().code == 0)
    end
end
-- That nft cannot tell what there is is no empty list; rules of others that drop what is passed on are told of, once.
do
    local place = "/tmp/drops.lua"
    fs.write(place, 'net.forwarding(true):release() '
        .. 'net.masquerade { source = "10.0.0.0/8" }:release() net.masquerade { source = "fd00::/64" }:release() print "done"')
    local function words()
        return (proc.capture { "sh", "-c", "/proc/" .. proc.self() .. "/exe script " .. place .. " 2>&1; true" })
    end
    assert(words() == "done\n", words())
    proc.run { "nft", "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }" }
    local text = words()
    assert(text == "tupper: warning: net.forwarding: table ip filter, chain FORWARD "
        .. "drops what it does not accept of the packets that "
        .. "this machine passes on, those of containers too; a rule there must accept them\ndone\n", text)
    proc.run {
        "nft",
        "delete table ip filter; add table inet own; add chain inet own f { type filter hook forward priority 0; policy drop; }",
    }
    text = words()
    assert(select(2, text:gsub("table inet own, chain f", "")) == 2 and text:find "net.masquerade: table inet own", text)
    proc.run { "nft", "delete table inet own" }
    fs.write("/tmp/nft", "#!/bin/sh\nif [ $1 = list ]; then echo 'no memory' >&2; exit 1; fi\nexec /usr/sbin/nft \"$@\"\n")
    fs.chmod("/tmp/nft", "755")
    local before = sys.env "PATH"
    sys.env("PATH", "/tmp:" .. before)
    refused("nft: no memory", net.masquerade, { source = "10.0.0.0/8" })
    sys.env("PATH", before)
    assert(proc.capture { "nft", "list", "tables" } == "")
end
-- A route tells its kind, its metric and its ways.
do
    sys.sysctl("net.ipv6.conf.a.disable_ipv6", 0)
    os.execute [[ip route add 198.51.100.0/24 nexthop via 10.0.0.2 weight 3 nexthop via 10.0.0.3
        ip route add blackhole 203.0.113.0/24; ip route add 192.0.2.0/24 via inet6 fe80::2 dev a
        ip route add default via 10.0.0.4 metric 50]]
    local found = {}
    for _, route in ipairs(net.routes()) do found[route.to] = route end
    assert(found["203.0.113.0/24"].type == "blackhole" and not found["203.0.113.0/24"].via)
    assert(found["192.0.2.0/24"].via == "fe80::2" and found["192.0.2.0/24"].type == "unicast")
    assert(found.default.metric == 50 and found.default.via == "10.0.0.4" and not found.default.nexthops)
    local hops = found["198.51.100.0/24"].nexthops
    assert(#hops == 2 and hops[1].via == "10.0.0.2" and hops[1].weight == 3 and hops[1].device == "a"
        and hops[2].via == "10.0.0.3")
end
