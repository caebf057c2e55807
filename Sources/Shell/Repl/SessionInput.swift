internal import LineEditor
internal import LuaHost
internal import Primitives

/// Where a session's lines come from.
protocol SessionInput: AnyObject {
    /// Whether a person types them.
    var isTerminal: Bool { get }
    /// Whether it has ended by going away, which a signal tells as well.
    var isGone: Bool { get }
    /// The columns and rows that there are to print on; nil where nothing limits them.
    var window: (columns: Int, rows: Int)? { get }
    func greet(_ state: State)
    func read(prompt: String) -> LineEditor.Input
    /// Keeps a chunk for the next session.
    func remember(_ chunk: [UInt8], _ state: State)
    func complain(_ line: String, _ state: State)
}

extension SessionInput {
    func complain(_ line: String, _ state: State) { state.complain(line) }
}

/// A terminal, with line editing and a history.
final class TerminalInput: SessionInput {
    let isTerminal = true
    private let editor: LineEditor
    private var file: HistoryFile?
    private var trouble: String?
    private static let mostEntries = 1000

    /// Nil where there is no terminal.
    init?(keys: String?) {
        guard LineEditor.isPossible,
            let editor = LineEditor(keys: keys.flatMap(LineEditor.Keys.init), remembering: Self.mostEntries)
        else { return nil }
        self.editor = editor
        guard let path = HistoryFile.standardPath else { return }
        do {
            let file = try HistoryFile(path: path)
            self.file = file
            for entry in try file.read(most: Self.mostEntries) { editor.remember(entry) }
        } catch {
            trouble = HistoryFile.words(error)
        }
    }

    var isGone: Bool { editor.isTerminalGone }
    var window: (columns: Int, rows: Int)? { (editor.columns, editor.rows) }

    var complete: ([UInt8]) -> Completion {
        get { editor.complete }
        set { editor.complete = newValue }
    }

    func greet(_ state: State) {
        state.print("tupper: help() lists what there is, Tab completes, Ctrl-D leaves.\n")
        if let trouble { state.complain("tupper: history is not kept: \(trouble)") }
    }

    func read(prompt: String) -> LineEditor.Input { editor.read(prompt: prompt) }

    func remember(_ chunk: [UInt8], _ state: State) {
        editor.remember(chunk)
        guard let file else { return }
        do { try file.append(chunk) } catch {
            // Said once: the session matters more.
            self.file = nil
            state.complain("tupper: history is kept no longer: \(HistoryFile.words(error))")
        }
    }
}

/// A pipe or a file.
final class PipedInput: SessionInput {
    let isTerminal = false
    let isGone = false
    let window: (columns: Int, rows: Int)? = nil
    func greet(_ state: State) {}
    func read(prompt: String) -> LineEditor.Input {
        switch PlainInput.read() {
        case .line(let line): .line(line)
        case .stopped: .interrupted
        case .end: .end
        }
    }
    func remember(_ chunk: [UInt8], _ state: State) {}
}
