internal import Kernel
public import LuaHost

/// Capabilities by their names as in capabilities(7), with or without `CAP_`; `"ALL"` for every one.
public struct CapabilityList: ArgumentType, Sendable, Equatable, CustomStringConvertible {
    let capabilities: Capabilities
    /// The names, separated by commas.
    public var description: String { capabilities.names.joined(separator: ",") }

    public static var typeName: String { "list of capabilities" }
    public static var annotation: String { "string[]|string" }
    public static var form: String? { "names as in capabilities(7), with or without CAP_, or \"ALL\"" }
    public static func read(_ slot: Slot) throws -> CapabilityList {
        if slot.bytes() != nil { return CapabilityList(capabilities: try one(slot)) }
        return CapabilityList(capabilities: Capabilities(try slot.elements(one)))
    }

    private static func one(_ slot: Slot) throws -> Capabilities {
        guard let bytes = slot.bytes() else { throw slot.wanted("a capability's name such as \"NET_ADMIN\"") }
        let name = String(decoding: bytes.prefix(64), as: UTF8.self)
        if name.uppercased() == "ALL" { return .known }
        if let capability = Capabilities(named: name) { return capability }
        throw slot.wanted(choice: name.uppercased(), among: Capabilities.names, "a capability")
    }
}

/// Secure bits by name.
struct SecureBitList: ArgumentType {
    let bits: SecureBits
    static var typeName: String { "list of secure bits" }
    static var annotation: String { "string[]" }
    static func read(_ slot: Slot) throws -> SecureBitList {
        SecureBitList(
            bits: SecureBits(
                try slot.elements { slot in
                    let name = String(decoding: slot.bytes()?.prefix(64) ?? [], as: UTF8.self)
                    if let bit = SecureBits(named: name) { return bit }
                    throw slot.wanted(choice: name, among: SecureBits.names, "a secure bit")
                }))
    }
}
