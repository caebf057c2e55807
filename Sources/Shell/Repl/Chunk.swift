internal import LuaHost

/// What a person has typed so far, as Lua sees it.
enum Chunk {
    /// An expression, or several; the function returns their values.
    case expression(Function)
    /// Statements.
    case statements(Function)
    /// More must come before it means anything.
    case unfinished
    /// It cannot be Lua, whatever comes.
    case wrong(LuaFailure)

    /// Compiles `text`. `name` and `line` are as of ``State/load(_:name:line:)``.
    static func read(_ text: [UInt8], in state: State, name: String, line: Int) -> Chunk {
        var tokens = LuaTokens()
        let first = tokens.read(Array(text.prefix(4096))).first { $0.kind != .comment }
        // A comment, or nothing, would be an expression without values.
        let asExpression = Result {
            if first == nil { throw ArgumentError("nothing") }
            return try state.load(Array("return ".utf8) + text, name: name, line: line)
        }
        if case .success(let function) = asExpression { return .expression(function) }
        let asStatements = Result { try state.load(text, name: name, line: line) }
        switch (asStatements, asExpression) {
        case (.success(let function), _): return .statements(function)
        case (.failure(let failure as LuaFailure), .failure(let other as LuaFailure)):
            if wantsMore(failure, text, in: state) || wantsMore(other, text, in: state) { return .unfinished }
            return .wrong(first.map(beginsStatement) == false ? other : failure)
        case (.failure(let failure as LuaFailure), _):
            return wantsMore(failure, text, in: state) ? .unfinished : .wrong(failure)
        case (.failure(let error), _): return .wrong(state.failure(for: error, in: "load"))
        }
    }

    /// Whether a chunk was refused only because it ends too soon.
    private static func wantsMore(_ failure: LuaFailure, _ text: [UInt8], in state: State) -> Bool {
        let message = state.text(of: failure)
        guard message.hasSuffix("<eof>") else { return false }
        // A string in quotes ends on its line, unless that line's end is escaped.
        guard message.hasSuffix("unfinished string near <eof>") else { return true }
        var tokens = LuaTokens()
        _ = tokens.read(text)
        return tokens.isQuoteOpen
    }

    /// Whether a statement can begin like this; else what an expression lacks is what is told.
    private static func beginsStatement(_ token: LuaTokens.Token) -> Bool {
        switch token.kind {
        case .name: true
        case .keyword: !["nil", "true", "false", "not", "and", "or"].contains(token.text)
        case .symbol: ["(", ";", "::"].contains(token.text)
        default: false
        }
    }
}

/// A chunk that comes a line at a time.
struct ChunkReader {
    private(set) var text: [UInt8] = []
    /// The line that it begins on.
    private(set) var line = 1
    private var tokens = LuaTokens()
    /// A chunk that has grown large is compiled again only where it may be finished, or each line would cost more.
    private static let large = 16384

    /// Whether nothing has come yet.
    var isEmpty: Bool { text.isEmpty }

    /// Adds a line, the one with a number, and tells what the chunk is with it.
    mutating func add(_ line: [UInt8], number: Int, in state: State, name: String) -> Chunk {
        if text.isEmpty { self.line = number } else { text.append(10) }
        text += line
        _ = tokens.read(line)
        if text.count > Self.large, tokens.isOpen { return .unfinished }
        return Chunk.read(text, in: state, name: name, line: self.line)
    }

    /// Drops what has come.
    mutating func clear() { self = ChunkReader() }
}
