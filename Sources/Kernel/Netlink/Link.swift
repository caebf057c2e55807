internal import Glibc

/// A network interface: rtnetlink(7), RTM_NEWLINK and its kin. Known by its index in its namespace.
public struct Link: Sendable, Equatable {
    public let index: Int32
    public let name: String
    /// As in `"02:42:ac:1e:00:01"`; empty where it has none.
    public var mac: String { Hexadecimal.text(hardwareAddress, separator: UInt8(ascii: ":")) }
    /// Its hardware address.
    public let hardwareAddress: [UInt8]
    public let mtu: UInt32
    public let isUp: Bool
    /// Whether it leads back to this machine only (IFF_LOOPBACK).
    private let isLoopback: Bool
    /// Whether it has a carrier (IFF_LOWER_UP) that the kernel has yet to act on (no IFF_RUNNING).
    private let isWaking: Bool
    /// As in `"veth"`; empty for a device that no kind made.
    public let kind: String
    /// The index of the bridge it is attached to; 0 for none.
    public let master: Int32
    /// The index of the link below, or of the other end of a pair, there where that is; 0 for none.
    public let lower: Int32

    /// All links of this network namespace.
    public static func all() throws(SystemCallError) -> [Link] {
        try RouteSocket.request(NetlinkMessage(18, 0x300, header()), []).compactMap { Link($0) }
    }

    /// The link with a name. ENODEV where there is none.
    public static func named(_ name: String) throws(SystemCallError) -> Link {
        var message = NetlinkMessage(18, 0, header())
        message.add(3, text: name)
        return try one(message, name)
    }

    /// The link with an index. ENODEV where there is none.
    public static func numbered(_ index: Int32) throws(SystemCallError) -> Link {
        try one(NetlinkMessage(18, 0, header(index)), "\(index)")
    }

    private static func one(_ message: NetlinkMessage, _ name: String) throws(SystemCallError) -> Link {
        let subject = SystemCallError.Subject("link", name)
        var message = message
        // IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS: counters are most of the answer.
        message.add(29, UInt32(8))
        guard let link = try RouteSocket.request(message, [subject]).lazy.compactMap({ Link($0) }).first
        else {
            throw SystemCallError(message.name, ENODEV, [subject])
        }
        return link
    }

    init?(_ answer: NetlinkAnswers.Answer) {
        guard answer.type == 16, answer.content.bytes.count >= 16 else { return nil }
        let attributes = answer.content.attributes(at: 16)
        index = Int32(bitPattern: answer.content.number(at: 4))
        let flags = answer.content.number(at: 8)
        isUp = flags & 1 != 0
        isLoopback = flags & 8 != 0
        isWaking = flags & 0x10000 != 0 && flags & 0x40 == 0
        name = attributes[3]?.text ?? ""
        mtu = attributes[4]?.number(at: 0) ?? 0
        master = Int32(bitPattern: attributes[10]?.number(at: 0) ?? 0)
        lower = Int32(bitPattern: attributes[5]?.number(at: 0) ?? 0)
        kind = attributes[18]?.attributes()[1]?.text ?? ""
        hardwareAddress = attributes[1].map { Array($0.bytes) } ?? []
    }

    /// struct ifinfomsg.
    private static func header(_ index: Int32 = 0, flags: UInt32 = 0, change: UInt32 = 0) -> [UInt8] {
        [0, 0, 0, 0] + NetlinkMessage.bytes(index) + NetlinkMessage.bytes(flags)
            + NetlinkMessage.bytes(change)
    }

    // MARK: Making

    /// What a new link is made of beyond its name.
    public struct Settings: Sendable {
        public var mtu: UInt32?
        public var mac: [UInt8]?
        /// The link below, by its index.
        public var lower: Int32?
        /// Attributes of the kind, by type.
        var data: [(UInt16, [UInt8])] = []

        /// Nothing said.
        public init() {}

        fileprivate func add(to message: inout NetlinkMessage) {
            if let mtu { message.add(4, mtu) }
            if let mac { message.add(1, mac) }
            if let lower { message.add(5, UInt32(bitPattern: lower)) }
        }
    }

    /// Makes a link. EOPNOTSUPP where this kernel has no such kind.
    public static func make(
        _ name: String, kind: String, _ settings: Settings = Settings()
    ) throws(SystemCallError) -> Link {
        try make(name, kind: kind, settings) { data in
            for (type, content) in settings.data { data.add(type, content) }
        }
        do { return try named(name) } catch {
            delete(fresh: name)
            throw error
        }
    }

    /// Undoes what was just made where it cannot be told of.
    static func delete(fresh name: String) {
        // RTM_DELLINK, IFLA_IFNAME.
        var message = NetlinkMessage(17, 0, header())
        message.add(3, text: name)
        _ = try? RouteSocket.request(message, [.init("link", name)])
    }

