internal import LineEditor
internal import LuaHost
internal import Primitives

/// A person at a prompt, or lines from anywhere else: each chunk is run, and its values are printed.
///
/// After `ns.unshare` the session goes on inside, and after `fs.pivot` below the new root: nothing is looked up by then
/// that it needs.
public final class Session {
    let state: State
    let record: SessionRecord
    let printer: ValuePrinter
    /// Where the last error came from.
    private(set) var lastTraceback: String?
    private let holdings: Holdings
    private let input: any SessionInput
    private let whereabouts = Whereabouts()
    private var reader = ChunkReader()
    /// How many lines have come.
    private var lines = 0
    private var status: Int32 = 0
    private static let chunkName = "=repl"

    /// A session on standard input; on a terminal with the keys of emacs or vi.
    public init(keys: String? = nil, tracing: Bool = false) {
        let state = State()
        self.state = state
        holdings = registerPrimitives(with: state)
        state.preloadStandardLibrary()
        record = SessionRecord(holdings, next: tracing ? LineTracer(state) : nil)
        state.tracer = record
        if tracing { holdings.tellReleases(to: state) }
        let terminal = TerminalInput(keys: keys)
        input = terminal ?? PipedInput()
        printer = ValuePrinter(state: state) { terminal?.window }
        state.register(HelpFunctions.names, lazily: HelpFunctions.primitive)
        state.register(SessionFunctions.names) { [unowned self] name in
            SessionFunctions(session: self).primitive(name)
        }
        state.copied = { [unowned self] role in if role == .successor { record.forgetMade() } }
        terminal?.complete = { [unowned self] line in complete(line) }
        recordOutput()
    }

    /// To be called before a session is made: makes sure that standard input, output and error are open.
    public static func openStandardFiles() { Output.openStandardFiles() }

    /// Runs chunks until the input ends, and releases what they made; returns the exit status.
    public func run() -> Int32 {
        input.greet(state)
        var ending = loop()
        state.forgetStop()
        for complaint in holdings.releaseAll() {
            state.complain("tupper: not released: \(printable(complaint))")
            if ending == 0 { ending = 1 }
        }
        if let trouble = Output.finish() {
            state.complain(trouble)
            if ending == 0 { ending = 1 }
        }
        return ending
    }

    private func loop() -> Int32 {
        while true {
            switch input.read(prompt: reader.isEmpty ? prompt : ">> ") {
            case .line(let line):
                lines += 1
                if isFarewell(line) { return 0 }
                take(line)
            case .interrupted:
                reader.clear()
                // Without a terminal there is nobody to type the next chunk.
                if !input.isTerminal, let signal = state.stopSignal { return 128 + signal }
            case .end:
                if input.isGone { return 128 + Self.hangUp }
                guard !reader.isEmpty else { return input.isTerminal ? 0 : status }
                refuseUnfinished()
            }
            if let signal = state.stopSignal, signal != Self.interrupt { return 128 + signal }
            state.forgetStop()
        }
    }

    /// What people type in other shells to leave.
    private func isFarewell(_ line: [UInt8]) -> Bool {
        guard input.isTerminal, reader.isEmpty else { return false }
        return ["exit", "quit", "exit()", "quit()"].contains(String(decoding: line, as: UTF8.self).trimmed)
    }

    private static let interrupt: Int32 = 2
    private static let hangUp: Int32 = 1

    /// The hostname, the user, and the namespaces that are others than at the start, as far as the window has room.
    private var prompt: String {
        let name = (whereabouts.user.map { "\($0)@" } ?? "") + whereabouts.host
        let changed = whereabouts.changed
        let room = (input.window?.columns ?? 80) / 2
        let whole = name + (changed.isEmpty ? "" : " [\(changed.joined(separator: " "))]") + " > "
        if whole.count <= max(room, 50) && whole.count <= 2 * room - 8 { return whole }
        let short = name + (changed.isEmpty ? "" : " [\(changed.count)]") + " > "
        return short.count <= room ? short : "> "
    }

    // MARK: Chunks

