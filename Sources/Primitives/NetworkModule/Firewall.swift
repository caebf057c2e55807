internal import Kernel
internal import LuaHost

/// The primitives of `net` that pass packets on between networks.
func firewallPrimitives(_ holdings: Holdings) -> [Declaration] {
    [
        Declaration("forwarding", forwarding(holdings)), Declaration("masquerade", masquerade(holdings)),
        Declaration("publish", publish(holdings)),
    ]
}

/// What scripts have set it to, oldest first: a change that is taken back before a later one leaves that what was before.
private final class ForwardingChanges {
    private struct Change {
        let number: Int
        let namespace: UInt64?
        var before: String
    }
    private var made: [Change] = []
    private var count = 0

    func note(_ before: String) -> Int {
        count += 1
        made.append(Change(number: count, namespace: try? Namespace.net.identifier(), before: before))
        return count
    }

    func takeBack(_ number: Int, _ write: (String) throws -> Void) rethrows {
        guard let index = made.firstIndex(where: { $0.number == number }) else { return }
        let change = made[index]
        if let later = made[(index + 1)...].firstIndex(where: { $0.namespace == change.namespace }) {
            made[later].before = change.before
        } else {
            try write(change.before)
        }
        made.remove(at: index)
    }
}

private func forwarding(_ holdings: Holdings) -> Primitive {
    let (four, six) = (ForwardingChanges(), ForwardingChanges())
    let on = Parameter<Bool?>("on", "Whether this machine passes packets on.", shown: "unchanged")
    let isIPv6 = Parameter<Bool>(
        "ipv6",
        "Means IPv6 packets rather than those of IPv4. A machine that passes them on no longer takes its own way out from a router's word.",
        default: false)
    return Primitive(
        "net.forwarding", "Tells or sets whether packets are passed on.", positional: [on.any],
        options: [isIPv6.any],
        returns: "whether it was so before; a handle where it is set, undone when released",
        gives: ["boolean|tupper.network"],
        shell: "sysctl {ipv6?net.ipv6.conf.all.forwarding:net.ipv4.ip_forward}[={on?1:0}]", see: ["ip(7)"],
        fails: ["EACCES": "this needs root", "EROFS": "/proc/sys is read-only"],
        example: """
            net.forwarding(true)
            print(net.forwarding())
            """
    ) { call in
        let family: FirewallTable.Family = try call[isIPv6] ? .ipv6 : .ipv4
        let changes = family == .ipv6 ? six : four
        let setting = Sysctl(family == .ipv6 ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward")
        let shown = setting.name.replacing("/", with: ".")
        let before = try setting.read()
        guard let wanted = try call[on] else { return [.value(.boolean(before != "0"))] }
        let value = wanted ? "1" : "0"
        let note = holdings.noteNetwork {
            .parameter(name: setting.name, before: before, after: value, namespace: $0)
        }
        let change = changes.note(before)
        let handle = NetworkHolding(
            shown, note, holdings, shell: "sysctl \(shown)=\(before)"
        ) { try changes.takeBack(change) { try setting.write($0) } }
        do { try setting.write(value) } catch {
            // It may be set all the same, where only reading back has failed.
            if (try? setting.read()) == before {
                handle.holding.keep()
                changes.takeBack(change) { _ in }
            } else {
                try? handle.holding.release()
            }
            throw error
        }
        if wanted { holdings.warnOfDrops(family, call) }
        return [.handle(handle)]
    }
}

private func masquerade(_ holdings: Holdings) -> Primitive {
    let source = Parameter<NetworkAddress>("source", "Whose packets, as in 172.30.0.0/16 or fd00::/64.")
    let device = Parameter<LinkName?>("device", "The link that they leave by.", shown: "any")
    return Primitive(
        "net.masquerade", "Lets a network speak with this machine's own address.",
        options: [source.any, device.any],
        returns: "a handle; undone when released",
        gives: ["tupper.network"],
        shell: """
            nft add table ip tupper \
            && nft 'add chain ip tupper post { type nat hook postrouting priority srcnat; }' \
            && nft add rule ip tupper post ip saddr {source} ip daddr != {source} [oifname {device}] masquerade
            """, see: ["nft(8)"],
        fails: [
            "ENOENT": "the program nft is missing", "EPERM": "no CAP_NET_ADMIN over this network namespace",
        ], example: #"net.masquerade { source = "172.30.0.0/16" }"#
    ) { call in
        let network = try call[source]
        let family: FirewallTable.Family = network.isIPv4 ? .ipv4 : .ipv6
        let exit = try call[device].map { "oifname \(try $0.forFirewall()) " } ?? ""
        // Neighbours on the bridge go on seeing one another's own addresses.
        // Every address is no network with neighbours: only what stays on this machine is left alone then.
        let match =
            network.prefix == 0
            ? #"oifname != "lo""#
            : "\(family.rawValue) saddr \(network) \(family.rawValue) daddr != \(network)"
        let rule = "\(match) \(exit)masquerade;"
        let chains = ["post": "type nat hook postrouting priority srcnat; \(rule)"]
        let rules = try handle("masquerade of \(network)", holdings) {
            try FirewallTable.make(chains, for: family, noting: $0)
        }
        holdings.warnOfDrops(family, call)
        return [rules]
    }
}

/// A handle of a table, noted before it is made.
private func handle(
    _ label: String, _ holdings: Holdings, _ make: ((String) -> Void) throws -> FirewallTable
) throws -> Argument {
    var note: JournalNote?
    do {
        let table = try make { name in note = holdings.noteNetwork { .firewall(table: name, namespace: $0) } }
        return .handle(
            NetworkHolding(
                label, note, holdings, shell: "nft delete table \(table.family.rawValue) \(table.name)"
            ) {
                try table.delete()
            })
    } catch {
        note?.forget()
        throw error
    }
}

extension LinkName {
    /// In quotes for nft, whose own signs a link's name may contain.
    fileprivate func forFirewall() throws -> String {
        let isPlain = text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                || [45, 46, 64, 95].contains($0)
        }
        guard isPlain else {
            throw ArgumentError(
                "a link's name of letters, digits, '-', '_', '.' and '@' wanted, got \(quoted(Array(text.utf8)))"
            )
        }
        return "\"\(text)\""
    }
}

