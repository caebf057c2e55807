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
        if let expression = try? state.load(Array("return ".utf8) + text, name: name) {
            // Without this a comment, or nothing, would be an expression without values.
            return isBlank(text) ? .statements(expression) : .expression(expression)
        }
        do {
            return .statements(try state.load(text, name: name))
        } catch let failure as LuaFailure {
            return state.text(of: failure).hasSuffix("<eof>") ? .unfinished : .wrong(failure)
        } catch {
            return .wrong(state.failure(for: error, in: "load"))
        }
    }

    private static func isBlank(_ text: [UInt8]) -> Bool {
        text.allSatisfy { $0 == 32 || (9...13).contains($0) }
    }
}
