internal import CEdit
internal import Glibc
internal import Kernel

/// Lines typed at a terminal, edited with the keys of emacs or vi: editline(3).
///
/// Everything that libedit looks up on disk (the terminal's description, how UTF-8 is encoded, `~/.editrc`) it looks up
/// when the editor is made: later another root may be in sight.
@safe public final class LineEditor {
    /// What a read ends with.
    public enum Input: Sendable, Equatable {
        /// A line, without its end; a pasted one may hold several.
        case line([UInt8])
        /// Ctrl-C, or another signal that asks to stop.
        case interrupted
        /// Ctrl-D on an empty line, or the terminal is gone.
        case end
    }

    /// The two families of keys.
    public enum Keys: String, CaseIterable, Sendable {
        case emacs, vi
    }

    /// Asked by the Tab key with what stands before the cursor.
    public var complete: ([UInt8]) -> Completion = { _ in .none }
    let editor: OpaquePointer
    private let history: OpaquePointer
    private var promptText: [UInt32] = []
    private let promptBuffer: PromptBuffer
    var unread: [UInt8] = []
    var ending: Input?
    private var rawModes: TerminalModes?
    private var interruptKey: UInt8?
    private let understandsEscapes: Bool
    private let modes = TerminalModes.current
    /// Whether libedit has not been told of the window's size, for want of room.
    private var isNarrow = true
    private var isReadingPlainly = false

    /// An editor on standard input and output, which must be a terminal; nil where it cannot be had.
    public init?(keys: Keys? = nil, remembering most: Int = 1000) {
        let hasUnicode = ce_use_unicode() != 0
        guard let editor = unsafe ce_start("tupper"), let history = unsafe history_winit() else { return nil }
        (unsafe self.editor, unsafe self.history) = unsafe (editor, history)
        promptBuffer = PromptBuffer()
        let terminal = EnvironmentVariables.value(of: "TERM") ?? "dumb"
        understandsEscapes = terminal != "dumb" && !terminal.isEmpty
        _ = unsafe ce_limit_history(history, Int32(clamping: most))
        unsafe ce_set_client(editor, Unmanaged.passUnretained(self).toOpaque())
        unsafe ce_set_prompt(editor) { unsafe LineEditor.of($0)?.promptBuffer.start }
        unsafe ce_set_history(editor, history)
        unsafe ce_set_reader(editor) { editor, character in
            guard let character = unsafe character, let read = unsafe LineEditor.of(editor)?.nextCharacter()
            else { return 0 }
            unsafe UnsafeMutableRawPointer(character).storeBytes(of: read, as: UInt32.self)
            return 1
        }
        bindKeys(keys ?? .emacs, hasUnicode: hasUnicode)
        if let settings = Self.settingsFile {
            carryOut(settings)
            bindAgain(after: keys ?? .emacs)
        }
        try? Keyboard.watchWindow()
    }

    deinit {
        unsafe el_end(editor)
        unsafe history_wend(history)
    }

    /// Whether standard input and output are a terminal.
    public static var isPossible: Bool { Terminal.isInteractive }

    /// Whether the terminal has gone away: the signal that says so may come a little later.
    public var isTerminalGone: Bool { TerminalModes.current == nil }

    static func of(_ editor: OpaquePointer?) -> LineEditor? {
        guard let editor = unsafe editor, let client = unsafe ce_client(editor) else { return nil }
        return unsafe Unmanaged<LineEditor>.fromOpaque(client).takeUnretainedValue()
    }

    /// editrc(5): `$EDITRC`, or `.editrc` in the home directory.
    private static var settingsFile: String? {
        if let file = EnvironmentVariables.value(of: "EDITRC") { return file }
        return EnvironmentVariables.value(of: "HOME").map { $0 + "/.editrc" }
    }

    /// A window with fewer columns is too narrow for libedit, which writes past the end of its memory there.
    private static let fewestColumns = 10

    /// Shows a prompt and reads a line.
    public func read(prompt: String) -> Input {
        // What ran meanwhile may have left the terminal to a group of its own, and in modes of its own.
        Terminal.takeBack()
        modes?.restore()
        guard columns >= Self.fewestColumns else { return readPlainly(prompt: prompt) }
        if isNarrow { unsafe el_resize(editor) }
        isNarrow = false
        promptText = prompt.unicodeScalars.map(\.value)
        promptBuffer.text = promptText
        (ending, rawModes) = (nil, nil)
        // Raw before the prompt shows: a key pressed at once must not be taken for the line discipline's.
        _ = unsafe ce_set_raw(editor, 1)
        interruptKey = TerminalModes.takeInterruptKey()
        // Pasted text then comes between marks, and its lines are not taken for typed ones.
        if understandsEscapes { show("\u{1b}[?2004h") }
        defer { if understandsEscapes { show("\u{1b}[?2004l") } }
        var count: Int32 = 0
        guard let start = unsafe el_wgets(editor, &count), count > 0 else {
            show("\n")
            return ending ?? .end
        }
        var line = unsafe Self.characters(start, Int(count))
        if line.last == 10 { line.removeLast() }
        return .line(WideText.bytes(line))
    }

    /// Reads a line with the terminal's own means of editing.
    private func readPlainly(prompt: String) -> Input {
        (isNarrow, isReadingPlainly) = (true, true)
        defer { isReadingPlainly = false }
        (ending, interruptKey) = (nil, nil)
        show(prompt)
        var line: [UInt8] = []
        while let byte = nextByte() {
            if byte == 10 { return .line(line) }
            line.append(byte)
        }
        return ending == .end && !line.isEmpty ? .line(line) : ending ?? .end
    }

