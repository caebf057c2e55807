internal import Kernel
internal import LuaHost

/// The primitives of `net` that pass packets on between networks.
func firewallPrimitives(_ holdings: Holdings) -> [Primitive] {
    [forwarding(holdings), masquerade(holdings), publish(holdings)]
}

private func forwarding(_ holdings: Holdings) -> Primitive {
    let on = Parameter<Bool?>("on", "Whether this machine passes packets on.", shown: "unchanged")
    return Primitive(
        "net.forwarding", "Tells or sets whether IPv4 packets are passed on.", positional: [on],
        returns: "whether it was so before; a handle where it is set, undone when released",
        shell: "sysctl net.ipv4.ip_forward[={on?1:0}]", see: ["ip(7)"]
    ) { call in
        let setting = Sysctl("net/ipv4/ip_forward")
        let before = try setting.read()
        guard let wanted = try call[on] else { return [.value(.boolean(before != "0"))] }
        try setting.write(wanted ? "1" : "0")
        let handle = NetworkHolding("net.ipv4.ip_forward", holdings) { try setting.write(before) }
        return [.handle(handle)]
    }
}

private func masquerade(_ holdings: Holdings) -> Primitive {
    let source = Parameter<NetworkAddress>("source", "Whose packets, as in 172.30.0.0/16.")
    return Primitive(
        "net.masquerade", "Lets a network speak with this machine's own address.", options: [source],
        returns: "a handle; undone when released",
        shell: """
            nft add table ip tupper && nft 'add chain ip tupper post { type nat hook postrouting priority srcnat; }' \
            && nft add rule ip tupper post ip saddr {source} masquerade
            """, see: ["nft(8)"]
    ) { call in
        let network = try call[source]
        guard network.isIPv4 else { throw ArgumentError("option 'source': an IPv4 network wanted") }
        let rules = "type nat hook postrouting priority srcnat; ip saddr \(network) masquerade;"
        return [.handle(try hold(["post": rules], "masquerade of \(network)", holdings))]
    }
}

private enum TransportProtocol: String, ArgumentType, CaseIterable {
    case tcp, udp
    static var typeName: String { "protocol" }
    static func read(_ slot: Slot) throws -> TransportProtocol {
        guard
            let kind = slot.bytes().flatMap({
                TransportProtocol(rawValue: String(decoding: $0, as: UTF8.self))
            })
        else { throw slot.wanted("tcp or udp") }
        return kind
    }
}

private func publish(_ holdings: Holdings) -> Primitive {
    let port = Parameter<Int64>("port", "The port on this machine.")
    let to = Parameter<String>("to", "Where it leads, as in 172.30.42.3:80.")
    let transport = Parameter<TransportProtocol>("protocol", "tcp or udp.", default: .tcp)
    let address = Parameter<NetworkAddress?>("address", "The address that listens.", shown: "127.0.0.1")
    return Primitive(
        "net.publish", "Leads a port of this machine into a container.",
        options: [port, to, transport, address],
        returns: "a handle; undone when released",
        shell: """
            nft add table ip tupper && nft 'add chain ip tupper out { type nat hook output priority dstnat; }' \
            && nft add rule ip tupper out ip daddr {address|127.0.0.1} {protocol} dport {port} dnat to {to}
            """, see: ["nft(8)"]
    ) { call in
        let text = try call[to]
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let target = NetworkAddress(parts[0]), target.isIPv4, target.prefix == 32,
            let inner = UInt16(parts[1]), inner > 0
        else { throw ArgumentError("option 'to': an IPv4 address and a port such as 172.30.42.3:80 wanted") }
        guard let outer = UInt16(exactly: try call[port]), outer > 0 else {
            throw ArgumentError("option 'port': a number from 1 to 65535 wanted")
        }
        let listening = try call[address]?.host ?? "127.0.0.1"
        let kind = try call[transport].rawValue
        let lead = "ip daddr \(listening) \(kind) dport \(outer) dnat to \(target.host):\(inner);"
        var restore: [() throws -> Void] = []
        if listening.hasPrefix("127.") {
            // Without it the kernel drops packets that leave with a loopback address.
            let setting = Sysctl("net/ipv4/conf/all/route_localnet")
            let before = try setting.read()
            if before != "1" {
                try setting.write("1")
                restore.append { try setting.write(before) }
            }
        }
        let undo = restore
        let chains = [
            "pre": "type nat hook prerouting priority dstnat; \(lead)",
            "out": "type nat hook output priority -100; \(lead)",
            "post":
                "type nat hook postrouting priority srcnat; ip saddr 127.0.0.0/8 ip daddr \(target.host) masquerade;",
        ]
        do {
            return [.handle(try hold(chains, "port \(outer)", holdings) { for step in undo { try step() } })]
        } catch {
            for step in undo { try step() }
            throw error
        }
    }
}

/// Holds a table of its own with these chains.
private func hold(
    _ chains: [String: String], _ label: String, _ holdings: Holdings, also: @escaping () throws -> Void = {}
) throws -> NetworkHolding {
    let table = try FirewallTable.make(chains)
    return NetworkHolding(label, holdings) {
        try table.delete()
        try also()
    }
}
