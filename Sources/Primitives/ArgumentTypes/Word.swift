public import LuaHost

/// One argument of a program: bytes without NUL.
public struct Word: ArgumentType, Sendable, Equatable {
    /// The bytes.
    public let bytes: [UInt8]

    public static var typeName: String { "string" }
    public static var annotation: String { "string|integer" }
    public static func read(_ slot: Slot) throws -> Word {
        // Numbers are what scripts often pass to programs, as in { "sleep", 1 }.
        if let number = slot.integer() { return Word(bytes: Array("\(number)".utf8)) }
        guard let bytes = slot.bytes() else { throw slot.wanted("a string") }
        guard !bytes.contains(0) else { throw slot.wanted("a string without NUL") }
        return Word(bytes: bytes)
    }
}
