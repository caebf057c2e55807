-- Who reaches a published port: this machine, the container itself and those beside it, with br_netfilter and without.
ns.unshare { "net", "mount" }
net.link "lo":up()
local bridge = net.bridge("br0", { address = "172.30.0.1/24" }):address "fd00::1/64"
net.forwarding(true)
net.forwarding(true, { ipv6 = true })
assert(net.forwarding(nil, { ipv6 = true }) and sys.sysctl "net.ipv6.conf.all.forwarding" == "1")
local listen = [[$s = IO::Socket::IP->new(LocalHost => $ARGV[0], LocalPort => 80, Listen => 5, V6Only => $ARGV[1]) or die $!;
    while ($c = $s->accept) { print $c "hello ", $c->peerhost; close $c }]]
local call = [[
    $s = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => 2) or
    do { print "no"; exit }; print <$s>]]
local function ask(host, port) return (proc.capture { "perl", "-MIO::Socket::IP", "-e", call, host, tostring(port) }) end
local function container(number, options)
    local box = ns.spawn({ "net" }, function(parent)
        net.link "lo":up()
        parent:receive()
        net.link "eth0":up():address("172.30.0." .. number .. "/24"):address("fd00::" .. number .. "/64")
        net.route { to = "default", via = "172.30.0.1" }
        net.route { to = "default", via = "fd00::1" }
        local four <close> = proc.spawn { "perl", "-MIO::Socket::IP", "-e", listen, "0.0.0.0", "0" }
        local six <close> = proc.spawn { "perl", "-MIO::Socket::IP", "-e", listen, "::", "1" }
        for _, host in ipairs { "127.0.0.1", "::1" } do
            local patience = 100
            while ask(host, 80) == "no" and patience > 0 do patience = patience - 1 sys.sleep "20ms" end
        end
        parent:send "up"
        while true do parent:send(ask(table.unpack(parent:receive()))) end
    end)
    local host = net.veth { name = "h" .. number, peer = "eth0", inside = box }
    host:attach(bridge, options):up()
    box:send "go"
    assert(box:receive { timeout = 20 } == "up")
    return box, host
end
local function hairpin(host) return fs.read("/sys/class/net/" .. host.name .. "/brport/hairpin_mode") == "1\n" end
fs.mount { type = "sysfs", target = "/sys" }
local filtered = fs.exists "/proc/sys/net/bridge/bridge-nf-call-iptables"
for _, on in ipairs(filtered and { 1, 0 } or { 0 }) do
    if filtered then
        sys.sysctl("net.bridge.bridge-nf-call-iptables", on)
        sys.sysctl("net.bridge.bridge-nf-call-ip6tables", on)
    end
    local box, host = container(2)
    local sibling, second = container(3, { hairpin = false })
    assert(hairpin(host) == (on == 1) and not hairpin(second))
    local four <close> = net.publish { port = 8080, to = "172.30.0.2:80", address = "0.0.0.0" }
    local six <close> = net.publish { port = 8080, to = "[fd00::2]:80", address = "::" }
    local function told(who, address, expected)
        local answer
        if who then
            who:send { address, 8080 }
            answer = who:receive { timeout = 20 }
        else
            answer = ask(address, 8080)
        end
        assert(answer == "hello " .. expected, ("br_netfilter %d: %s got %s"):format(on, address, answer))
    end
    told(nil, "127.0.0.1", "172.30.0.1")
    for _, case in ipairs { { "172.30.0.1", "172.30.0.1" }, { "fd00::1", "fd00::1" } } do
        told(nil, case[1], case[2])
        told(box, case[1], case[2])
        told(sibling, case[1], case[2])
    end
    -- Who speaks with a neighbour directly keeps its own address.
    sibling:send { "172.30.0.2", 80 }
    assert(sibling:receive { timeout = 20 } == "hello 172.30.0.3")
    sibling:send { "fd00::2", 80 }
    assert(sibling:receive { timeout = 20 } == "hello fd00::3")
    assert(ask("::1", 8080) == "no")
    for _, handle in ipairs { host, second, box, sibling } do handle:release() end
end
-- An address that counts on one link only is asked with the link's name.
local address
for _, entry in ipairs(net.addresses()) do
    if entry.link == "br0" and entry.address:find "^fe80:" then address = entry.address:match "^[^/]+" end
end
-- The kernel looks for another one with that address first.
for _ = 1, 50 do
    local asked, answers = pcall(net.ping, address .. "%br0")
    if asked and answers.received == 1 then break end
    sys.sleep "100ms"
end
assert(net.ping(address .. "%br0").received == 1)
local ok, err = pcall(net.ping, address)
assert(not ok and err.code == "EINVAL" and err.hint:find "fe80::1%%eth0", tostring(err))
ok, err = pcall(net.ping, "fe80::1%nosuch")
assert(not ok and err.code == "ENODEV", tostring(err))
-- Networks of IPv6 speak with this machine's address, too.
do
    local rule <close> = net.masquerade { source = "fd00::/64", device = "br0" }
    local rules = proc.capture { "nft", "list", "ruleset" }
    assert(rules:find('ip6 saddr fd00::/64 ip6 daddr != fd00::/64 oifname "br0" masquerade', 1, true), rules)
end
assert(proc.capture { "nft", "list", "tables" } == "")
-- A port is taken in its own family only.
do
    local first <close> = net.publish { port = 81, to = "[fd00::2]:80", address = "fd00::1" }
    ok, err = pcall(net.publish, { port = 81, to = "[fd00::2]:80", address = "::" })
    assert(not ok and tostring(err):find('bind "[::]:81/tcp": it is published already', 1, true), tostring(err))
    net.publish { port = 81, to = "172.30.0.2:80", address = "0.0.0.0" }:release()
end
