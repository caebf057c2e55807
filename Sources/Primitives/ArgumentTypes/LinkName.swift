public import Kernel
public import LuaHost

/// The name of a network link: at most 15 bytes, without slash, colon and spaces. The kernel would take a
/// percent sign for a pattern, and name the link otherwise.
public struct LinkName: ArgumentType, Sendable, Equatable {
    /// The name.
    public let text: String

    public static var typeName: String { "link name" }
    public static var annotation: String { "string" }
    public static func read(_ slot: Slot) throws -> LinkName {
        guard let bytes = slot.bytes() else { throw slot.wanted("a link's name") }
        guard (1...15).contains(bytes.count) else {
            throw slot.wanted("a link's name of 1 to 15 bytes, the kernel's limit,")
        }
        guard let name = LinkName(String(decoding: bytes, as: UTF8.self)) else {
            throw slot.wanted("a link's name without '/', ':', '%' and spaces")
        }
        return name
    }
}

extension LinkName {
    /// nil where it is none.
    init?(_ text: String) {
        guard (1...15).contains(text.utf8.count), text != ".", text != "..",
            text.utf8.allSatisfy({ (33...126).contains($0) && ![37, 47, 58].contains($0) })
        else { return nil }
        self.init(text: text)
    }
}

extension NetworkAddress: ArgumentType {
    public static var typeName: String { "address" }
    public static var annotation: String { "string" }
    public static func read(_ slot: Slot) throws -> NetworkAddress {
        guard let bytes = slot.bytes(), let address = NetworkAddress(String(decoding: bytes, as: UTF8.self))
        else {
            throw slot.wanted("an address such as \"10.0.0.2/24\"")
        }
        return address
    }
}

/// An address that a link can have: with the prefix of its network.
public struct InterfaceAddress: ArgumentType {
    /// The address and its prefix.
    public let address: NetworkAddress

    public static var typeName: String { "address/prefix" }
    public static var annotation: String { "string" }
    public static func read(_ slot: Slot) throws -> InterfaceAddress {
        // Without a prefix, ip(8) takes the address for a network of one, which hardly anybody means.
        guard let bytes = slot.bytes(), bytes.contains(UInt8(ascii: "/")) else {
            throw slot.wanted("an address with its prefix such as \"10.0.0.2/24\"")
        }
        return InterfaceAddress(address: try NetworkAddress.read(slot))
    }
}

/// The address of one machine, without a prefix.
public struct HostAddress: ArgumentType {
    /// The address, its prefix as long as itself.
    public let address: NetworkAddress

    public static var typeName: String { "address" }
    public static var annotation: String { "string" }
    public static func read(_ slot: Slot) throws -> HostAddress {
        guard let bytes = slot.bytes(), !bytes.contains(UInt8(ascii: "/")),
            let address = NetworkAddress(String(decoding: bytes, as: UTF8.self))
        else { throw slot.wanted("an address without a prefix such as \"10.0.0.2\"") }
        return HostAddress(address: address)
    }
}

/// A link: its handle or its name.
public struct LinkReference: ArgumentType {
    private let handle: LinkHandle?
    private let name: String

    public static var typeName: String { "link or its name" }
    public static var annotation: String { "tupper.link|string" }
    public static func read(_ slot: Slot) throws -> LinkReference {
        if let handle = slot.anyHandle() as? LinkHandle {
            return LinkReference(handle: handle, name: handle.label)
        }
        return LinkReference(handle: nil, name: try LinkName.read(slot).text)
    }

    /// Its index in the namespace of this process.
    func index() throws -> Int32 { try index(in: try NetworkNamespace.current()) }

    /// Its index in the namespace of another link.
    func index(beside other: PlacedLink) throws -> Int32 { try index(in: other.place) }

    private func index(in place: NetworkNamespace) throws -> Int32 {
        guard let handle else {
            return try place.perform { () throws(SystemCallError) in try Link.named(name).index }
        }
        guard handle.placed.place.isSame(as: place) else {
            throw ArgumentError("\(quoted(Array(name.utf8))) is in another network namespace")
        }
        return try handle.placed.perform { $0.index }
    }
}

/// The hardware address of a link: `"02:00:00:00:00:01"`.
public struct HardwareAddress: ArgumentType, Sendable, Equatable {
    /// Six bytes.
    public let bytes: [UInt8]

    public static var typeName: String { "hardware address" }
    public static var annotation: String { "string" }
    public static func read(_ slot: Slot) throws -> HardwareAddress {
        let parts = String(decoding: slot.bytes() ?? [], as: UTF8.self)
            .split(separator: ":", omittingEmptySubsequences: false)
        let bytes = parts.compactMap {
            $0.utf8.count == 2 && $0.first?.isHexDigit == true ? UInt8($0, radix: 16) : nil
        }
        guard parts.count == 6, bytes.count == 6 else {
            throw slot.wanted("six pairs of hexadecimal digits such as \"02:00:00:00:00:01\"")
        }
        return HardwareAddress(bytes: bytes)
    }
}
