internal import CKernel
internal import Glibc

/// An IPv4 or IPv6 address with the length of its network's prefix, as in `"10.0.0.2/24"`.
public struct NetworkAddress: Sendable, Equatable, CustomStringConvertible {
    /// Four bytes or sixteen.
    public let bytes: [UInt8]
    /// How many leading bits name the network.
    public let prefix: UInt8

    /// An address as it is written. Without a prefix it is the address alone; nil where it is none.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        // The longest address has 45 characters; a NUL would end it early for inet_pton(3).
        guard let host = parts.first, parts.count <= 2, host.utf8.count <= 45, !host.utf8.contains(0) else {
            return nil
        }
        var four = in_addr()
        var six = in6_addr()
        if unsafe inet_pton(AF_INET, String(host), &four) == 1 {
            bytes = unsafe withUnsafeBytes(of: four) { unsafe Array($0) }
        } else if unsafe inet_pton(AF_INET6, String(host), &six) == 1 {
            bytes = unsafe withUnsafeBytes(of: six) { unsafe Array($0) }
        } else {
            return nil
        }
        let most = UInt8(bytes.count * 8)
        guard parts.count == 2 else {
            prefix = most
            return
        }
        let digits = parts[1]
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let length = UInt8(digits),
            length <= most
        else { return nil }
        prefix = length
    }

    init?(bytes: ArraySlice<UInt8>, prefix: UInt8) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        guard prefix <= bytes.count * 8 else { return nil }
        self.bytes = Array(bytes)
        self.prefix = prefix
    }

    var family: UInt8 { bytes.count == 4 ? 2 : 10 }

    /// The address without its prefix.
    public var host: String {
        if bytes.count == 4 { return bytes.map { "\($0)" }.joined(separator: ".") }
        var text = [CChar](repeating: 0, count: 64)
        _ = unsafe bytes.withUnsafeBytes { unsafe inet_ntop(AF_INET6, $0.baseAddress, &text, 64) }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    public var description: String { "\(host)/\(prefix)" }
    public var isIPv4: Bool { bytes.count == 4 }
    /// Whether it is this machine's own: 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        isIPv4 ? bytes.first == 127 : bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 }
    }
    /// Whether it counts on one link only: 169.254.0.0/16 or fe80::/10.
    public var isLinkLocal: Bool {
        isIPv4 ? bytes.starts(with: [169, 254]) : bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
    }
    /// Whether it is 0.0.0.0 or ::, which stands for every address.
    public var isAny: Bool { bytes.allSatisfy { $0 == 0 } }
    /// The network that it is in: its bits beyond the prefix are 0.
    public var network: NetworkAddress {
        let masked = bytes.enumerated().map { index, byte in
            byte & UInt8(truncatingIfNeeded: 0xff00 >> min(8, max(0, Int(prefix) - index * 8)))
        }
        return NetworkAddress(bytes: masked[...], prefix: prefix) ?? self
    }
    /// Whether an address lies in the same network.
    public func holds(_ other: NetworkAddress) -> Bool {
        NetworkAddress(bytes: other.bytes[...], prefix: prefix)?.network == network
            && other.isIPv4 == isIPv4
    }
    /// Whether it is the address of a group: 224.0.0.0/4 or ff00::/8.
    public var isMulticast: Bool { isIPv4 ? bytes[0] & 0xf0 == 0xe0 : bytes[0] == 0xff }
    /// The IPv4 address that an IPv6 one stands for, as in ::ffff:10.0.0.1; else itself.
    public var unmapped: NetworkAddress {
        guard !isIPv4, bytes.starts(with: [UInt8](repeating: 0, count: 10) + [255, 255]) else { return self }
        return NetworkAddress(bytes: bytes[12...], prefix: 32) ?? self
    }
    /// Whether it is the address of one machine, not of a network.
    public var isHost: Bool { prefix == bytes.count * 8 }
}

/// An address with the link that it counts on, as in `"fe80::1%eth0"`.
public struct ScopedAddress: Sendable, Equatable {
    public let address: NetworkAddress
    /// The link's name; nil for none.
    public let zone: String?

    /// An address and a zone.
    public init(_ address: NetworkAddress, zone: String? = nil) {
        self.address = address
        self.zone = zone
    }

    /// As it is written.
    public var host: String { address.host + (zone.map { "%\($0)" } ?? "") }
}

/// An address of a link: RTM_NEWADDR.
public struct LinkAddress: Sendable, Equatable {
    public let link: Int32
    public let address: NetworkAddress

    /// All addresses of this network namespace.
    public static func all() throws(SystemCallError) -> [LinkAddress] {
        try RouteSocket.request(NetlinkMessage(22, 0x300, [UInt8](repeating: 0, count: 8)), [])
            .compactMap { LinkAddress($0) }
    }

    /// Reads RTM_NEWADDR; nil where it is no whole one.
    init?(_ answer: NetlinkAnswers.Answer) {
        let content = answer.content
        let attributes = content.attributes(at: 8)
        // IFA_LOCAL; IFA_ADDRESS is the other side of a link with two.
        guard answer.type == 20, let bytes = (attributes[2] ?? attributes[1])?.bytes,
            let address = NetworkAddress(bytes: bytes, prefix: UInt8(content.number(at: 1, 1)))
        else { return nil }
        link = Int32(bitPattern: content.number(at: 4))
        self.address = address
    }

    /// Gives a link an address.
    public static func add(_ address: NetworkAddress, to link: Link) throws(SystemCallError) {
        try request(20, 0x600, address, link)
    }

    /// Takes an address from a link.
    public static func remove(_ address: NetworkAddress, from link: Link) throws(SystemCallError) {
        try request(21, 0, address, link)
    }

    private static func request(
        _ type: UInt16, _ flags: UInt16, _ address: NetworkAddress, _ link: Link
    ) throws(SystemCallError) {
        let fixed = [address.family, address.prefix, 0, 0] + NetlinkMessage.bytes(link.index)
        var message = NetlinkMessage(type, flags, fixed)
        message.add(2, address.bytes)
        message.add(1, address.bytes)
        if address.isIPv4, address.prefix < 31 {
            let host = UInt32.max >> UInt32(address.prefix)
            let number = address.bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } | host
            message.add(4, NetlinkMessage.bytes(number.bigEndian))
        }
        // IFA_FLAGS, IFA_F_NODAD: it serves at once; nobody is asked for a second whether it is taken.
        if !address.isIPv4 { message.add(8, UInt32(2)) }
        _ = try RouteSocket.request(message, [.init("address", "\(address)"), .init("link", link.name)])
    }
}
