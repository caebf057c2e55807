internal import LineEditor
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
    private let editor = LineEditor.isPossible ? LineEditor() : nil
    /// A script may leave the terminal in any mode: typing wants those that were there first.
    private let modes = TerminalState()
    private var hasOwnModes = false
    /// The rest of what was pasted.
    private var pasted: [String] = []

    /// Prints lines, each with its owner.
    func say(_ text: String) {
        guard !text.isEmpty else { return }
        inOwnModes {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for line in lines { print(owner.isEmpty ? line : ink.faint(owner) + " " + line) }
            Output.flush()
        }
    }

    /// Does something with the terminal's modes as they were first, and sets the script's again.
    func inOwnModes(_ body: () -> Void) {
        guard isTerminal, !hasOwnModes else { return body() }
        // What the script printed was meant for its own modes.
        Output.flush()
        let scriptModes = TerminalState()
        modes.restore()
        hasOwnModes = true
        body()
        hasOwnModes = false
        scriptModes.restore()
    }

    var isTerminal: Bool { editor != nil }

    /// Whether there was a terminal that has gone away.
    var isGone: Bool { editor?.isTerminalGone ?? false }

    /// How wide a line may be beside its owner; nil where nothing limits it.
    var columns: Int? { editor.map { $0.columns - (owner.isEmpty ? 0 : owner.count + 1) } }

    /// Reads a line; without a terminal the line is shown, so that a transcript reads well. `complete` lists what the word
    /// before the cursor could become, and `suffix` follows where it is the only one.
    func read(_ prompt: String, suffix: String = "", complete: @escaping (String) -> [String]) -> Input {
        if !pasted.isEmpty { return .line(pasted.removeFirst()) }
        let shown = owner.isEmpty ? prompt : owner + " " + prompt
        Output.flush()
        guard let editor else { return readPlain(shown) }
        editor.complete = { before in
            let text = String(decoding: before, as: UTF8.self)
            let words = complete(text)
            let start = before.lastIndex { $0 == 32 || $0 == 9 }.map { $0 + 1 } ?? 0
            return Completion(
                start: start, candidates: words.map { Completion.Candidate(Array($0.utf8), suffix: suffix) })
        }
        switch editor.read(prompt: shown) {
        case .interrupted: return .interrupted
        case .end: return .end
        case .line(let bytes):
            editor.remember(bytes)
            let lines = String(decoding: bytes, as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            pasted = Array(lines.dropFirst())
            return .line(lines.first ?? "")
        }
    }

    private func readPlain(_ prompt: String) -> Input {
        print(prompt, terminator: "")
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

    /// Leaves the terminal as it was found.
    func close() { modes.restore() }
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
