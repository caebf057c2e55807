internal import LuaHost
internal import Primitives

/// Walks a script with a person: stops at statements, shows what each line that touched the system changed.
final class Stepper: Walker, Tracer {
    /// Where to stop next, beside breakpoints.
    enum Mode {
        case every
        case shallow(SteppedThread, depth: Int)
        case breakpoints
    }

    let state: State
    let holdings: Holdings
    let console = StepConsole()
    let evaluator: FrameEvaluator
    var files: [SteppedChunk: SteppedFile] = [:]
    var breakpoints: [Breakpoint] = []
    var nextBreakpoint = 1
    var mode = Mode.every
    /// Where `until` is to stop.
    var goal: (file: SteppedFile, line: Int)?
    /// How many stops are passed over, as in `step 3`.
    var passes = 0
    var follow = StepRunner.Follow.parent
    /// What an empty line repeats.
    var lastLine = ""
    private let turns: Turns
    /// The processes of a script are numbered as they come: 1, its children 1.1, 1.2, ...
    private var identity = "1"
    private var children = 0
    /// Whether this process goes on by itself.
    private var isDetached = false
    private var traces: [Trace] = []
    private var place = ""
    var baseline = Observer.look()
    /// While the person runs something here, primitives are not the script's.
    private var isMuted = false
    private var wasTouched = false

    init(_ state: State, _ holdings: Holdings) throws {
        (self.state, self.holdings) = (state, holdings)
        evaluator = FrameEvaluator(state)
        turns = try Turns()
        try stepLoadedFiles()
        state.walker = self
        state.tracer = self
        state.copied = { [unowned self] in copied($0) }
        state.ending = { [unowned self] in withTurn { self.reportLine() } }
        state.ended = { [unowned self] in
            withTurn { self.reportEnd() }
            if identity == "1", !isDetached { console.close() }
        }
    }

    /// Compiles a chunk with its statements marked; as it is where that cannot be done.
    func load(_ source: [UInt8], _ name: String) throws -> Function {
        let plain = try state.load(source, name: name)
        guard let marked = MarkedSource(source), let outer = try? state.load(marked.text, name: name) else {
            console.say("\(printable(name.dropFirst())) cannot be stepped; it runs as it is")
            return plain
        }
        let factory = try state.make(outer)
        let chunk = try state.make(factory, [.value(.absent)])
        let lines = source.count { $0 == UInt8(ascii: "\n") } + 1
        guard let number = state.step(chunk, marker: MarkedSource.marker, lines: lines) else { return plain }
        let file = SteppedFile(name: String(name.dropFirst()), chunk: number, marked: marked, source: source)
        files[number] = file
        resolve(file)
        apply()
        return chunk
    }

    /// Sets the breakpoints of a file that was read.
    private func resolve(_ file: SteppedFile) {
        for (index, breakpoint) in breakpoints.enumerated().reversed()
        where breakpoint.isPending && file.answers(to: breakpoint.file) {
            guard let line = file.marked.line(from: breakpoint.line) else {
                console.say("breakpoint \(breakpoint.number): \(file.refusal(of: breakpoint.line))")
                breakpoints.remove(at: index)
                continue
            }
            (breakpoints[index].file, breakpoints[index].line) = (file.name, line)
            breakpoints[index].isPending = false
        }
        for breakpoint in breakpoints where breakpoint.file == file.name { refresh(file, breakpoint.line) }
    }

    // MARK: Statements

    func reached(_ pause: Pause) {
        guard !isDetached, let file = files[pause.chunk] else { return }
        guard turns.take() else { return }
        defer { turns.give() }
        if reportLine() { apply() }
        guard pause.isWanted else { return }
        if !isStop(pause, file) {
            guard pause.isWantedAnyway else { return }
            if passes > 0 {
                passes -= 1
                return
            }
        }
        stop(pause, file)
    }

    /// Ctrl-C is a question to the script where it is; any other signal ends it.
    func stopped(at place: StopPlace) -> Bool {
        guard !isDetached, console.isTerminal, TerminalState.wasStopTyped, state.stopSignal == 2 else {
            return false
        }
        let chunks = files.values.map { ("@\($0.name)", $0.chunk) }
        guard let pause = place.pause(in: Dictionary(chunks) { one, _ in one }),
            let file = files[pause.chunk]
        else { return false }
        state.forgetStop()
        guard turns.take() else { return false }
        defer { turns.give() }
        reportLine()
        stop(pause, file, isInterrupted: true)
        return true
    }