    private func take(_ line: [UInt8]) {
        if reader.isEmpty, line.allSatisfy({ $0 == 32 || $0 == 9 }) { return }
        // A person counts from the prompt on.
        let chunk = reader.add(
            line, number: input.isTerminal ? 1 : lines, in: state, name: Self.chunkName)
        if case .unfinished = chunk { return }
        let (source, first) = (reader.text, reader.line)
        reader.clear()
        input.remember(source, state)
        switch chunk {
        case .expression(let function): run(function, source, isExpression: true)
        case .statements(let function):
            guard let pieces = Statements.split(source, in: state, name: Self.chunkName, line: first) else {
                return run(function, source, isExpression: false)
            }
            for piece in pieces {
                run(piece.function, piece.source, isExpression: false)
                if status != 0 || state.stopSignal != nil { return }
            }
        case .wrong(let failure): fail(failure)
        case .unfinished: break
        }
    }

    private func refuseUnfinished() {
        let (source, first) = (reader.text, reader.line)
        reader.clear()
        do { _ = try state.load(source, name: Self.chunkName, line: first) } catch let failure as LuaFailure {
            fail(failure)
        } catch {}
    }

    private func run(_ function: Function, _ source: [UInt8], isExpression: Bool) {
        record.begin(source)
        record.change { $0.isExpression = isExpression }
        do {
            let values = try function.references()
            record.change { $0.values = values.count }
            try print(values)
            if let first = values.first { state.setGlobal("_", Argument.reference(first)) }
            status = 0
        } catch let failure as LuaFailure {
            record.change { $0.hasFailed = true }
            fail(failure)
        } catch {
            record.change { $0.hasFailed = true }
            fail(state.failure(for: error, in: "repl"))
        }
    }

    private func print(_ values: [LuaHost.Reference]) throws {
        for value in values {
            let text = printableLines(try printer.excerpt(value)) + "\n"
            record.printed(Array(text.utf8))
            state.print(text)
        }
    }

    /// One line, the hint, and how to see more.
    private func fail(_ failure: LuaFailure) {
        status = 1
        var fields: [String: String] = [:]
        for field in state.fields(of: failure) {
            guard case .bytes(let key) = field.key, case .bytes(let value) = field.value else { continue }
            fields[String(decoding: key, as: UTF8.self)] = printableLines(
                String(decoding: value, as: UTF8.self))
        }
        lastTraceback = fields["traceback"].map { $0 + "\n" } ?? "the last error has no traceback\n"
        if state.stopSignal != nil {
            input.complain("interrupted", state)
            return
        }
        // A text has its traceback below it already.
        let text = state.words(of: failure)
        let line = text.hasPrefix(fields["message"] ?? "\n") ? fields["message"] ?? text : text
        input.complain(String(line.prefix(2000)) + (line.count > 2000 ? "..." : ""), state)
        if let hint = fields["hint"] ?? state.hint(for: line) { input.complain("  hint: \(hint)", state) }
    }

    private func complete(_ line: [UInt8]) -> Completion {
        let before = reader.isEmpty ? [] : reader.text + [10]
        // Further back nothing matters, and each Tab would cost more.
        let near = Array(before.suffix(65536))
        let found = ChunkCompletion(state: state, names: SessionFunctions.names).complete(near + line)
        guard found.start >= near.count else { return .none }
        return Completion(start: found.start - near.count, candidates: found.candidates)
    }

    /// `print` and `io.write` also tell the record, for the comments of a recipe.
    private func recordOutput() {
        let text = Parameter<ByteString>("text", "What is printed.")
        let tell = state.function(
            Primitive("session.__printed", "Notes what is printed.", positional: [text.any]) {
                [unowned self] call in
                record.printed(try call[text].bytes)
                return []
            })
        let source = """
            local tell, write, print_ = ..., io.write, print
            function print(...)
              local words = table.pack(...)
              for index = 1, words.n do words[index] = tostring(words[index]) end
              tell(table.concat(words, "\\t") .. "\\n")
              return print_(table.unpack(words, 1, words.n))
            end
            function io.write(...)
              for index = 1, select("#", ...) do
                local word = select(index, ...)
                if type(word) == "string" or type(word) == "number" then tell(tostring(word)) end
              end
              return write(...)
            end
            """
        _ = try? state.load(Array(source.utf8), name: "=repl")([.function(tell)])
    }
}
