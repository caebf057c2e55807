/// The words of Lua text, read a piece at a time: enough to tell whether it may be finished and where the cursor stands.
/// Whether it is Lua at all only the compiler tells.
struct LuaTokens {
    /// One word.
    struct Token: Equatable {
        enum Kind: Equatable {
            case name, keyword, number, symbol, comment
            /// A string in quotes, or in long brackets; whether its end was there.
            case string(isClosed: Bool)
        }
        let kind: Kind
        /// The offset of its first byte in the piece.
        let start: Int
        /// Its bytes; of a string, with its quotes.
        let bytes: ArraySlice<UInt8>

        var text: String { String(decoding: bytes, as: UTF8.self) }
        func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }

        /// By how much what follows is nested deeper.
        var nesting: Int {
            switch kind {
            case .keyword:
                if ["function", "do", "then", "repeat"].contains(text) { return 1 }
                // What an `elseif` opens with a `then` of its own the same `end` closes.
                return ["end", "until", "elseif"].contains(text) ? -1 : 0
            case .symbol:
                if ["(", "{", "["].contains(text) { return 1 }
                return [")", "}", "]"].contains(text) ? -1 : 0
            default: return 0
            }
        }
    }

    static let keywords: Set<String> = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
        "local",
        "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
    ]

    /// The level of a long string or comment that goes on in the next piece.
    private var openLevel: Int?
    private var isCommentOpen = false
    /// The quote of a string that an escaped line's end carries on.
    private var openQuote: UInt8?
    /// How many blocks, brackets and long strings are open.
    private(set) var depth = 0
    var isQuoteOpen: Bool { openQuote != nil }
    /// Whether something is open that the next piece could close.
    var isOpen: Bool { openLevel != nil || openQuote != nil || depth > 0 }

    /// Reads the next piece, which ends where a line ends.
    mutating func read(_ piece: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        if let level = openLevel {
            guard let end = Self.longEnd(level, in: piece, from: 0) else {
                let kind: Token.Kind = isCommentOpen ? .comment : .string(isClosed: false)
                return [Token(kind: kind, start: 0, bytes: piece[...])]
            }
            tokens.append(
                Token(
                    kind: isCommentOpen ? .comment : .string(isClosed: true), start: 0, bytes: piece[..<end]))
            openLevel = nil
            index = end
        }
        if let quote = openQuote {
            openQuote = nil
            let (kind, end) = quoted(in: piece, from: 0, by: quote)
            tokens.append(Token(kind: kind, start: 0, bytes: piece[..<end]))
            index = end
        }
        while index < piece.count {
            if Self.isSpace(piece[index]) {
                index += 1
                continue
            }
            let (kind, end) = word(in: piece, from: index)
            let token = Token(kind: kind, start: index, bytes: piece[index..<end])
            depth += token.nesting
            tokens.append(token)
            index = end
        }
        return tokens
    }

    private mutating func word(in piece: [UInt8], from start: Int) -> (Token.Kind, Int) {
        let byte = piece[start]
        if Self.isLetter(byte) {
            let end = piece[start...].firstIndex { !Self.isLetter($0) && !Self.isDigit($0) } ?? piece.count
            let text = String(decoding: piece[start..<end], as: UTF8.self)
            return (Self.keywords.contains(text) ? .keyword : .name, end)
        }
        if Self.isDigit(byte) {
            let end =
                piece[start...].firstIndex { !Self.isLetter($0) && !Self.isDigit($0) && $0 != 46 }
                ?? piece.count
            return (.number, end)
        }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return quoted(in: piece, from: start + 1, by: byte)
        case UInt8(ascii: "-") where piece[start...].starts(with: "--".utf8):
            if let level = Self.longStart(in: piece, at: start + 2) {
                return (.comment, long(level, in: piece, from: start + 2, isComment: true))
            }
            return (.comment, piece[start...].firstIndex(of: 10) ?? piece.count)
        case UInt8(ascii: "["):
            guard let level = Self.longStart(in: piece, at: start) else { return (.symbol, start + 1) }
            let end = long(level, in: piece, from: start, isComment: false)
            return (.string(isClosed: openLevel == nil), end)
        default:
            for symbol in ["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"]
            where piece[start...].starts(with: symbol.utf8) {
                return (.symbol, start + symbol.utf8.count)
            }
            return (.symbol, start + 1)
        }
    }

    private mutating func quoted(in piece: [UInt8], from start: Int, by quote: UInt8) -> (Token.Kind, Int) {
        var index = start
        while index < piece.count, piece[index] != 10 {
            if piece[index] == quote { return (.string(isClosed: true), index + 1) }
            guard piece[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            // An escaped end of the line belongs to the string, and so does what space follows a `\z`.
            let skipsSpace = index + 1 < piece.count && piece[index + 1] == UInt8(ascii: "z")
            index += 2
            if skipsSpace { while index < piece.count, Self.isSpace(piece[index]) { index += 1 } }
            if index > piece.count || skipsSpace && index == piece.count { openQuote = quote }
        }
        return (.string(isClosed: false), min(index, piece.count))
    }

    /// The end of a long string or comment in this piece.
    private mutating func long(_ level: Int, in piece: [UInt8], from start: Int, isComment: Bool) -> Int {
        if let end = Self.longEnd(level, in: piece, from: start + level + 2) { return end }
        (openLevel, isCommentOpen) = (level, isComment)
        return piece.count
    }

    /// The level of the long bracket that opens at `index`: the number of its equals signs.
    private static func longStart(in piece: [UInt8], at index: Int) -> Int? {
        guard index < piece.count, piece[index] == UInt8(ascii: "[") else { return nil }
        let signs = piece[(index + 1)...].prefix { $0 == UInt8(ascii: "=") }.count
        let next = index + 1 + signs
        return next < piece.count && piece[next] == UInt8(ascii: "[") ? signs : nil
    }

    /// The offset after the bracket that closes.
    private static func longEnd(_ level: Int, in piece: [UInt8], from start: Int) -> Int? {
        let mark =
            [UInt8(ascii: "]")] + [UInt8](repeating: UInt8(ascii: "="), count: level) + [UInt8(ascii: "]")]
        var index = start
        while index + mark.count <= piece.count {
            if piece[index] == mark[0], piece[index..<(index + mark.count)].elementsEqual(mark) {
                return index + mark.count
            }
            index += 1
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
    }
}
