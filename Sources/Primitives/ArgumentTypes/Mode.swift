public import LuaHost

/// Permission bits: octal text as in `"0755"`. A number is refused, since Lua has no octal ones.
public struct Mode: ArgumentType, Sendable, Equatable, CustomStringConvertible {
    /// The bits, at most 07777.
    public let bits: UInt32
    /// Four octal digits, as in `"0755"` or `"4755"`.
    public var description: String { String(decoding: digits, as: UTF8.self) }
    /// The digits themselves.
    var digits: [UInt8] { [9, 6, 3, 0].map { UInt8(ascii: "0") + UInt8(bits >> $0 & 7) } }

    public static var typeName: String { "mode" }
    public static var annotation: String { "string" }
    public static var form: String? { "permission bits as octal text, as in \"0755\"" }
    public static func read(_ slot: Slot) throws -> Mode {
        guard let text = slot.bytes(), let mode = Mode(String(decoding: text, as: UTF8.self)) else {
            throw slot.wanted("octal permission bits in quotes such as \"0755\"")
        }
        return mode
    }

    /// Permission bits.
    public init(bits: UInt32) { self.bits = bits & 0o7777 }

    /// Reads octal text; nil where it is none.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...55).contains($0) }),
            let bits = UInt32(text, radix: 8), bits <= 0o7777
        else { return nil }
        self.bits = bits
    }
}