private enum TransportProtocol: String, ArgumentType, CaseIterable, CustomStringConvertible {
    var description: String { rawValue }
    case tcp, udp
    static var typeName: String { "protocol" }
    static func read(_ slot: Slot) throws -> TransportProtocol {
        try read(slot, choices: "tcp or udp")
    }
}

/// Where a published port leads: an address and a port.
private struct PublishTarget: ArgumentType {
    let address: NetworkAddress
    let port: UInt16
    static var typeName: String { "address:port" }
    static var annotation: String { "string" }
    static func read(_ slot: Slot) throws -> PublishTarget {
        let text = String(decoding: slot.bytes() ?? [], as: UTF8.self)
        let mark = text.lastIndex(of: ":") ?? text.endIndex
        var host = text[..<mark]
        let number = text[mark...].dropFirst()
        let isBracketed = host.first == "[" && host.last == "]" && host.count > 2
        if isBracketed { host = host.dropFirst().dropLast() }
        guard !host.contains("/"), let address = NetworkAddress(String(host)),
            address.isIPv4 != isBracketed, !number.isEmpty,
            number.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(number), port > 0
        else {
            throw slot.wanted(
                "an IPv4 address and a port such as \"172.30.42.3:80\", or as \"[fd00::3]:80\" for IPv6,")
        }
        guard !address.isAny, !address.isMulticast, address == address.unmapped,
            address.isIPv4 || !address.isLinkLocal
        else { throw slot.wanted("the address of one machine, which counts on every link,") }
        return PublishTarget(address: address, port: port)
    }
}

