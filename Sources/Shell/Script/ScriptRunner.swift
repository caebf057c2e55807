internal import LuaHost
internal import Primitives

/// Runs a chunk to its end and tells how it ended.
public struct ScriptRunner {
    /// How a script ended, and what to print on standard error.
    public struct Ending: Sendable, Equatable {
        /// The exit status: 0, 1 for a Lua error, 128+N for signal N.
        public let status: Int32
        /// The error, its hint and traceback; empty where there is none.
        public let report: String

        /// An ending.
        public init(status: Int32, report: String) {
            self.status = status
            self.report = report
        }
    }

    let state: State
    let holdings: Holdings
    /// How the script is compiled.
    var load: ([UInt8], String) throws -> Function

    /// An interpreter with every primitive and the stdlib.
    /// `tracing` prints each primitive that ran on standard error.
    public init(tracing: TraceFormat? = nil) {
        state = State()
        holdings = registerPrimitives(with: state)
        load = { [state] in try state.load($0, name: $1) }
        state.preloadStandardLibrary()
        state.register(HelpFunctions.names, lazily: HelpFunctions.primitive)
        switch tracing {
        case .text: state.tracer = LineTracer(state)
        case .json: state.tracer = JSONTracer(state)
        case nil: return
        }
        holdings.tellReleases(to: state)
    }

    /// Runs `source` with `arguments` as `arg` and `...`. `name` is the file's, for messages.
    ///
    /// However it ends, what it made on the host is released.
    public func run(_ source: [UInt8], name: String, arguments: ArraySlice<[UInt8]>) -> Ending {
        let ending = runChunk(source, name: name, arguments: arguments)
        state.forgetStop()
        state.ending()
        let complaints = holdings.releaseAll()
        state.ended()
        let trouble = Output.finish()
        if complaints.isEmpty, trouble == nil { return ending }
        let lines =
            [ending.report] + complaints.map { "tupper: not released: \(printable($0))" } + [trouble ?? ""]
        let status = trouble != nil && ending.status == 0 ? 1 : ending.status
        return Ending(status: status, report: lines.filter { !$0.isEmpty }.joined(separator: "\n"))
    }

    private func runChunk(_ source: [UInt8], name: String, arguments: ArraySlice<[UInt8]>) -> Ending {
        let values = arguments.map(Value.bytes)
        var words = [Value.Entry(.integer(0), .text(name))]
        for value in values { words.append(.init(.integer(Int64(words.count)), value)) }
        state.setGlobal("arg", .table(words))
        let chunk: Function
        do { chunk = try load(Self.text(source), "@\(name)") } catch let failure as LuaFailure {
            return Ending(status: 1, report: syntaxError(failure, in: source))
        } catch {
            return Ending(status: 1, report: Reference.message(of: error))
        }
        do {
            // What it returns is for whoever requires it, as with lua.
            _ = try chunk.references(values.map(Argument.value))
            return Ending(status: 0, report: "")
        } catch let failure as LuaFailure {
            if let signal = state.stopSignal { return Ending(status: 128 + signal, report: "") }
            let text = report(failure)
            // The error's own __tostring may have been interrupted.
            return Ending(status: state.stopSignal.map { 128 + $0 } ?? 1, report: text)
        } catch {
            return Ending(status: 1, report: "\(error)")
        }
    }

    /// A first line that starts with # is the system's, not Lua's; its newline stays so that lines count.
    static func text(_ source: [UInt8]) -> [UInt8] {
        // As lua has it: no byte order mark, and no first line that is the kernel's.
        let text = source.starts(with: [0xef, 0xbb, 0xbf]) ? source.dropFirst(3) : source[...]
        guard text.first == UInt8(ascii: "#") else {
            return text.count == source.count ? source : Array(text)
        }
        return Array(text.drop { $0 != UInt8(ascii: "\n") })
    }

    /// What Lua says of a chunk that it cannot read, `NAME:LINE: ...`, and the line itself.
    private func syntaxError(_ failure: LuaFailure, in source: [UInt8]) -> String {
        let text = printableLines(state.text(of: failure))
        let number = text.split(separator: ":").dropFirst().lazy.compactMap { Int($0) }.first ?? 0
        let lines = source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(number - 1) else { return text }
        return "\(text)\n  \(printable(String(decoding: lines[number - 1].prefix(200), as: UTF8.self)))"
    }

    private func report(_ failure: LuaFailure) -> String {
        func text(_ field: String) -> String? {
            guard case .bytes(let bytes)? = state.field(field, of: failure) else { return nil }
            return printableLines(String(decoding: bytes, as: UTF8.self))
        }
        let words = state.words(of: failure)
        if let hint = text("hint") ?? state.hint(for: words) {
            // A text has its traceback below it already.
            let end =
                words.indices.first { words[$0] == "\n" && words[$0...].hasPrefix("\nstack traceback:") }
                ?? words.endIndex
            let lines = words[..<end] + "\n  hint: \(hint)" + words[end...]
            return [String(lines), text("traceback")].compactMap { $0 }.joined(separator: "\n")
        }
        return [words, text("traceback")].compactMap { $0 }.joined(separator: "\n")
    }
}
