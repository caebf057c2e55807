internal import Kernel
internal import LuaHost

/// The primitives of `net` that make and list links.
func linkPrimitives(_ holdings: Holdings) -> [Declaration] {
    [
        Declaration("veth", veth(holdings)), Declaration("bridge", bridge(holdings)),
        Declaration("dummy", dummy(holdings)), Declaration("macvlan", macvlan(holdings)),
        Declaration("vlan", vlan(holdings)), Declaration("vxlan", vxlan(holdings)),
        Declaration("tap", tap(holdings)), Declaration("link", link(holdings)), Declaration("links", links()),
        Declaration("addresses", addresses()),
    ]
}

/// Makes a link, noted before, and holds it at once: nothing can fail between.
private func made(
    _ name: String, _ kind: String, _ holdings: Holdings, _ make: () throws -> Link
) throws -> LinkHandle {
    let place = try NetworkNamespace.current()
    let note = holdings.noteNetwork { .link(name: name, kind: kind, namespace: $0) }
    let link = try holdings.make(note, make)
    note?.confirm("\(link.index)")
    return LinkHandle.made(PlacedLink(link, in: place), note, holdings)
}

private func veth(_ holdings: Holdings) -> Primitive {
    let name = Parameter<LinkName>("name", "The name of one end.")
    let peer = Parameter<LinkName>("peer", "The name of the other.")
    let mtu = Parameter<Int64?>("mtu", "The largest packet, in bytes.", shown: "1500")
    let inside = Parameter<ProcessTarget?>(
        "inside",
        "The process in whose network namespace the other end is born, sooner than `move` takes it there.",
        shown: "this one")
    return Primitive(
        "net.veth", "Makes a pair of links joined like the ends of a cable.",
        options: [name.any, peer.any, mtu.any, inside.any], returns: "both links",
        gives: ["tupper.link", "tupper.link"],
        shell: "ip link add {name} [mtu {mtu}] type veth peer name {peer} [netns {inside}]", see: ["veth(4)"],
        fails: [
            "EPERM": "no CAP_NET_ADMIN over this network namespace", "EEXIST": "a link of that name is there",
            "EOPNOTSUPP": "this kernel lacks the kind of link",
        ],
        example: """
            local box <close> = ns.spawn({ "net" }, function(parent) parent:receive() end)
            local ours, theirs = net.veth { name = "h1", peer = "eth0", mtu = 1500, inside = box }
            ours:up()
            theirs:up()
            print(theirs.mac)
            """
    ) { call in
        var settings = Link.Settings()
        settings.mtu = try call[mtu].map(exactMTU)
        let here = try NetworkNamespace.current()
        let (first, second, process) = (try call[name].text, try call[peer].text, try call[inside]?.pid)
        let note = holdings.noteNetwork { .link(name: first, kind: "veth", namespace: $0) }
        let (one, other, place) = try holdings.make(note) {
            try Link.makePair(first, second, settings, inside: process)
        }
        note?.confirm("\(one.index)")
        let ends = [PlacedLink(one, in: here), PlacedLink(other, in: place)]
        return LinkHandle.made(ends, note, holdings).map { .handle($0) }
    }
}

private func bridge(_ holdings: Holdings) -> Primitive {
    let name = Parameter<LinkName>("name", "Its name.")
    let address = Parameter<InterfaceAddress?>(
        "address", "The host's address on it, with prefix.", shown: "none")
    return Primitive(
        "net.bridge", "Makes a bridge, a switch in software, and takes it up.", positional: [name.any],
        options: [address.any], returns: "the link",
        gives: ["tupper.link"],
        shell:
            "ip link add {name} type bridge && ip link set {name} up [&& ip address add {address} dev {name}]",
        see: ["ip-link(8)"],
        fails: [
            "EPERM": "no CAP_NET_ADMIN over this network namespace", "EEXIST": "a link of that name is there",
            "EOPNOTSUPP": "this kernel lacks the kind of link",
        ],
        example: """
            local bridge <close> = net.bridge("tupper0", { address = "172.30.0.1/16" })
            print(bridge.is_up)
            """
    ) { call in
        let address = try call[address]?.address
        let name = try call[name].text
        let bridge = try made(name, "bridge", holdings) { try Link.make(name, kind: "bridge") }
        do {
            if let address { try bridge.add(address) }
            try bridge.placed.change { link throws(SystemCallError) in try link.set(up: true) }
        } catch {
            // Where this fails too, the script's end tries once more.
            try? bridge.holding.release()
            throw error
        }
        return [.handle(bridge)]
    }
}

