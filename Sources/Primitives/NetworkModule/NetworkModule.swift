internal import Kernel
internal import LuaHost

/// `net`: links, addresses, routes and firewall rules of this network namespace.
func networkModule(_ holdings: Holdings) -> Module {
    Module(
        "net", "Links, addresses, routes and firewall rules of this network namespace.",
        linkPrimitives(holdings) + routePrimitives(holdings) + firewallPrimitives(holdings) + [
            Declaration("ping", ping())
        ],
        kinds: [LinkHandle.kind, NetworkHolding.kind])
}

/// A thing of the network that is held and has no methods of its own: a route, a rule, a parameter.
final class NetworkHolding: HeldHandle {
    static let kindName = "network"
    let label: String
    let holding: Holding

    init(
        _ label: String, _ note: JournalNote?, _ holdings: Holdings,
        shell: @escaping @autoclosure () -> String,
        release: @escaping () throws -> Void
    ) {
        self.label = label
        holding = holdings.hold(label, notes: note.map { [$0] } ?? [], shell: shell(), release: release)
    }

    static var kind: Kind {
        Kind(
            kindName, "A route, a firewall rule or a setting; undone when released.",
            holdingMethods(Self.self, made: "local network = net.forwarding(true)"))
    }
}

/// An address, behind which a link's name may stand.
private struct PingedAddress: ArgumentType {
    let target: ScopedAddress
    static var typeName: String { "address" }
    static var annotation: String { "string" }
    static func read(_ slot: Slot) throws -> PingedAddress {
        let parts = String(decoding: slot.bytes() ?? [], as: UTF8.self)
            .split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            return PingedAddress(target: .init(try HostAddress.read(slot).address.unmapped))
        }
        guard let address = NetworkAddress(parts[0]), !parts[0].contains("/"), !address.isIPv4,
            let zone = LinkName(parts[1])
        else { throw slot.wanted("an IPv6 address and a link's name such as \"fe80::1%eth0\"") }
        return PingedAddress(target: .init(address, zone: zone.text))
    }
}

private func ping() -> Primitive {
    let address = Parameter<PingedAddress>(
        "address",
        "Whom to ask; an address that counts on one link only has the link's name, as in fe80::1%eth0.")
    let count = Parameter<Int64>("count", "How often to ask.", default: 1)
    // Longer than the second after which the kernel asks again for a neighbour: the first question is lost where a bridge
    // has yet to notice that a port came up.
    let timeout = Parameter<Seconds>(
        "timeout", "How long to wait for each answer.", default: Seconds(seconds: 2))
    let interval = Parameter<Seconds>(
        "interval", "How long to pause between two.", default: Seconds(seconds: 0.2))
    return Primitive(
        "net.ping", "Asks a machine for signs of life.", positional: [address.any],
        options: [count.any, timeout.any, interval.any],
        returns: "a table: sent, received; min, avg, max in seconds",
        gives: ["{ sent: integer, received: integer, min: number?, avg: number?, max: number? }"],
        shell: "ping -c {count} {address}", see: ["icmp(7)", "ping(8)"],
        fails: [
            "EINVAL": "the address counts on one link only, and none is named",
            "ENETUNREACH": "no route leads there", "ENODEV": "there is no such link",
            "EPERM": "no CAP_NET_RAW, nor a group in net.ipv4.ping_group_range",
        ],
        example: """
            net.link "lo":up()
            print(net.ping("127.0.0.1", { count = 2, interval = "10ms" }).received)
            """
    ) { call in
        guard let times = Int(exactly: try call[count]), (1...100_000).contains(times) else {
            throw ArgumentError("option 'count': a number from 1 to 100000 wanted")
        }
        let result = try Ping.run(
            try call[address].target, count: times, timeout: try call[timeout].milliseconds,
            pause: try call[interval].milliseconds)
        let sum = result.times.reduce(0, +)
        return [
            .value(
                .record([
                    "sent": .integer(Int64(result.sent)), "received": .integer(Int64(result.times.count)),
                    "min": result.times.min().map(Value.number) ?? .absent,
                    "avg": result.times.isEmpty ? .absent : .number(sum / Double(result.times.count)),
                    "max": result.times.max().map(Value.number) ?? .absent,
                ]))
        ]
    }
}
