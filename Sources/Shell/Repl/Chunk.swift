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

    /// Compiles `text`. `name` is as of ``State/load(_:name:)``.
    static func read(_ text: [UInt8], in state: State, name: String) -> Chunk {
        // A comment, or nothing, would be an expression without values.
        var tokens = LuaTokens()
        let isBlank = text.count < 4096 && tokens.read(text).allSatisfy { $0.kind == .comment }
        if !isBlank, let expression = try? state.load(Array("return ".utf8) + text, name: name) {
            return .expression(expression)
        }
        do {
            return .statements(try state.load(text, name: name))
        } catch let failure as LuaFailure {
            return state.text(of: failure).hasSuffix("<eof>") ? .unfinished : .wrong(failure)
        } catch {
            return .wrong(state.failure(for: error, in: "load"))
        }
    }
}

/// A chunk that comes a line at a time.
struct ChunkReader {
    private(set) var text: [UInt8] = []
    private var tokens = LuaTokens()
    /// A chunk that has grown large is compiled again only where it may be finished, or each line would cost more.
    private static let large = 16384

    /// Whether nothing has come yet.
    var isEmpty: Bool { text.isEmpty }

    /// Adds a line, and tells what the chunk is with it.
    mutating func add(_ line: [UInt8], in state: State, name: String) -> Chunk {
        if !text.isEmpty { text.append(10) }
        text += line
        _ = tokens.read(line)
        if text.count > Self.large, tokens.isOpen { return .unfinished }
        return Chunk.read(text, in: state, name: name)
    }

    /// Drops what has come.
    mutating func clear() { self = ChunkReader() }
}
