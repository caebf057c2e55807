/// The argument types that belong to Lua rather than to Linux.

extension Bool: ArgumentType {
    public static var typeName: String { "boolean" }
    public static var annotation: String { "boolean" }
    public static func read(_ slot: Slot) throws -> Bool {
        guard let flag = slot.boolean() else { throw slot.wanted("true or false") }
        return flag
    }
}

extension Int64: ArgumentType {
    public static var typeName: String { "integer" }
    public static var annotation: String { "integer" }
    public static func read(_ slot: Slot) throws -> Int64 {
        guard let number = slot.integer() else { throw slot.wanted("a whole number") }
        return number
    }
}

extension String: ArgumentType {
    public static var typeName: String { "string" }
    public static var annotation: String { "string" }
    /// UTF-8 text without NUL.
    public static func read(_ slot: Slot) throws -> String {
        guard let bytes = slot.bytes() else { throw slot.wanted("a string") }
        let text = String(decoding: bytes, as: UTF8.self)
        // What is no UTF-8 is decoded to something else. The initializer that validates is generic and costs more.
        guard text.utf8.elementsEqual(bytes) else { throw slot.wanted("UTF-8 text") }
        guard !bytes.contains(0) else { throw slot.wanted("text without NUL") }
        return text
    }
}

extension Array: ArgumentType where Element: ArgumentType {
    public static var typeName: String { "list of \(Element.typeName)" }
    public static var annotation: String {
        Element.reference.contains("|") ? "(\(Element.reference))[]" : "\(Element.reference)[]"
    }
    public static var aliases: [TypeAlias] { Element.aliases }
    public static func read(_ slot: Slot) throws -> [Element] { try slot.elements(Element.read) }
}

extension Function: ArgumentType {
    public static var typeName: String { "function" }
    public static var annotation: String { "function" }
    public static func read(_ slot: Slot) throws -> Function { try slot.function() }
}

/// A byte string: any bytes, NUL among them.
public struct ByteString: ArgumentType {
    /// The bytes.
    public let bytes: [UInt8]
    public static var typeName: String { "string" }
    public static var annotation: String { "string" }
    public static func read(_ slot: Slot) throws -> ByteString {
        guard let bytes = slot.bytes() else { throw slot.wanted("a string") }
        return ByteString(bytes: bytes)
    }
}

/// Any plain value.
public struct PlainValue: ArgumentType {
    /// The value, copied.
    public let value: Value
    public static var typeName: String { "any plain value" }
    public static func read(_ slot: Slot) throws -> PlainValue { PlainValue(value: try slot.plain()) }
}

/// Anything at all; what is not plain reads as absent.
struct Anything: ArgumentType {
    let value: Value
    static let nothing = Anything(value: .absent)
    static var typeName: String { "any" }
    static func read(_ slot: Slot) throws -> Anything { Anything(value: (try? slot.plain()) ?? .absent) }
}

/// One word out of a few.
extension ArgumentType where Self: CaseIterable & RawRepresentable, RawValue == String {
    public static func read(_ slot: Slot) throws -> Self {
        try read(slot, choices: "one of \(allCases.map(\.rawValue).joined(separator: ", "))")
    }

    /// The same with other words for the choices.
    public static func read(_ slot: Slot, choices: @autoclosure () -> String) throws -> Self {
        guard let word = slot.bytes(), let choice = Self(rawValue: String(decoding: word, as: UTF8.self))
        else {
            let near = slot.bytes().flatMap {
                nearest(to: String(decoding: $0, as: UTF8.self), among: allCases.map(\.rawValue))
            }
            let error = slot.wanted(choices())
            throw ArgumentError(error.message, hint: near.map { "did you mean \"\($0)\"?" })
        }
        return choice
    }
}
