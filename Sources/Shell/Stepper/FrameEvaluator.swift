internal import LuaHost

/// Runs Lua text with the variables of a paused function in sight.
final class FrameEvaluator {
    struct Outcome {
        /// Whether it ran without an error.
        let isDone: Bool
        /// Where it ran: whether the first result is true. Where it did not: whether the text is unfinished.
        let flag: Bool
        /// The results, or the error.
        let text: String
    }

    private let state: State
    private var act: Function?
    /// The function whose variables are in sight.
    var frame: Frame?

    init(_ state: State) { self.state = state }

    private func perform(_ action: String, _ text: String = "") -> Outcome {
        do {
            let function = try act ?? load()
            act = function
            let results = try function([.value(.text(action)), .value(.text(text))])
            guard results.count == 3, case .boolean(let isDone) = results[0],
                case .boolean(let flag) = results[1], case .bytes(let bytes) = results[2]
            else { return Outcome(isDone: false, flag: false, text: "no result") }
            return Outcome(
                isDone: isDone, flag: flag, text: printableLines(String(decoding: bytes, as: UTF8.self)))
        } catch let failure as LuaFailure {
            return Outcome(isDone: false, flag: false, text: state.words(of: failure))
        } catch {
            return Outcome(isDone: false, flag: false, text: "\(error)")
        }
    }

    private func load() throws -> Function {
        let chunk = try state.load(StandardLibrary.frame, name: "=stepper")
        return try state.make(chunk, state.inspectors { [unowned self] in frame })
    }

    /// Runs an expression or a statement.
    func run(_ text: String) -> Outcome { perform("run", text) }

    /// What is wrong with an expression; nil for nothing.
    func problem(with expression: String) -> String? {
        let outcome = perform("check", expression)
        return outcome.isDone ? nil : outcome.text
    }

    /// The variables with their values, a line each.
    func variables() -> String { perform("variables").text }

    /// The words that a text could be the beginning of.
    func completions(of text: String) -> [String] {
        perform("complete", text).text.split(separator: "\n").map(String.init)
    }
}
