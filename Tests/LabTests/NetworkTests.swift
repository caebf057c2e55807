import TestSupport
import Testing

/// Each script works in a network namespace of its own; nothing reaches the host's.
@Suite("net")
struct NetworkTests {
    /// A bridge, a pair of links, and a box that answers `go` once its end is set up.
    private static let container = """
        ns.unshare{ "net", "mount" }
        net.link("lo"):up()
        local bridge = net.bridge("br0", { address = "172.30.0.1/16" })
        local host, peer = net.veth{ name = "h1", peer = "c1", mtu = 1400 }
        host:attach(bridge):up()
        local box = ns.spawn({ "net" }, function(parent)
          while true do
            local source = parent:receive()
            parent:send{ load(source)() }
          end
        end)
        local function inside(source) box:send(source) return table.unpack(box:receive{ timeout = 20 }) end
        peer:move(box):rename("eth0"):address("172.30.42.3/16"):up()

        """

    private func expectDone(_ script: String, _ location: SourceLocation = #_sourceLocation) throws {
        let outcome = try Tupper.run(script + "\nprint 'done'")
        #expect(
            outcome.status == 0 && outcome.output == "done\n" && outcome.errors.isEmpty,
            "\(outcome.output)\(outcome.errors)", sourceLocation: location)
    }

    @Test("a pair made, moved, renamed, addressed, routed and attached lets both sides speak")
    func pair() throws {
        try expectDone(
            Self.container + """
                assert(host.master == "br0" and host.kind == "veth" and host.mtu == 1400 and host.is_up)
                assert(peer.name == "eth0" and peer.mtu == 1400 and peer.is_up)
                inside [[ net.link("lo"):up() net.route{ to = "default", via = "172.30.0.1" } ]]
                local ping = net.ping("172.30.42.3", { count = 3, interval = 0 })
                assert(ping.sent == 3 and ping.received == 3)
                assert(ping.min <= ping.avg and ping.avg <= ping.max and ping.max < 1)
                assert(inside [[ return net.ping("172.30.0.1", { count = 3, interval = 0 }).received ]] == 3)
                local to, via, device = inside [[ local r = net.routes()[1] return r.to, r.via, r.device ]]
                assert(to == "default" and via == "172.30.0.1" and device == "eth0")
                assert(inside [[ return net.addresses()[#net.addresses()].address ]])
                """)
    }

    @Test("a link's handle follows it into a process, and back out when it is deleted")
    func moved() throws {
        try expectDone(
            Self.container + """
                peer:down():set{ mac = "02:00:00:00:00:07", mtu = 1300 }:up()
                local mac, mtu = inside [[ local l = net.link "eth0" return l.mac, l.mtu ]]
                assert(mac == "02:00:00:00:00:07" and mac == peer.mac and mtu == 1300)
                assert(not pcall(net.link, "eth0"), "it is not out here")
                peer:delete()
                assert(not pcall(net.link, "h1"), "the other end goes along")
                host:release() peer:release()
                """)
    }

    @Test("an end of a pair can be born inside a process's namespace")
    func inside() throws {
        try expectDone(
            Self.container + """
                local one, other = net.veth{ name = "h2", peer = "eth1", inside = box }
                one:address("10.7.0.1/24"):up()
                other:address("10.7.0.2/24"):up()
                assert(other.name == "eth1" and not pcall(net.link, "eth1"))
                assert(inside [[ return net.link("eth1").is_up ]])
                assert(net.ping("10.7.0.2").received == 1)
                other:release()
                assert(not pcall(net.link, "h2") and not pcall(one.up, one))
                """)
    }

    @Test("a link that was moved is deleted where it is, and gone is gone")
    func release() throws {
        try expectDone(
            Self.container + """
                local tap = net.veth{ name = "a", peer = "b" }
                do
                  local first <close>, second = net.veth{ name = "x", peer = "y" }
                  first:move(box)
                  second:move(box)
                  assert(inside [[ return #net.links() ]] == 4)
                end
                assert(inside [[ return #net.links() ]] == 2)
                box:signal "KILL" box:wait()
                local ok, err = pcall(function() return peer.name end)
                assert(not ok and err.code == "ESRCH", tostring(err))
                peer:release() host:release()
                assert(not pcall(net.link, "h1"))
                """)
    }

    @Test("after ns.unshare a handle never touches the link that has its number there")
    func otherNamespace() throws {
        try expectDone(
            """
            ns.unshare{ "net" }
            local lo = net.link "lo"
            ns.unshare{ "net" }
            lo:up()
            assert(lo.is_up and not net.link("lo").is_up)
            """)
    }

    @Test("what a script makes is gone when it ends, and what it keeps stays")
    func leftovers() throws {
        try expectDone(
            """
            ns.unshare{ "net" }
            local function names()
              local found = {}
              for _, link in ipairs(net.links()) do found[#found + 1] = link.name end
              return table.concat(found, " ")
            end
            ns.spawn({}, function()
              net.bridge "br0"
              net.veth{ name = "a", peer = "b" }
              net.link("lo"):address "10.5.5.5/32"
              local kept = net.veth{ name = "kept", peer = "too" }
              kept:keep()
              net.forwarding(true)
              net.masquerade{ source = "172.30.0.0/16" }
              assert(names() == "lo br0 b a too kept", names())
              assert(net.forwarding() == true)
            end):wait()
            assert(names() == "lo too kept", names())
            assert(#net.addresses() == 0 and net.forwarding() == false)
            assert(not proc.capture{ "nft", "list", "tables" }:find "tupper")
            """)
    }

    @Test("a refused call says which code, what about and what to do")
    func refusals() throws {
        try expectDone(
            """
            ns.unshare{ "net" }
            local function refused(code, subject, call, ...)
              local ok, err = pcall(call, ...)
              assert(not ok and err.code == code and err.subject == subject,
                tostring(err) .. " " .. tostring(err.code) .. " " .. tostring(err.subject))
              return err
            end
            assert(refused("ENETUNREACH", "192.0.2.1", net.ping, "192.0.2.1").hint)
            assert(refused("ENODEV", "nope", net.link, "nope").call == "RTM_GETLINK")
            net.bridge "br0"
            refused("EEXIST", "br0", net.bridge, "br0")
            refused("ENETUNREACH", "default via 10.9.9.9", net.route, { to = "default", via = "10.9.9.9" })
            local lo = net.link("lo"):up()
            local err = refused("EINVAL", "10.1.2.3/16", net.route, { to = "10.1.2.3/16", device = lo })
            assert(err.detail == "Invalid prefix for given prefix length", err.detail)
            refused("ENODEV", "nope", lo.attach, lo, "nope")
            lo:address "10.0.0.1/24"
            refused("EEXIST", "10.0.0.1/24", lo.address, lo, "10.0.0.1/24")
            """)
    }

    @Test("a kind of link that this kernel lacks is named with its module")
    func missingKind() throws {
        try expectDone(
            """
            ns.unshare{ "net" }
            local ok, err = pcall(net.dummy, "d0")
            if ok then err:release() else
              assert(err.code == "EOPNOTSUPP" and err.detail == "Unknown device type" and err.subject == "d0")
              assert(err.hint == 'this kernel lacks the link kind "dummy"; try: modprobe dummy', err.hint)
            end
            local bridge = net.bridge "br0"
            ok, err = pcall(net.vlan, { name = "v7", link = bridge, id = 7 })
            assert(ok or err.hint == 'this kernel lacks the link kind "vlan"; try: modprobe 8021q', err.hint)
            """)
    }

    @Test(
        "a wrong argument is refused before anything is done",
        arguments: [
            (#"net.bridge "sixteen-bytes-in""#, "1 to 15 bytes, the kernel's limit"),
            (#"net.bridge """#, "1 to 15 bytes"), (#"net.bridge "a/b""#, "without '/'"),
            (#"net.bridge "a b""#, "spaces"), (#"net.bridge "eth%d""#, "'%'"),
            (#"net.bridge "..""#, "link's name"),
            (#"net.bridge("b", { adress = "10.0.0.1/24" })"#, "did you mean 'address'"),
            (#"net.bridge("b", { address = "10.0.0.1" })"#, "with its prefix"),
            (#"net.bridge("b", { address = "10.0.0.1/33" })"#, "an address such as"),
            (#"net.bridge("b", { address = "10.0.0.1\0/24" })"#, "an address such as"),
            (#"net.veth{ name = "a" }"#, "'peer' is missing"),
            (#"net.veth{ name = "a", peer = "b", mtu = 1 << 40 }"#, "'mtu'"),
            (#"net.ping "10.0.0.1/24""#, "without a prefix"),
            (#"net.ping("10.0.0.1", { count = 0 })"#, "'count'"),
            (#"net.route{ to = "default" }"#, "'via' or 'device'"),
            (#"net.masquerade{ source = "fd00::1::/64" }"#, "an address"),
            (#"net.publish{ port = 80, to = "[fd00::2]:80" }"#, "'address': an IPv6 address"),
            (#"net.publish{ port = 80, to = "[fd00::2]:80", address = "::1" }"#, "nothing away from ::1"),
            (#"net.publish{ port = 80, to = "fd00::2:80" }"#, "[fd00::3]:80"),
            (#"net.ping "10.0.0.1%lo""#, "fe80::1%eth0"), (#"net.ping "fe80::1%""#, "fe80::1%eth0"),
            (#"net.masquerade{ source = "10.0.0.0/8", device = 'a"b' }"#, "letters, digits"),
            (#"net.publish{ port = 0, to = "10.0.0.2:80" }"#, "1 to 65535"),
            (#"net.publish{ port = 80, to = "10.0.0.2; flush ruleset:80" }"#, "an IPv4 address and a port"),
            (#"net.link("lo"):set{}"#, "'mtu' or 'mac'"),
            (#"net.link("lo"):set{ mac = "02:00" }"#, "six pairs"),
            (#"net.link("lo"):move "x""#, "a pid or a handle"),
        ])
    func wrongArguments(_ call: String, _ words: String) throws {
        let outcome = try Tupper.run(
            """
            ns.unshare{ "net" }
            local ok, err = pcall(function() \(call) end)
            assert(not ok and #net.links() == 1)
            print(err)
            """)
        #expect(outcome.output.contains(words), "\(outcome.output)\(outcome.errors)")
    }

    @Test("a published port leads into the container, and is closed when released")
    func publish() throws {
        try expectDone(
            Self.container + """
                box:send [==[ proc.exec{ "perl", "-MIO::Socket::INET", "-e",
                  [[my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) or die $!;
                   while (my $c = $s->accept) { print $c "from ", $c->peerhost; close $c }]] } ]==]
                local function ask(address, port)
                  return proc.capture{ "perl", "-MIO::Socket::INET", "-e",
                    [[close STDERR; my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => 5)
                     or die "refused\\n"; print <$s>]], address, tostring(port) }
                end
                local function localnet() return fs.read("/proc/sys/net/ipv4/conf/br0/route_localnet") end
                local function tables() return proc.capture{ "nft", "list", "ruleset" } end
                for _ = 1, 100 do
                  if pcall(ask, "172.30.42.3", 80) then break end
                  sys.sleep "50ms"
                end
                local one = net.publish{ port = 8080, to = "172.30.42.3:80" }
                local two = net.publish{ port = 8081, to = "172.30.42.3:80", address = "0.0.0.0" }
                assert(ask("127.0.0.1", 8080) == "from 172.30.0.1")
                assert(ask("127.0.0.1", 8081) == "from 172.30.0.1" and ask("172.30.0.1", 8081) ~= "")
                assert(not pcall(ask, "172.30.0.1", 8080), "only the loopback listens")
                assert(localnet():find "1" and tables():find "daddr 127.0.0.0/8 drop")
                one:release()
                assert(not pcall(ask, "127.0.0.1", 8080))
                assert(ask("127.0.0.1", 8081) == "from 172.30.0.1", "the other still needs the link")
                two:release()
                assert(localnet():find "0" and not tables():find "tupper")
                """)
    }

    @Test("tables of a killed process go with the next call, those of others stay")
    func stale() throws {
        try expectDone(
            """
            ns.unshare{ "net" }
            local function table_of(pid, space) return ("tupper_%d_%d_1_0"):format(pid, space) end
            local dead, other, alive = table_of(4194303, ns.id "pid"), table_of(4194303, 5), table_of(1, ns.id "pid")
            for _, name in ipairs{ dead, other, alive } do proc.run{ "nft", "add", "table", "ip", name } end
            local rule <close> = net.masquerade{ source = "10.0.0.0/8" }
            local left = proc.capture{ "nft", "list", "tables" }
            assert(not left:find(dead) and left:find(other) and left:find(alive), left)
            """)
    }
}
