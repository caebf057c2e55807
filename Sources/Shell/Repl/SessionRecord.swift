internal import LuaHost
internal import Primitives

/// What a session has done so far: for `undo`, `made` and `save`.
final class SessionRecord: Tracer {
    /// A primitive that ran, with what it made.
    struct Step {
        let primitive: String
        let shell: String?
        var made: [Holding]
        /// Whether `undo` has taken back what it made.
        var isTakenBack = false
    }

    /// A chunk that ran.
    struct Entry {
        let source: [UInt8]
        var isExpression = false
        /// How many values an expression had.
        var values = 0
        var printed: [UInt8] = []
        var hasFailed = false
        var steps: [Step] = []
    }

    private(set) var entries: [Entry] = []
    private let holdings: Holdings
    private let next: (any Tracer)?
    /// More than this of what one chunk prints is not worth a comment.
    private static let mostPrinted = 16384

    /// Records; what it is told goes on to `next`.
    init(_ holdings: Holdings, next: (any Tracer)?) {
        self.holdings = holdings
        self.next = next
        holdings.notesLasting = true
    }

    func begin(_ source: [UInt8]) { entries.append(Entry(source: source)) }

    /// Changes the entry of the chunk that runs.
    func change(_ body: (inout Entry) -> Void) {
        guard !entries.isEmpty else { return }
        body(&entries[entries.count - 1])
    }

    func ran(_ trace: Trace) {
        let made = holdings.takeNew()
        // A loop may call millions; those that made nothing need only be known by name.
        change { entry in
            guard !made.isEmpty || !entry.steps.contains(where: { $0.primitive == trace.primitive }) else {
                return
            }
            entry.steps.append(Step(primitive: trace.primitive, shell: trace.shell, made: made))
        }
        next?.ran(trace)
    }

    func released(_ trace: Trace) { next?.released(trace) }

    func printed(_ bytes: [UInt8]) {
        change { $0.printed += bytes.prefix(max(0, Self.mostPrinted - $0.printed.count)) }
    }

    /// Takes back the last step that made something which is still there; tells what it was.
    func undo() throws -> [String] {
        for entry in entries.indices.reversed() {
            for step in entries[entry].steps.indices.reversed() {
                let made = entries[entry].steps[step].made.filter(\.isHeld)
                guard !made.isEmpty else { continue }
                for holding in made.reversed() { try holding.release() }
                entries[entry].steps[step].isTakenBack = true
                return made.map(\.label)
            }
        }
        throw ArgumentError(
            "there is nothing to take back",
            hint: "what was made before the session moved is released at its end")
    }

    /// In a copy of this process: what was made before is the original's.
    func forgetMade() {
        for entry in entries.indices {
            for step in entries[entry].steps.indices { entries[entry].steps[step].made = [] }
        }
    }

    /// What is held, oldest first, with the primitive that made it.
    var held: [(what: String, step: Step?)] {
        let steps = entries.flatMap(\.steps)
        return holdings.made.map { holding in
            (holding.label, steps.first { $0.made.contains { $0 === holding } })
        }
    }
}
