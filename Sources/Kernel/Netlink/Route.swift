/// Where packets go: RTM_NEWROUTE, in the main table.
public struct Route: Sendable, Equatable {
    /// nil for every other address: the default route.
    public let to: NetworkAddress?
    public let via: NetworkAddress?
    /// The link, by its index; 0 where the kernel finds it by `via`.
    public let link: Int32
    /// What becomes of the packets, as in `"unicast"` or `"blackhole"`.
    public private(set) var type = "unicast"
    /// Which of several routes counts: the lowest; 0 where none was given.
    public private(set) var metric: UInt32 = 0
    /// The ways among which packets are shared out; empty where there is one at most.
    public private(set) var hops: [Hop] = []

    /// One of several ways.
    public struct Hop: Sendable, Equatable {
        public let via: NetworkAddress?
        /// The link, by its index.
        public let link: Int32
        /// Its share, beside those of the others.
        public let weight: Int
    }

    /// A route.
    public init(to: NetworkAddress?, via: NetworkAddress?, link: Int32) {
        self.to = to
        self.via = via
        self.link = link
    }

    /// All routes of the main tables of this network namespace.
    public static func all() throws(SystemCallError) -> [Route] {
        try RouteSocket.request(NetlinkMessage(26, 0x300, [UInt8](repeating: 0, count: 12)), [])
            .compactMap { Route($0) }
    }

    /// Reads RTM_NEWROUTE; nil where it is no whole one, or not of the main table.
    init?(_ answer: NetlinkAnswers.Answer) {
        let content = answer.content
        guard answer.type == 24, content.number(at: 4, 1) == 254 else { return nil }
        let attributes = content.attributes(at: 12)
        let prefix = UInt8(content.number(at: 1, 1))
        to = attributes[1].flatMap { NetworkAddress(bytes: $0.bytes, prefix: prefix) }
        via = Self.gateway(attributes)
        link = Int32(bitPattern: attributes[4]?.number(at: 0) ?? 0)
        let number = Int(content.number(at: 7, 1))
        type = Self.types.indices.contains(number) ? Self.types[number] : "\(number)"
        metric = attributes[6]?.number(at: 0) ?? 0
        hops = attributes[9].map(Self.hops) ?? []
    }

    /// RTN_UNSPEC and what follows it.
    private static let types = [
        "unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable",
        "prohibit",
        "throw", "nat",
    ]

    /// RTA_GATEWAY, or RTA_VIA, which may be of the other family and begins with it.
    private static func gateway(_ attributes: NetlinkAttributes) -> NetworkAddress? {
        guard let bytes = attributes[5]?.bytes ?? attributes[18]?.bytes.dropFirst(2), bytes.count <= 16 else {
            return nil
        }
        return NetworkAddress(bytes: bytes, prefix: UInt8(bytes.count * 8))
    }

    /// RTA_MULTIPATH: a struct rtnexthop each, with attributes.
    private static func hops(_ content: NetlinkBytes) -> [Hop] {
        var hops: [Hop] = []
        var rest = content
        while rest.bytes.count >= 8 {
            let length = Int(rest.number(at: 0, 2))
            guard length >= 8, length <= rest.bytes.count else { break }
            let attributes = NetlinkBytes(rest.bytes.prefix(length)).attributes(at: 8)
            hops.append(
                Hop(
                    via: gateway(attributes), link: Int32(bitPattern: rest.number(at: 4)),
                    weight: Int(rest.number(at: 3, 1)) + 1))
            rest = rest.from((length + 3) & ~3)
        }
        return hops
    }

    /// Adds the route. ENETUNREACH where `via` is not on a network of a link that is up.
    public func add() throws(SystemCallError) { try request(24, 0x600) }

    /// Deletes the route.
    public func delete() throws(SystemCallError) { try request(25, 0) }

    private func request(_ type: UInt16, _ flags: UInt16) throws(SystemCallError) {
        let family = (to ?? via)?.family ?? 2
        // RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_LINK where nothing lies between, RTN_UNICAST.
        let fixed: [UInt8] = [family, to?.prefix ?? 0, 0, 0, 254, 3, via == nil ? 253 : 0, 1, 0, 0, 0, 0]
        var message = NetlinkMessage(type, flags, fixed)
        if let to { message.add(1, to.bytes) }
        if let via { message.add(5, via.bytes) }
        if link != 0 { message.add(4, UInt32(bitPattern: link)) }
        _ = try RouteSocket.request(message, [.init("route", label)])
    }

    /// As errors show it.
    public var label: String {
        (to.map { "\($0)" } ?? "default") + (via.map { " via \($0.host)" } ?? "")
    }

    /// The link by which a packet to an address leaves. ENETUNREACH where no route leads there.
    public static func link(toward address: NetworkAddress) throws(SystemCallError) -> Link? {
        var fixed = [UInt8](repeating: 0, count: 12)
        (fixed[0], fixed[1]) = (address.family, UInt8(address.bytes.count * 8))
        var message = NetlinkMessage(26, 0, fixed)
        message.add(1, address.bytes)
        let answer = try RouteSocket.request(message, [.init("address", address.host)]).first {
            $0.type == 24
        }
        guard let index = answer?.content.attributes(at: 12)[4]?.number(at: 0) else { return nil }
        return try Link.numbered(Int32(bitPattern: index))
    }
}
