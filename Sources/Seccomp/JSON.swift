/// A JSON value: RFC 8259. Small, since profiles are all it reads.
public indirect enum JSON: Sendable, Equatable {
    case null
    case boolean(Bool)
    /// A whole number that is not negative.
    case integer(UInt64)
    /// Any other number.
    case number(Double)
    case text(String)
    case list([JSON])
    /// Members in the order given.
    case object([Member])

    /// One member of an object.
    public struct Member: Sendable, Equatable {
        public let name: String
        public let value: JSON

        /// A member.
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// Reads a document. Throws ``ProfileError`` with the line of what is wrong.
    public init(parsing bytes: [UInt8]) throws(ProfileError) {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }

    /// A member of an object by its name; nil where there is none, or null.
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self, let member = members.first(where: { $0.name == name }),
            member.value != .null
        else { return nil }
        return member.value
    }
}

/// Walks over the bytes once.
private struct JSONParser {
    private let bytes: [UInt8]
    private var place = 0
    private static let deepest = 64

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(ProfileError) -> JSON {
        let value = try value(depth: 0)
        skipSpace()
        guard place == bytes.count else { throw wrong("something follows the end") }
        return value
    }

    private func wrong(_ what: String) -> ProfileError {
        ProfileError("line \(1 + bytes[..<min(place, bytes.count)].count { $0 == 10 }): \(what)")
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipSpace() {
        while let byte = next, [32, 9, 10, 13].contains(byte) { place += 1 }
    }

    private mutating func take(_ byte: Character) -> Bool {
        skipSpace()
        guard next == byte.asciiValue else { return false }
        place += 1
        return true
    }

    private mutating func value(depth: Int) throws(ProfileError) -> JSON {
        guard depth < Self.deepest else { throw wrong("nested deeper than \(Self.deepest) levels") }
        skipSpace()
        guard let first = next else { throw wrong("it ends early") }
        switch first {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "-"), 48...57: return try number()
        default:
            for (word, value) in [("null", JSON.null), ("true", .boolean(true)), ("false", .boolean(false))]
            where bytes[place...].starts(with: word.utf8) {
                place += word.utf8.count
                return value
            }
            throw wrong("a value is missing")
        }
    }

    private mutating func object(depth: Int) throws(ProfileError) -> JSON {
        place += 1
        var members: [JSON.Member] = []
        var seen: Set<String> = []
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw wrong("a name in quotes is missing") }
            let name = try string()
            guard seen.insert(name).inserted else { throw wrong("\"\(name)\" stands twice") }
            guard take(":") else { throw wrong("a colon is missing") }
            members.append(.init(name, try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw wrong("a comma or } is missing") }
        return .object(members)
    }

    private mutating func list(depth: Int) throws(ProfileError) -> JSON {
        place += 1
        var elements: [JSON] = []
        if take("]") { return .list([]) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw wrong("a comma or ] is missing") }
        return .list(elements)
    }

    private mutating func number() throws(ProfileError) -> JSON {
        let start = place
        while let byte = next, (48...57).contains(byte) || [43, 45, 46, 69, 101].contains(byte) { place += 1 }
        let digits = bytes[start..<place]
        let text = String(decoding: digits, as: UTF8.self)
        let whole = digits.allSatisfy { (48...57).contains($0) }
        guard digits.count < 40, digits.count == 1 || !(whole && digits.first == 48) else {
            throw wrong("no number: \(text.prefix(40))")
        }
        if whole, let number = UInt64(text) { return .integer(number) }
        guard digits.last.map({ (48...57).contains($0) }) == true, let number = Double(text), number.isFinite
        else { throw wrong("no number: \(text)") }
        return .number(number)
    }

    private mutating func string() throws(ProfileError) -> String {
        place += 1
        var content: [UInt8] = []
        while let byte = next {
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw wrong("no UTF-8") }
                return text
            case UInt8(ascii: "\\"): content += try escape()
            case 0..<32: throw wrong("a control character stands in a text")
            default: content.append(byte)
            }
        }
        throw wrong("a text does not end")
    }

    private mutating func escape() throws(ProfileError) -> [UInt8] {
        guard let byte = next else { throw wrong("a text does not end") }
        place += 1
        switch byte {
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "u"): return try unicode()
        default: throw wrong("no such escape")
        }
    }

    private mutating func unicode() throws(ProfileError) -> [UInt8] {
        var code = try hexadecimal()
        if (0xd800..<0xdc00).contains(code), bytes[place...].starts(with: [92, 117]) {
            place += 2
            let low = try hexadecimal()
            guard (0xdc00..<0xe000).contains(low) else { throw wrong("half a character") }
            code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw wrong("half a character") }
        return Array(String(scalar).utf8)
    }

    private mutating func hexadecimal() throws(ProfileError) -> UInt32 {
        let digits = bytes[place...].prefix(4)
        guard digits.count == 4, digits.first != 43, digits.first != 45,
            let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw wrong("four hexadecimal digits are missing") }
        place += 4
        return code
    }
}