    /// Adds an entry to what the arrow keys and Ctrl-R find.
    public func remember(_ entry: [UInt8]) {
        guard !entry.isEmpty else { return }
        unsafe withWide(WideText.characters(entry)) { unsafe _ = ce_add_history(history, $0) }
    }

    // MARK: Keys

    /// The next character typed; nil where reading ends.
    private func nextCharacter() -> UInt32? {
        if rawModes == nil { rawModes = TerminalModes.current }
        guard let lead = nextByte() else { return nil }
        if lead == 0x1b, pasteBegins() { return Self.pasteKey }
        let length = WideText.length(lead: lead)
        var bytes = [lead]
        while bytes.count < length {
            guard let next = nextByte() else { return nil }
            guard (0x80...0xbf).contains(next) else {
                unread = bytes.dropFirst() + [next] + unread
                return WideText.stray(lead)
            }
            bytes.append(next)
        }
        if let character = WideText.scalar(bytes[...]) { return character }
        unread = bytes.dropFirst() + unread
        return WideText.stray(lead)
    }

    /// Whether the terminal's mark for a paste follows an Escape. libedit knows key sequences too, but in the insert mode of
    /// vi they would keep Escape from meaning what it means there.
    private func pasteBegins() -> Bool {
        var seen: [UInt8] = []
        for expected in "[200~".utf8 {
            if let byte = nextByte(timeout: 50) { seen.append(byte) }
            guard seen.last == expected else {
                unread = seen + unread
                return false
            }
        }
        return true
    }

    /// The next byte typed, the window's changes followed meanwhile.
    func nextByte(timeout: Int32? = nil) -> UInt8? {
        if !unread.isEmpty { return unread.removeFirst() }
        while true {
            switch Keyboard.next(timeout: timeout) {
            case .byte(let byte):
                guard byte == interruptKey else { return byte }
                ending = .interrupted
                return nil
            case .windowChanged: followWindow()
            case .nothing: return nil
            case .stopped:
                ending = .interrupted
                return nil
            case .end:
                ending = .end
                return nil
            }
        }
    }

    private func followWindow() {
        // A line goes on as in the window before until there is room again; one that is read plainly to its end.
        if isReadingPlainly { return }
        isNarrow = columns < Self.fewestColumns
        if isNarrow { return }
        // Whoever stopped this process, its shell say, has set the terminal's modes for itself.
        rawModes?.restore()
        if understandsEscapes {
            let rows = cursorLayout().row
            show((rows > 0 ? "\u{1b}[\(rows)A" : "") + "\r\u{1b}[J")
        }
        unsafe el_resize(editor)
        _ = unsafe ce_refresh(editor)
    }

    // MARK: The line being edited

    /// What stands before the cursor, and after it.
    var line: (before: [UInt32], after: [UInt32]) {
        guard let line = unsafe el_wline(editor), let start = unsafe line.pointee.buffer,
            let cursor = unsafe line.pointee.cursor, let end = unsafe line.pointee.lastchar
        else { return ([], []) }
        return unsafe (Self.characters(start, cursor - start), Self.characters(cursor, end - cursor))
    }

    private func cursorLayout() -> Layout {
        var layout = Layout(columns: columns)
        layout.place(promptText)
        layout.place(line.before)
        return layout
    }

    /// Prints text below the line and shows the line again below that.
    func showBelow(_ text: String) {
        let cursor = cursorLayout()
        var end = cursor
        end.place(line.after)
        show(String(repeating: "\n", count: end.row - cursor.row + 1) + text)
        _ = unsafe ce_refresh(editor)
    }

    func insert(_ characters: [UInt32]) {
        unsafe withWide(characters) { unsafe _ = el_winsertstr(editor, $0) }
    }

    /// The window's columns and rows.
    public var columns: Int { Terminal.size.map { Int($0.columns) } ?? 80 }
    /// The window's rows.
    public var rows: Int { Terminal.size.map { Int($0.rows) } ?? 24 }

    private func show(_ text: String) {
        unsafe ce_print(text, text.utf8.count)
    }

    private static func characters(_ start: UnsafePointer<wchar_t>, _ count: Int) -> [UInt32] {
        unsafe UnsafeRawBufferPointer(start: start, count: count * MemoryLayout<UInt32>.size)
            .withMemoryRebound(to: UInt32.self) { unsafe Array($0) }
    }
}

/// Calls `body` with the characters as C has them; the text ends at the first NUL.
func withWide(_ characters: [UInt32], _ body: (UnsafePointer<wchar_t>) -> Void) {
    unsafe (characters + [0]).withUnsafeBytes {
        guard let start = $0.baseAddress else { return }
        unsafe body(start.assumingMemoryBound(to: wchar_t.self))
    }
}

/// The prompt as C reads it, whenever libedit asks.
@safe private final class PromptBuffer {
    private(set) var start: UnsafeMutablePointer<wchar_t>?

    var text: [UInt32] = [] {
        didSet {
            if let start = unsafe start { unsafe start.deallocate() }
            let memory = UnsafeMutableRawPointer.allocate(
                byteCount: (text.count + 1) * MemoryLayout<UInt32>.size,
                alignment: MemoryLayout<UInt32>.alignment)
            for (index, character) in (text + [0]).enumerated() {
                unsafe memory.storeBytes(of: character, toByteOffset: index * 4, as: UInt32.self)
            }
            unsafe start = memory.assumingMemoryBound(to: wchar_t.self)
        }
    }

    init() { text = [] }
    deinit { if let start = unsafe start { unsafe start.deallocate() } }
}