private func publish(_ holdings: Holdings) -> Primitive {
    let port = Parameter<Int64>("port", "The port on this machine.")
    let to = Parameter<PublishTarget>("to", "Where it leads, as in 172.30.42.3:80 or [fd00::3]:80.")
    let transport = Parameter<TransportProtocol>("protocol", "tcp or udp.", default: .tcp)
    let address = Parameter<HostAddress?>(
        "address",
        "This machine's address that listens; 0.0.0.0 for all of them, :: for those of IPv6. The kernel leads nothing away from ::1.",
        shown: "127.0.0.1; for IPv6 it must be given")
    return Primitive(
        "net.publish", "Leads a port of this machine into a container.",
        options: [port.any, to.any, transport.any, address.any],
        returns: "a handle; undone when released",
        gives: ["tupper.network"],
        shell: """
            nft add table ip tupper && nft 'add chain ip tupper out { type nat hook output priority dstnat; }' \
            && nft add rule ip tupper out ip daddr {address|127.0.0.1} {protocol} dport {port} dnat to {to}
            """, see: ["nft(8)"],
        fails: [
            "EADDRINUSE": "the port is published already, or a program listens on it",
            "ENOENT": "the program nft is missing", "EPERM": "no CAP_NET_ADMIN over this network namespace",
        ],
        example: """
            net.bridge("tupper0", { address = "172.30.0.1/16" })
            net.publish { port = 8080, to = "172.30.42.3:80" }
            """
    ) { call in
        let target = try call[to]
        guard let outer = UInt16(exactly: try call[port]), outer > 0 else {
            throw ArgumentError("option 'port': a number from 1 to 65535 wanted")
        }
        let listening = try call[address]?.address
        guard listening?.isIPv4 ?? true == target.address.isIPv4 else {
            throw ArgumentError(
                "option 'address': \(target.address.isIPv4 ? "an IPv4" : "an IPv6") address wanted, as 'to' has one",
                hint: target.address.isIPv4 ? nil : "\"::\" stands for all of this machine's")
        }
        guard listening.map({ $0.isIPv4 || !$0.isLoopback }) ?? true else {
            throw ArgumentError(
                "option 'address': the kernel leads nothing away from ::1",
                hint: "another address of this machine serves its own programs, too")
        }
        let publication = Publication(
            listening: listening, port: outer, target: target, transport: try call[transport])
        let rules = try handle("port \(outer)", holdings) { try publication.make(noting: $0) }
        holdings.warnOfDrops(publication.family, call)
        return [rules]
    }
}

/// A port to be published.
private struct Publication {
    /// nil for 127.0.0.1.
    let listening: NetworkAddress?
    let port: UInt16
    let target: PublishTarget
    let transport: TransportProtocol

    var family: FirewallTable.Family { target.address.isIPv4 ? .ipv4 : .ipv6 }

    private var isOnLoopback: Bool { listening.map { $0.isLoopback || $0.isAny } ?? true }

    func make(noting note: (String) -> Void) throws -> FirewallTable {
        let link = try? Route.link(toward: target.address)
        let source = (try? network(on: link)) ?? target.address
        let led = "ct status dnat \(arrival) masquerade;"
        var chains = [
            // For connections from elsewhere and for those of this machine's own programs.
            "pre": "type nat hook prerouting priority dstnat; \(lead)",
            "out": "type nat hook output priority -100; \(lead)",
            // The answer must come back this way: to a loopback address, or to the container itself and those beside
            // it, whom it would answer without this machine.
            "post": """
            type nat hook postrouting priority srcnat; \
            \(family == .ipv4 ? "ip saddr 127.0.0.0/8 \(led)" : "") \(family.rawValue) saddr \(source) \(led)
            """,
        ]
        guard isOnLoopback, family == .ipv4 else {
            return try FirewallTable.make(chains, for: family, publishing: published, noting: note)
        }
        if link == nil { _ = try Route.link(toward: target.address) }
        // The kernel drops packets that leave with a loopback address unless the link allows it; then those
        // that would come in that way must be dropped here (CVE-2020-8558).
        if let link {
            let name = try LinkName(text: link.name).forFirewall()
            chains["guard"] = """
                type filter hook prerouting priority raw; iifname \(name) ip daddr 127.0.0.0/8 drop;
                """
        }
        return try FirewallTable.make(
            chains, localnet: link?.name == "lo" ? nil : link, publishing: published, noting: note)
    }

    private var published: PublishedPort? {
        (listening ?? NetworkAddress("127.0.0.1")).map { PublishedPort($0, port, isTCP: transport == .tcp) }
    }

    /// The network behind a link that the target is in: those who would answer one another without this machine.
    private func network(on link: Link?) throws(SystemCallError) -> NetworkAddress? {
        try LinkAddress.all().first { $0.link == link?.index && $0.address.holds(target.address) }?.address
            .network
    }

    private var lead: String {
        var match = "\(family.rawValue) daddr \(listening?.host ?? "127.0.0.1")"
        if listening?.isAny == true {
            match = "fib daddr type local" + (family == .ipv6 ? " ip6 daddr != ::1" : "")
        }
        let host = family == .ipv6 ? "[\(target.address.host)]" : target.address.host
        return "\(match) \(transport.rawValue) dport \(port) dnat to \(host):\(target.port);"
    }

    private var arrival: String {
        "\(family.rawValue) daddr \(target.address.host) \(transport.rawValue) dport \(target.port)"
    }
}