    /// Whether a breakpoint, or the goal of `until`, holds here.
    private func isStop(_ pause: Pause, _ file: SteppedFile) -> Bool {
        if let goal, goal.file === file, goal.line == pause.line { return true }
        let here = breakpoints.filter { $0.file == file.name && $0.line == pause.line }
        if here.contains(where: { $0.condition == nil }) { return true }
        return here.contains { breakpoint in
            evaluator.frame = pause.frames(limit: 1).first
            defer { evaluator.frame = nil }
            let outcome = muted { evaluator.run(breakpoint.condition ?? "true") }
            if !outcome.isDone {
                console.say("breakpoint \(breakpoint.number): \(outcome.text)")
            }
            return !outcome.isDone || outcome.flag
        }
    }

    private func stop(_ pause: Pause, _ file: SteppedFile, isInterrupted: Bool = false) {
        if let reached = goal {
            goal = nil
            refresh(reached.file, reached.line)
        }
        (mode, passes) = (.every, 0)
        console.inOwnModes { StepPrompt(self, pause, file, isInterrupted: isInterrupted).run() }
        apply()
    }

    /// Says to the interpreter where to stop.
    func apply() {
        switch mode {
        case .every: state.setWalk(.every)
        case .shallow(let thread, let depth): state.setWalk(.shallow(thread, depth: depth))
        case .breakpoints: state.setWalk(.breakpoints)
        }
    }

    /// Sets what the interpreter knows of a line's breakpoints to what is known here.
    func refresh(_ file: SteppedFile, _ line: Int) {
        let isSet =
            breakpoints.contains { $0.file == file.name && !$0.isPending && $0.line == line }
            || goal.map { $0.file === file && $0.line == line } ?? false
        state.setBreakpoint(file.chunk, line: line, isSet)
    }

    /// The same for all files that bear the breakpoint's name: one may have been read several times.
    func refresh(_ breakpoint: Breakpoint) {
        for file in files.values where file.name == breakpoint.file { refresh(file, breakpoint.line) }
    }

    // MARK: Primitives

    func ran(_ trace: Trace) {
        guard !isDetached, !trace.isChildEnd else { return }
        guard !isMuted else {
            wasTouched = true
            return
        }
        if traces.isEmpty {
            let sources = Set(files.values.map { "@\($0.name)" })
            if let line = state.line(in: sources) {
                place = "\(line.source.dropFirst()):\(line.line)"
            } else {
                place = trace.position ?? "outside Lua"
            }
            // The line is over when the next statement is reached.
            state.setWalk(.every)
        }
        traces.append(trace)
        // What does not return leaves no later moment to tell of it.
        if trace.nanoseconds == nil { withTurn { reportLine() } }
    }

    /// Runs something of the person's.
    func muted<Result>(_ body: () -> Result) -> Result {
        isMuted = true
        defer { isMuted = false }
        return body()
    }

    /// Shows what the last line did; false where it called no primitive.
    @discardableResult
    private func reportLine() -> Bool {
        guard !isDetached, !traces.isEmpty else { return false }
        let report = LineReport(ink: console.ink)
        console.say(report.text(place, traces, changes()))
        traces = []
        return true
    }

    /// What is different since it was last looked at.
    private func changes() -> [Change] {
        let now = Observer.look()
        defer { baseline = now }
        return now.changes(since: baseline)
    }

    /// Shows what the person changed at the prompt.
    func reportByHand() {
        guard wasTouched else { return }
        wasTouched = false
        let report = LineReport(ink: console.ink)
        for change in changes() { console.say(report.change(change)) }
    }

    private func reportEnd() {
        guard !isDetached else { return }
        let changes = changes()
        guard !changes.isEmpty else { return }
        console.say(LineReport(ink: console.ink).text("released at the end", [], changes))
    }

    private func withTurn(_ body: () -> Void) {
        guard !isDetached, turns.take() else { return }
        body()
        turns.give()
    }

    // MARK: Processes

    private func copied(_ role: CopyRole) {
        guard !isDetached else { return }
        switch role {
        case .parent:
            children += 1
            if follow == .child { detach() }
            if follow == .both { console.owner = "[\(identity)]" }
        case .child:
            identity += ".\(children + 1)"
            (children, traces) = (0, [])
            if follow == .parent { return detach() }
            console.owner = "[\(identity)]"
            if case .shallow = mode { mode = .every }
            apply()
            withTurn {
                console.say(
                    LineReport(ink: console.ink).text("process \(identity) begins", [], changes()))
            }
        case .predecessor: detach()
        case .successor: break
        }
    }

    /// From here on this process goes on by itself.
    private func detach() {
        isDetached = true
        state.tracer = nil
        let all = breakpoints
        breakpoints = []
        for breakpoint in all { refresh(breakpoint) }
        if let goal { state.setBreakpoint(goal.file.chunk, line: goal.line, false) }
        state.setWalk(.breakpoints)
    }
}