    /// Makes a pair of links joined like the ends of a cable: veth(4).
    ///
    /// The second one is born in the network namespace of the process `pid` where given, which spares the wait
    /// for every processor that moving it later costs. Returned is what is known of it there.
    public static func makePair(
        _ name: String, _ peer: String, _ settings: Settings = Settings(), inside pid: Int32? = nil
    ) throws(SystemCallError) -> (Link, Link, NetworkNamespace) {
        var place = try NetworkNamespace.current()
        if let pid { place = try NetworkNamespace.of(pid) }
        do throws(SystemCallError) {
            try make(name, kind: "veth", settings) { data in
                data.nest(1, fixed: header()) { message in
                    message.add(3, text: peer)
                    if let mtu = settings.mtu { message.add(4, mtu) }
                    if let pid { message.add(19, UInt32(bitPattern: pid)) }
                }
            }
        } catch {
            // The kernel does not say which of the two names is taken.
            guard error.number == EEXIST, (try? named(name)) == nil else { throw error }
            throw SystemCallError(
                error.call, EEXIST, [.init("link", peer), .init("kind", "veth")], detail: error.detail)
        }
        do {
            let other = try place.perform { () throws(SystemCallError) in try named(peer) }
            return (try named(name), other, place)
        } catch {
            delete(fresh: name)
            throw error
        }
    }

    private static func make(
        _ name: String, kind: String, _ settings: Settings, _ data: (inout NetlinkMessage) -> Void
    ) throws(SystemCallError) {
        // NLM_F_CREATE, NLM_F_EXCL.
        var message = NetlinkMessage(16, 0x600, header())
        message.add(3, text: name)
        settings.add(to: &message)
        message.nest(18) { info in
            info.add(1, text: kind)
            info.nest(2) { data(&$0) }
        }
        _ = try RouteSocket.request(message, [.init("link", name), .init("kind", kind)])
    }

    // MARK: Changing

    /// Whether this network namespace hands packets between ports of a bridge to its firewall (br_netfilter), which may
    /// lead them back to the port that they came from.
    public static var areBridgesFiltered: Bool {
        ["iptables", "ip6tables"].contains {
            (try? Sysctl("net/bridge/bridge-nf-call-\($0)").read()).map { $0 != "0" } ?? false
        }
    }

    /// Takes it up or down.
    public func set(up: Bool) throws(SystemCallError) {
        try change(NetlinkMessage(16, 0, Self.header(index, flags: up ? 1 : 0, change: 1)))
        // The kernel acts on a carrier a little later, and drops the packets sent until then.
        var patience = up && !isLoopback ? 1000 : 0
        while patience > 0, try Link.numbered(index).isWaking {
            try Processes.sleep(milliseconds: 1)
            patience -= 1
        }
    }

    /// Changes its name.
    public func rename(_ name: String) throws(SystemCallError) {
        try change { $0.add(3, text: name) }
    }

    /// Moves it into the network namespace of a process.
    public func move(to pid: Int32) throws(SystemCallError) {
        try change { $0.add(19, UInt32(bitPattern: pid)) }
    }

    /// Attaches it to a bridge, by its index; 0 detaches.
    public func attach(to master: Int32) throws(SystemCallError) {
        try change { $0.add(10, UInt32(bitPattern: master)) }
    }

    /// Says whether a port of a bridge sends a packet back to where it came from: hairpin mode, IFLA_BRPORT_MODE.
    public func set(hairpin: Bool) throws(SystemCallError) {
        try change { message in
            message.nest(18) { info in
                // IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA.
                info.add(4, text: "bridge")
                info.nest(5) { $0.add(4, [hairpin ? 1 : 0]) }
            }
        }
    }

    /// Sets its maximum transmission unit, and its hardware address of six bytes.
    public func set(mtu: UInt32?, mac: [UInt8]?) throws(SystemCallError) {
        try change { message in
            if let mtu { message.add(4, mtu) }
            if let mac { message.add(1, mac) }
        }
    }

    /// Deletes it.
    public func delete() throws(SystemCallError) {
        try change(NetlinkMessage(17, 0, Self.header(index)))
    }

    private func change(_ body: (inout NetlinkMessage) -> Void) throws(SystemCallError) {
        var message = NetlinkMessage(16, 0, Self.header(index))
        body(&message)
        try change(message)
    }

    private func change(_ message: NetlinkMessage) throws(SystemCallError) {
        _ = try RouteSocket.request(message, [.init("link", name)])
    }
}

extension Link.Settings {
    /// IFLA_VLAN_ID.
    public mutating func set(vlan identifier: UInt16) { data.append((1, NetlinkMessage.bytes(identifier))) }
    /// IFLA_MACVLAN_MODE: bridge.
    public mutating func setMacvlanBridge() { data.append((1, NetlinkMessage.bytes(UInt32(4)))) }
    /// IFLA_VXLAN_ID, IFLA_VXLAN_PORT, and the group or remote address.
    public mutating func set(vxlan identifier: UInt32, remote: NetworkAddress?, port: UInt16) {
        data.append((1, NetlinkMessage.bytes(identifier)))
        data.append((15, NetlinkMessage.bytes(port.bigEndian)))
        if let remote { data.append((remote.bytes.count == 4 ? 2 : 16, remote.bytes)) }
    }
}
