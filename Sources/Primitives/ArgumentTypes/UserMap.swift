internal import Kernel
public import LuaHost

/// Who is who in a user namespace, as a script says it.
public enum UserMap: ArgumentType, Sendable, Equatable {
    /// `"root"`: whoever this is, is root inside.
    case root
    /// `"auto"`: root, and the ranges of /etc/subuid and /etc/subgid.
    case auto
    /// Runs of numbers.
    case ranges([[UInt32]])

    public static var typeName: String { "user map" }
    public static var annotation: String {
        "\"root\"|\"auto\"|{ inside: integer, outside: integer, count: integer }[]"
    }
    public static var form: String? {
        "who is who in a user namespace: \"root\" (me is root inside), \"auto\" (also the ranges of /etc/subuid and /etc/subgid), or runs of numbers"
    }
    public static func read(_ slot: Slot) throws -> UserMap {
        if let bytes = slot.bytes() {
            switch String(decoding: bytes, as: UTF8.self) {
            case "root": return .root
            case "auto": return .auto
            default: break
            }
        }
        guard slot.kind == "table", case .table(let entries) = try slot.plain(), !entries.isEmpty else {
            throw slot.wanted("\"root\", \"auto\" or a list of { inside=, outside=, count= }")
        }
        // What the kernel takes.
        guard entries.count <= 340 else { throw slot.wanted("340 ranges at most") }
        return .ranges(try entries.map { try range($0.value, slot) })
    }

    private static func range(_ value: Value, _ slot: Slot) throws -> [UInt32] {
        guard case .table(let fields) = value else { throw slot.wanted("{ inside=, outside=, count= }") }
        let numbers = try ["inside", "outside", "count"].map { name -> UInt32 in
            guard case .integer(let number)? = fields.first(where: { $0.key == .text(name) })?.value,
                let exact = UInt32(exactly: number)
            else { throw slot.wanted("{ inside=, outside=, count= } with numbers of 32 bits") }
            return exact
        }
        guard fields.count == 3,
            IdentityMap.Range(inside: numbers[0], outside: numbers[1], count: numbers[2]) != nil
        else { throw slot.wanted("a range that is not empty and ends within 32 bits") }
        return numbers
    }

    /// As the kernel takes it.
    func identityMap() throws -> IdentityMap {
        switch self {
        case .root: .root
        case .auto: try .automatic()
        case .ranges(let ranges):
            IdentityMap(
                ranges.compactMap { IdentityMap.Range(inside: $0[0], outside: $0[1], count: $0[2]) })
        }
    }
}