private func dummy(_ holdings: Holdings) -> Primitive {
    let name = Parameter<LinkName>("name", "Its name.")
    return Primitive(
        "net.dummy", "Makes a link that swallows what is sent.", positional: [name.any], returns: "the link",
        gives: ["tupper.link"], shell: "ip link add {name} type dummy", see: ["ip-link(8)"],
        fails: [
            "EPERM": "no CAP_NET_ADMIN over this network namespace", "EEXIST": "a link of that name is there",
            "EOPNOTSUPP": "this kernel lacks the kind of link",
        ], example: #"net.dummy "dummy0":up():address "10.9.8.7/32""#
    ) { call in
        let name = try call[name].text
        return [.handle(try made(name, "dummy", holdings) { try Link.make(name, kind: "dummy") })]
    }
}

private func macvlan(_ holdings: Holdings) -> Primitive {
    let name = Parameter<LinkName>("name", "Its name.")
    let lower = Parameter<LinkReference>("link", "The link that it shares.")
    return Primitive(
        "net.macvlan", "Makes a second link with an address of its own on a link.",
        options: [name.any, lower.any],
        returns: "the link", gives: ["tupper.link"],
        shell: "ip link add {name} link {link} type macvlan mode bridge",
        see: ["ip-link(8)"],
        fails: [
            "EPERM": "no CAP_NET_ADMIN over this network namespace", "EEXIST": "a link of that name is there",
            "EOPNOTSUPP": "this kernel lacks the kind of link",
        ],
        example: """
            local below = net.veth { name = "h1", peer = "c1" }
            net.macvlan { name = "second", link = below }
            """
    ) { call in
        var settings = Link.Settings()
        settings.lower = try call[lower].index()
        settings.setMacvlanBridge()
        let name = try call[name].text
        return [
            .handle(try made(name, "macvlan", holdings) { try Link.make(name, kind: "macvlan", settings) })
        ]
    }
}

private func vlan(_ holdings: Holdings) -> Primitive {
    let name = Parameter<LinkName>("name", "Its name.")
    let lower = Parameter<LinkReference>("link", "The link that carries it.")
    let identifier = Parameter<Int64>("id", "The tag, from 0 to 4094.")
    return Primitive(
        "net.vlan", "Makes a link of tagged packets on a link.",
        options: [name.any, lower.any, identifier.any],
        returns: "the link", gives: ["tupper.link"],
        shell: "ip link add {name} link {link} type vlan id {id}", see: ["ip-link(8)"],
        fails: [
            "EPERM": "no CAP_NET_ADMIN over this network namespace", "EEXIST": "a link of that name is there",
            "EOPNOTSUPP": "this kernel lacks the kind of link",
        ],
        example: """
            local below = net.veth { name = "h1", peer = "c1" }
            net.vlan { name = "tagged", link = below, id = 42 }
            """
    ) { call in
        guard let tag = UInt16(exactly: try call[identifier]), tag <= 4094 else {
            throw ArgumentError("option 'id': a number from 0 to 4094 wanted")
        }
        var settings = Link.Settings()
        settings.lower = try call[lower].index()
        settings.set(vlan: tag)
        let name = try call[name].text
        return [.handle(try made(name, "vlan", holdings) { try Link.make(name, kind: "vlan", settings) })]
    }
}

