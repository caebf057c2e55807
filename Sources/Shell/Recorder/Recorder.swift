internal import LuaHost
internal import Primitives

/// Walks a script without a person and writes down each step, those of its children too.
///
/// A line that called no primitive is a step the first time only: then it is no longer looked at, and costs nothing.
final class Recorder: Walker, Tracer {
    private let state: State
    private let record: SharedRecord
    private var chunk: SteppedChunk?
    private var source = ""
    private var identity = "1"
    private var children = 0
    /// The statement that runs, to be told of when the next is reached.
    private var line: Int?
    private var traces: [Trace] = []
    private var lineOfTraces = 0
    private var baseline = Observation()
    private var networks: [UInt64: Observation.Network] = [:]
    private var hasLooked = false
    private var steps = 0
    private var isDetached = false
    /// More steps than this nobody goes through.
    private static let limit = 3000

    init(_ state: State, _ record: SharedRecord) {
        (self.state, self.record) = (state, record)
        state.walker = self
        state.tracer = self
        state.copied = { [unowned self] in copied($0) }
        state.ending = { [unowned self] in tellLine() }
        state.ended = { [unowned self] in tellEnd() }
        write(kind: "begin", line: 0, calls: [], changes: look())
    }

    /// Compiles the script with its statements marked. Throws ``LuaFailure`` where it is no Lua.
    func load(_ source: [UInt8], _ name: String) throws -> Function {
        let plain = try state.load(source, name: name)
        guard let marked = MarkedSource(source), let outer = try? state.load(marked.text, name: name) else {
            state.complain("tupper: the script's lines cannot be told apart; only what it called is recorded")
            return plain
        }
        let function = try state.make(try state.make(outer), [.value(.absent)])
        let lines = source.count { $0 == UInt8(ascii: "\n") } + 1
        guard let chunk = state.step(function, marker: MarkedSource.marker, lines: lines) else {
            return plain
        }
        (self.chunk, self.source) = (chunk, name)
        for line in marked.lines { state.setBreakpoint(chunk, line: line, true) }
        state.setWalk(.breakpoints)
        return function
    }

    // MARK: What runs

    func reached(_ pause: Pause) {
        guard !isDetached else { return }
        tellLine()
        if pause.hasBreakpoint { line = pause.line }
        state.setBreakpoint(pause.chunk, line: pause.line, false)
        state.setWalk(.breakpoints)
    }

    func ran(_ trace: Trace) {
        guard !isDetached, !trace.isChildEnd else { return }
        if traces.isEmpty {
            lineOfTraces = state.line(in: [source])?.line ?? line ?? 0
            if let line, line != lineOfTraces { tellPlainLine() }
            line = nil
            // The line is over when the next statement is reached.
            state.setWalk(.every)
        }
        traces.append(trace)
        if trace.nanoseconds == nil { tellLine() }
    }

    private func tellPlainLine() {
        guard let line else { return }
        write(kind: "line", line: line, calls: [], changes: nil)
        self.line = nil
    }

    private func tellLine() {
        guard !isDetached else { return }
        guard !traces.isEmpty else { return tellPlainLine() }
        let calls = traces
        traces = []
        write(kind: "line", line: lineOfTraces, calls: calls, changes: look())
    }

    private func tellEnd() {
        guard !isDetached else { return }
        write(kind: "end", line: 0, calls: [], changes: look())
    }

    /// An error that ended the script.
    func tell(error: String) {
        record.append(
            Value.record([
                "who": .text(identity), "kind": .text("error"), "line": .integer(0), "text": .text(error),
            ]).json)
    }

    private func copied(_ role: CopyRole) {
        switch role {
        case .parent: children += 1
        case .child:
            identity += ".\(children + 1)"
            (children, traces, line) = (0, [], nil)
            write(kind: "begin", line: 0, calls: [], changes: look())
        case .predecessor:
            isDetached = true
            state.tracer = nil
        case .successor: break
        }
    }

    // MARK: Writing

    /// The differences, and what a page needs to draw them.
    private func look() -> (changes: [Change], state: Value) {
        let now = Observer.look()
        let networks = Observer.otherNetworks(of: now)
        defer { (baseline, hasLooked, self.networks) = (now, true, networks) }
        let others = networks.filter { self.networks[$0.key] != $0.value }.map { ($0.key, $0.value) }
        return (
            hasLooked ? now.changes(since: baseline) : [],
            now.value(since: hasLooked ? baseline : nil, others: others)
        )
    }

    private func write(kind: String, line: Int, calls: [Trace], changes: (changes: [Change], state: Value)?) {
        steps += 1
        guard steps <= Self.limit else {
            if steps == Self.limit + 1 {
                state.complain("tupper: \(Self.limit) steps are recorded; the rest runs unrecorded")
            }
            return
        }
        // A loop on one line may call very many.
        let shown = calls.prefix(40)
        let becomes = calls.last { $0.nanoseconds == nil }.flatMap(\.shell)
        record.append(
            Value.record([
                "who": .text(identity), "kind": .text(kind), "line": .integer(Int64(line)),
                "calls": .list(shown.map(\.value)),
                "changes": .list(
                    (changes?.changes ?? []).map {
                        .list([.text($0.sign.rawValue), .text($0.subject), .text($0.text)])
                    }),
                "more": calls.count > shown.count ? .integer(Int64(calls.count - shown.count)) : .absent,
                "becomes": becomes.map(Value.text) ?? .absent,
                "state": changes?.state ?? .absent,
            ]).json)
    }
}
