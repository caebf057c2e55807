internal import LuaHost

/// The statements of a chunk one by one, so that one of them can be taken back and left out of a recipe.
struct Statements {
    /// One of them, with the line that it begins on.
    struct Piece {
        let source: [UInt8]
        let function: Function
    }

    private static let mostBytes = 1 << 18
    private static let beginnings: Set<String> = ["if", "for", "while", "repeat", "function", "do"]
    /// What reaches from one statement to the next: then the chunk is one.
    private static let ties: Set<String> = ["local", "return", "goto", "break"]

    /// The statements of a chunk that compiles; nil where it is one, or where they belong together.
    static func split(_ source: [UInt8], in state: State, name: String, line first: Int) -> [Piece]? {
        guard source.count <= mostBytes, let cuts = cuts(source), cuts.count > 1 else { return nil }
        var pieces: [Piece] = []
        var line = first
        for (start, end) in zip(cuts, cuts.dropFirst() + [source.count]) {
            let piece = Array(source[start..<end])
            guard let function = try? state.load(piece, name: name, line: line) else { return nil }
            pieces.append(Piece(source: trimmed(piece), function: function))
            line += piece.count { $0 == 10 }
        }
        return pieces
    }

    /// Where statements begin, as far as words tell; nil where something ties them together.
    private static func cuts(_ source: [UInt8]) -> [Int]? {
        var (reader, depth, cuts) = (LuaTokens(), 0, [0])
        var previousEnd = 0
        var isAfterSemicolon = false
        for token in reader.read(source) where token.kind != .comment {
            if depth == 0, token.kind == .keyword, ties.contains(token.text) { return nil }
            if token.isSymbol("::") { return nil }
            let isOnNewLine = source[previousEnd..<token.start].contains(10)
            let mayBegin = token.kind == .name || token.kind == .keyword && beginnings.contains(token.text)
            if depth == 0, previousEnd > 0, isAfterSemicolon || isOnNewLine && mayBegin {
                cuts.append(token.start)
            }
            depth += token.nesting
            isAfterSemicolon = depth == 0 && token.isSymbol(";")
            previousEnd = token.start + token.bytes.count
        }
        return cuts
    }

    /// Without the space and the semicolons around it.
    private static func trimmed(_ piece: [UInt8]) -> [UInt8] {
        func isLoose(_ byte: UInt8) -> Bool { byte <= 32 || byte == UInt8(ascii: ";") }
        let start = piece.firstIndex { !isLoose($0) } ?? piece.count
        let end = piece.lastIndex { !isLoose($0) }.map { $0 + 1 } ?? start
        return Array(piece[start..<max(start, end)])
    }
}
