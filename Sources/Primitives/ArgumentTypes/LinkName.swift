public import Kernel
public import LuaHost

/// The name of a network link: at most 15 bytes, without slash, colon and spaces.
public struct LinkName: ArgumentType, Sendable, Equatable {
    /// The name.
    public let text: String

    public static var typeName: String { "link name" }
    public static func read(_ slot: Slot) throws -> LinkName {
        guard let bytes = slot.bytes() else { throw slot.wanted("a link's name") }
        let text = String(decoding: bytes, as: UTF8.self)
        guard (1...15).contains(bytes.count),
            bytes.allSatisfy({ (33...126).contains($0) && $0 != 47 && $0 != 58 }),
            text != ".", text != ".."
        else { throw slot.wanted("a link's name of 1 to 15 letters without '/', ':' and spaces") }
        return LinkName(text: text)
    }
}

extension NetworkAddress: ArgumentType {
    public static var typeName: String { "address" }
    public static func read(_ slot: Slot) throws -> NetworkAddress {
        guard let bytes = slot.bytes(), let address = NetworkAddress(String(decoding: bytes, as: UTF8.self))
        else {
            throw slot.wanted("an address such as \"10.0.0.2/24\"")
        }
        return address
    }
}

/// A link: its handle or its name.
public struct LinkReference: ArgumentType {
    /// What the kernel knows of it now.
    public let link: Link

    public static var typeName: String { "link or its name" }
    public static func read(_ slot: Slot) throws -> LinkReference {
        if let handle = slot.anyHandle() as? LinkHandle { return LinkReference(link: try handle.current()) }
        return LinkReference(link: try Link.named(try LinkName.read(slot).text))
    }
}

/// The hardware address of a link: `"02:00:00:00:00:01"`.
public struct HardwareAddress: ArgumentType, Sendable, Equatable {
    /// Six bytes.
    public let bytes: [UInt8]

    public static var typeName: String { "hardware address" }
    public static func read(_ slot: Slot) throws -> HardwareAddress {
        let parts = String(decoding: slot.bytes() ?? [], as: UTF8.self)
            .split(separator: ":", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { $0.utf8.count == 2 ? UInt8($0, radix: 16) : nil }
        guard parts.count == 6, bytes.count == 6 else {
            throw slot.wanted("six pairs of hexadecimal digits such as \"02:00:00:00:00:01\"")
        }
        return HardwareAddress(bytes: bytes)
    }
}
