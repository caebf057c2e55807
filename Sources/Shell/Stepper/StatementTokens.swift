/// The tokens of a Lua text, as the manual's chapter 3.1 has them. What is no token ends the list.
struct StatementTokens {
    enum Kind { case name, keyword, literal, symbol, end }

    struct Token {
        let kind: Kind
        let text: String
        let start: Int
        let line: Int
    }

    private let source: [UInt8]
    private var place = 0
    private var line = 1
    private(set) var tokens: [Token] = []

    static let keywords: Set<String> = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
        "local",
        "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
    ]
    private static let symbols = ["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"]

    /// All tokens; the last one is the end.
    static func all(of source: [UInt8]) -> [Token] {
        var scanner = StatementTokens(source: source)
        while scanner.next() {}
        scanner.add(.end, from: scanner.place, line: scanner.line, text: "")
        return scanner.tokens
    }

    private init(source: [UInt8]) { self.source = source }

    private func byte(_ offset: Int = 0) -> UInt8 {
        place + offset < source.count ? source[place + offset] : 0
    }

    private mutating func add(_ kind: Kind, from start: Int, line: Int, text: String? = nil) {
        let text = text ?? String(decoding: source[start..<place], as: UTF8.self)
        tokens.append(Token(kind: kind, text: text, start: start, line: line))
    }

    private mutating func advance() {
        if byte() == UInt8(ascii: "\n") { line += 1 }
        place += 1
    }

    /// Takes one token, or what stands between two; false at the end.
    private mutating func next() -> Bool {
        guard place < source.count else { return false }
        let (start, first) = (place, line)
        switch byte() {
        case 9...13, 32: advance()
        case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"): comment()
        case UInt8(ascii: "["):
            if longBracket() { add(.literal, from: start, line: first, text: "") } else { symbol() }
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            quoted(byte())
            add(.literal, from: start, line: first, text: "")
        case let digit where Self.isDigit(digit):
            number()
            add(.literal, from: start, line: first, text: "")
        case UInt8(ascii: ".") where Self.isDigit(byte(1)):
            number()
            add(.literal, from: start, line: first, text: "")
        case let letter where Self.isLetter(letter):
            while Self.isLetter(byte()) || Self.isDigit(byte()) { place += 1 }
            let text = String(decoding: source[start..<place], as: UTF8.self)
            add(Self.keywords.contains(text) ? .keyword : .name, from: start, line: first, text: text)
        default: symbol()
        }
        return true
    }

    static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool {
        byte == 95 || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private mutating func symbol() {
        let (start, first) = (place, line)
        let long = Self.symbols.first { symbol in
            source[place...].prefix(symbol.utf8.count).elementsEqual(symbol.utf8)
        }
        place += long?.utf8.count ?? 1
        add(.symbol, from: start, line: first)
    }

    private mutating func comment() {
        place += 2
        if byte() == UInt8(ascii: "["), longBracket() { return }
        while place < source.count, byte() != UInt8(ascii: "\n") { place += 1 }
    }

    /// `[[...]]`, `[==[...]==]`; false, and nothing taken, where there is none.
    private mutating func longBracket() -> Bool {
        var level = 0
        while byte(level + 1) == UInt8(ascii: "=") { level += 1 }
        guard byte(level + 1) == UInt8(ascii: "[") else { return false }
        place += level + 2
        while place < source.count {
            if byte() == UInt8(ascii: "]"), byte(level + 1) == UInt8(ascii: "]"),
                (0..<level).allSatisfy({ byte($0 + 1) == UInt8(ascii: "=") })
            {
                place += level + 2
                return true
            }
            advance()
        }
        return true
    }

    private mutating func quoted(_ quote: UInt8) {
        place += 1
        while place < source.count, byte() != quote {
            if byte() == UInt8(ascii: "\\") { place += 1 }
            advance()
        }
        place += 1
        place = min(place, source.count)
    }

    private mutating func number() {
        let isHexadecimal = byte() == 48 && (byte(1) | 32) == UInt8(ascii: "x")
        let exponent = UInt8(ascii: isHexadecimal ? "p" : "e")
        while Self.isDigit(byte()) || Self.isLetter(byte()) || byte() == UInt8(ascii: ".") {
            let isExponent = byte() | 32 == exponent
            place += 1
            if isExponent, byte() == UInt8(ascii: "+") || byte() == UInt8(ascii: "-") { place += 1 }
        }
    }
}
