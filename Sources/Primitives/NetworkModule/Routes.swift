internal import Kernel
internal import LuaHost

/// The primitives of `net` that say where packets go.
func routePrimitives(_ holdings: Holdings) -> [Declaration] {
    [Declaration("route", route(holdings)), Declaration("routes", routes())]
}

/// Where a route leads: a network, or `"default"`.
private struct Destination: ArgumentType {
    let network: NetworkAddress?
    static var typeName: String { "network or \"default\"" }
    static var annotation: String { "string" }
    static func read(_ slot: Slot) throws -> Destination {
        if slot.bytes() == Array("default".utf8) { return Destination(network: nil) }
        return Destination(network: try NetworkAddress.read(slot))
    }
}

private func route(_ holdings: Holdings) -> Primitive {
    let to = Parameter<Destination>("to", "The network, as in 10.1.0.0/16, or default.")
    let via = Parameter<HostAddress?>("via", "The machine that passes packets on.", shown: "none")
    let device = Parameter<LinkReference?>(
        "device", "The link to send them by.", shown: "the one that `via` is on")
    return Primitive(
        "net.route", "Adds a route.", options: [to.any, via.any, device.any],
        returns: "a handle; deleted when released",
        gives: ["tupper.network"], shell: "ip route add {to} [via {via}] [dev {device}]",
        see: ["ip-route(8)"],
        fails: [
            "EPERM": "no CAP_NET_ADMIN over this network namespace",
            "ENETUNREACH": "`via` is on no network of a link that is up", "ENETDOWN": "the link is down",
            "EEXIST": "the route is there",
        ],
        example: """
            net.veth { name = "h1", peer = "c1" }:up():address "10.9.8.7/24"
            net.route { to = "default", via = "10.9.8.1", device = "h1" }
            """
    ) { call in
        let (network, gateway) = (try call[to].network, try call[via]?.address)
        if let network, let gateway, network.isIPv4 != gateway.isIPv4 {
            throw ArgumentError(
                "option 'via': an \(network.isIPv4 ? "IPv4" : "IPv6") address wanted as 'to' is \(network), "
                    + "got \(gateway.host)")
        }
        let route = Route(
            to: network, via: gateway, link: try call[device]?.index() ?? 0)
        guard route.via != nil || route.link != 0 else {
            throw ArgumentError("option 'via' or 'device' wanted")
        }
        let shown = route.to.map { "\($0)" } ?? "default"
        let note = holdings.noteNetwork {
            .route(to: shown, via: route.via?.host ?? "", link: route.link, namespace: $0)
        }
        try holdings.make(note) { try route.add() }
        note?.confirm("")
        let handle = NetworkHolding(
            "route to \(shown)", note, holdings,
            shell: "ip route delete \(shown)" + (route.via.map { " via \($0.host)" } ?? "")
        ) {
            try ignoring("ESRCH", "ENODEV") { try route.delete() }
        }
        return [.handle(handle)]
    }
}

private func routes() -> Primitive {
    Primitive(
        "net.routes", "Lists the routes of this network namespace.",
        returns: """
            a list of tables: to, via, device; type, as in unicast or blackhole; metric; nexthops where packets are \
            shared out among several, a list of tables: via, device, weight
            """,
        gives: [
            "{ to: string, via: string?, device: string?, type: string, metric: integer?, "
                + "nexthops: { via: string?, device: string?, weight: integer }[]? }[]"
        ], shell: "ip route", see: ["ip-route(8)"],
        example: "for _, route in ipairs(net.routes()) do print(route.to, route.via, route.device) end"
    ) { _ in
        let names = try Dictionary(Link.all().map { ($0.index, $0.name) }) { first, _ in first }
        return [
            .value(
                .list(
                    try Route.all().map { route in
                        .record([
                            "to": .text(route.to.map { "\($0)" } ?? "default"),
                            "via": route.via.map { .text($0.host) } ?? .absent,
                            "device": names[route.link].map(Value.text) ?? .absent,
                            "type": .text(route.type),
                            "metric": route.metric == 0 ? .absent : .integer(Int64(route.metric)),
                            "nexthops": route.hops.isEmpty
                                ? .absent
                                : .list(
                                    route.hops.map {
                                        .record([
                                            "via": $0.via.map { .text($0.host) } ?? .absent,
                                            "device": names[$0.link].map(Value.text) ?? .absent,
                                            "weight": .integer(Int64($0.weight)),
                                        ])
                                    }),
                        ])
                    }))
        ]
    }
}
