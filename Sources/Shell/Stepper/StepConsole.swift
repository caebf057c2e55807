internal import Primitives

/// Where the stepper shows what it has to say, and reads what to do.
final class StepConsole {
    enum Input: Equatable {
        case line(String)
        case interrupted
        case end
    }

    let ink = Ink(isColoured: Output.wantsColour)
    /// What stands before each line, to tell processes apart.
    var owner = ""

    /// Prints lines, each with its owner.
    func say(_ text: String) {
        guard !text.isEmpty else { return }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines { print(owner.isEmpty ? line : ink.faint(owner) + " " + line) }
        Output.flush()
    }

    /// Reads a line; without a terminal the line is shown, so that a transcript reads well.
    func read(_ prompt: String) -> Input {
        let shown = owner.isEmpty ? prompt : owner + " " + prompt
        print(shown, terminator: "")
        Output.flush()
        switch PlainInput.read() {
        case .line(let bytes):
            let line = String(decoding: bytes, as: UTF8.self)
            if !Output.isTerminal { print(line) }
            return .line(line)
        case .stopped:
            print()
            return .interrupted
        case .end:
            print()
            return .end
        }
    }
}

/// Colours for a terminal; plain text elsewhere.
struct Ink {
    let isColoured: Bool

    private func paint(_ code: String, _ text: String) -> String {
        isColoured && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }

    func bold(_ text: String) -> String { paint("1", text) }
    func faint(_ text: String) -> String { paint("2", text) }
    func good(_ text: String) -> String { paint("32", text) }
    func bad(_ text: String) -> String { paint("31", text) }
    func warm(_ text: String) -> String { paint("33", text) }
    func cool(_ text: String) -> String { paint("36", text) }
}