private func vxlan(_ holdings: Holdings) -> Primitive {
    let name = Parameter<LinkName>("name", "Its name.")
    let identifier = Parameter<Int64>("id", "The network's number, at most 16777215.")
    let lower = Parameter<LinkReference?>("link", "The link that carries it.", shown: "any")
    let remote = Parameter<HostAddress?>("remote", "The other machine.", shown: "none")
    let port = Parameter<Int64>("port", "The UDP port.", default: 4789)
    return Primitive(
        "net.vxlan", "Makes a link that reaches other machines through UDP.",
        options: [name.any, identifier.any, lower.any, remote.any, port.any], returns: "the link",
        gives: ["tupper.link"],
        shell: "ip link add {name} type vxlan id {id} [remote {remote}] [dev {link}] dstport {port}",
        see: ["ip-link(8)"],
        fails: [
            "EPERM": "no CAP_NET_ADMIN over this network namespace", "EEXIST": "a link of that name is there",
            "EOPNOTSUPP": "this kernel lacks the kind of link",
        ],
        example: #"net.vxlan { name = "overlay", id = 42, remote = "10.9.8.1", link = net.bridge "br0" }"#
    ) { call in
        guard let number = UInt32(exactly: try call[identifier]), number < 1 << 24,
            let destination = UInt16(exactly: try call[port])
        else { throw ArgumentError("options 'id' and 'port': numbers of 24 and 16 bits wanted") }
        var settings = Link.Settings()
        settings.lower = try call[lower]?.index()
        settings.set(vxlan: number, remote: try call[remote]?.address, port: destination)
        let name = try call[name].text
        return [.handle(try made(name, "vxlan", holdings) { try Link.make(name, kind: "vxlan", settings) })]
    }
}

private func tap(_ holdings: Holdings) -> Primitive {
    let name = Parameter<LinkName>("name", "Its name.")
    return Primitive(
        "net.tap", "Makes a link whose packets a program reads and writes.", positional: [name.any],
        returns: "the link", gives: ["tupper.link"], shell: "ip tuntap add {name} mode tap",
        see: ["ip-tuntap(8)"],
        fails: [
            "EPERM": "no CAP_NET_ADMIN over this network namespace", "EBUSY": "a link of that name is there",
            "ENOENT": "/dev/net/tun is missing", "ENODEV": "this kernel lacks tap links",
        ], example: #"net.tap "tap0":up()"#
    ) { call in
        let name = try call[name].text
        return [.handle(try made(name, "tun", holdings) { try Tap.make(name) })]
    }
}

private func link(_ holdings: Holdings) -> Primitive {
    let name = Parameter<LinkName>("name", "Its name.")
    return Primitive(
        "net.link", "Finds a link by its name.", positional: [name.any], returns: "the link",
        gives: ["tupper.link"], shell: "ip link show {name}", see: ["ip-link(8)"],
        fails: ["ENODEV": "no link of this network namespace has that name"], example: #"net.link "lo":up()"#
    ) { call in [.handle(try LinkHandle.found(try Link.named(try call[name].text), holdings))] }
}

private func links() -> Primitive {
    Primitive(
        "net.links", "Lists the links of this network namespace.",
        returns: "a list of tables: name, index, mac, mtu, up, kind, master",
        gives: [
            "{ name: string, index: integer, mac: string?, mtu: integer, up: boolean, kind: string?, master: string? }[]"
        ], shell: "ip link",
        see: ["ip-link(8)"], example: "for _, link in ipairs(net.links()) do print(link.name, link.up) end"
    ) { _ in [.value(.list(try Link.all().map(\.value)))] }
}

private func addresses() -> Primitive {
    Primitive(
        "net.addresses", "Lists the addresses of this network namespace.",
        returns: "a list of tables: link, address", gives: ["{ link: string, address: string }[]"],
        shell: "ip address", see: ["ip-address(8)"],
        example: "for _, entry in ipairs(net.addresses()) do print(entry.link, entry.address) end"
    ) { _ in
        let names = try Dictionary(Link.all().map { ($0.index, $0.name) }) { first, _ in first }
        return [
            .value(
                .list(
                    try LinkAddress.all().map {
                        .record([
                            "link": .text(names[$0.link] ?? "\($0.link)"), "address": .text("\($0.address)"),
                        ])
                    }))
        ]
    }
}
