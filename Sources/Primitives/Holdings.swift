internal import Kernel
public import LuaHost

/// What the script has made on the host and must be released when it ends, newest first.
public final class Holdings {
    private var held: [Holding] = []
    /// How long the list may become before what was released is taken off it.
    private var mostHeld = 64
    /// A forked child never releases what its parent made.
    private var owner = Processes.generation
    /// Whether what outlives the script is noted too, so that a session can take it back.
    public var notesLasting = false
    /// The families for which the run was warned of rules that drop what is passed on.
    var warnedOfDrops: Set<FirewallTable.Family> = []
    private var new: [Holding] = []
    /// Where things are noted before they are made, for when this process is killed.
    let journal = Journal()

    /// Notes a thing made; `release` undoes it. `notes` are its own in the journal. One of several parts is no news to a
    /// session, which is told of each part. `shell` is the line that would undo it.
    func hold(
        _ label: @escaping @autoclosure () -> String, notes: @escaping @autoclosure () -> [JournalNote] = [],
        hasParts: Bool = false,
        shell: @escaping @autoclosure () -> String? = nil, release: @escaping () throws -> Void
    ) -> Holding {
        if owner != Processes.generation { startAnew() }
        let holding = Holding(label: label, notes: notes, undo: release, owner: owner)
        holding.listShell = shell
        holding.told = told
        dropReleased()
        held.append(holding)
        if notesLasting, !hasParts { new.append(holding) }
        return holding
    }

    /// Takes what was released off the list: at once from its end, and from all of it each time it has doubled.
    private func dropReleased() {
        while let last = held.last, !last.isHeld { held.removeLast() }
        guard held.count >= mostHeld else { return }
        held.removeAll { !$0.isHeld }
        mostHeld = max(64, 2 * held.count)
    }

    /// Notes, for a session, something that outlives the script or goes with something held; `undo` takes it back.
    @discardableResult
    func noteLasting(
        _ label: @escaping @autoclosure () -> String, shell: @escaping @autoclosure () -> String? = nil,
        undo: @escaping () throws -> Void
    ) -> Holding? {
        guard notesLasting else { return nil }
        let holding = Holding(label: label, undo: undo, owner: Processes.generation)
        holding.listShell = shell
        holding.told = told
        new.append(holding)
        return holding
    }

    fileprivate typealias Told = (Holding, _ shell: String, UInt64, Bool) -> Void
    private var told: Told?

    /// Tells the state's tracer of what is released from now on, where a shell line would do the same.
    public func tellReleases(to state: State) {
        told = { [unowned state] holding, shell, nanoseconds, hasFailed in
            state.traceRelease(
                of: holding.label, shell: shell, nanoseconds: nanoseconds, hasFailed: hasFailed)
        }
    }

    /// What was made or noted since this was last asked.
    public func takeNew() -> [Holding] {
        defer { new = [] }
        return new
    }

    /// What is held by this process, oldest first.
    public var made: [Holding] { owner == Processes.generation ? held.filter(\.isHeld) : [] }

    /// Whether anything is held by this process.
    var isHolding: Bool { owner == Processes.generation && held.contains(where: \.isHeld) }

    /// Lets go of what somebody has taken away meanwhile: what has its number later is another's.
    func forgetGone() {
        for holding in made where holding.isGone() { holding.keep() }
    }

    /// In a copy of the process: what was made so far is the original's.
    func startAnew() {
        held = []
        new = []
        owner = Processes.generation
    }

    /// Releases everything, newest first; returns what could not be released, a line each.
    ///
    /// What fails is tried once more when all else is gone, which may have stood in its way.
    public func releaseAll() -> [String] {
        guard owner == Processes.generation else { return [] }
        var remaining: [Holding] = []
        while let holding = held.popLast() {
            do { try holding.release() } catch { remaining.append(holding) }
        }
        let complaints = remaining.compactMap { holding -> String? in
            do { try holding.release() } catch let error as SystemCallError {
                return "\(holding.label): \(error.call): \(error.cause)"
            } catch {
                return "\(holding.label): \(error)"
            }
            return nil
        }
        journal.close()
        return complaints
    }
}

extension Holdings {
    /// Releases everything and ends this process.
    public func leave(_ status: Int32, _ state: State) -> Never {
        state.ending()
        for complaint in releaseAll() { state.complain("tupper: not released: \(complaint)") }
        state.ended()
        let trouble = Output.finish()
        if let trouble { state.complain(trouble) }
        Processes.leave(trouble != nil && status == 0 ? 1 : status)
    }
}

/// One thing held.
public final class Holding {
    /// What it is, as in `"mount /mnt"`. Put together when asked for: few are, and a copy of this process would write to
    /// memory for it.
    public var label: String { name() }
    private let name: () -> String
    private var undo: (() throws -> Void)?
    private let owner: Int
    private let notes: () -> [JournalNote]

    init(
        label: @escaping () -> String, notes: @escaping () -> [JournalNote] = { [] },
        undo: @escaping () throws -> Void,
        owner: Int
    ) {
        name = label
        self.notes = notes
        self.undo = undo
        self.owner = owner
    }

    /// Whether the thing is gone without having been released.
    var isGone: () -> Bool = { false }
    /// Throws where the thing cannot outlive this process.
    var checkKeeping: () throws -> Void = {}
    fileprivate var listShell: () -> String? = { nil }
    fileprivate var told: Holdings.Told?

    /// The shell line that undoes it; nil where there is none.
    var shell: String? { listShell() }

    /// For a handle of something that was there before.
    static var nothing: Holding {
        let holding = Holding(label: { "" }, undo: {}, owner: 0)
        holding.keep()
        return holding
    }

    /// Whether it was undone.
    public private(set) var isReleased = false

    /// Whether releasing would still do something.
    public var isHeld: Bool { undo != nil }

    /// Undoes it; a second time does nothing, and so does a process that did not make it. A primitive for just that is
    /// traced by itself.
    public func release(byPrimitive: Bool = false) throws {
        guard let undo, owner == Processes.generation else { return }
        self.undo = nil
        // Asked for while it is there; nil where it is gone already.
        let line = byPrimitive || told == nil ? nil : shell
        let start = line == nil ? 0 : Clock.nanoseconds
        do { try undo() } catch {
            // A mount that is busy now may not be so at the end.
            self.undo = undo
            if let line { told?(self, line, Clock.nanoseconds &- start, true) }
            throw error
        }
        isReleased = true
        if let line { told?(self, line, Clock.nanoseconds &- start, false) }
        for note in notes() { note.forget() }
    }

    /// Hands it over to the user, where it can outlive this process.
    public func handOver() throws {
        try checkKeeping()
        if undo != nil, owner == Processes.generation { for note in notes() { note.keep() } }
        undo = nil
    }

    /// Is released no more.
    public func keep() {
        undo = nil
        for note in notes() { note.forget() }
    }
}

extension Reference {
    /// What is held by the handle that this is; nil for anything else.
    public func holding(in state: State) -> Holding? { (state.handle(self) as? any HeldHandle)?.holding }
}

/// A handle whose thing is held.
protocol HeldHandle: Handle {
    var holding: Holding { get }
}

extension HeldHandle {
    var fate: String? { holding.isReleased ? "released" : nil }
}

/// The methods that every held handle has. `made` is a line of Lua that makes one in a variable of the kind's name.
func holdingMethods<Subject: HeldHandle>(_ type: Subject.Type, made: String? = nil) -> [Declaration] {
    [Declaration("release", release(type, made)), Declaration("keep", keep(type, made))]
}

private func release<Subject: HeldHandle>(_ type: Subject.Type, _ made: String?) -> Primitive {
    Primitive(
        "\(type.kindName):release", "Undoes it now rather than at the script's end.",
        traced: { try $0.receiver(type).holding.shell },
        example: made.map { "\($0)\n\(type.kindName):release()" }
    ) { call in
        try call.receiver(type).holding.release(byPrimitive: !call.primitive.isMetamethod)
        return []
    }
}

private func keep<Subject: HeldHandle>(_ type: Subject.Type, _ made: String?) -> Primitive {
    Primitive(
        "\(type.kindName):keep", "Hands it over: the script's end leaves it.", returns: "the handle",
        gives: ["tupper.\(type.kindName)"], leaves: "What the handle stands for.",
        example: made.map { "\($0)\n\(type.kindName):keep()" }
    ) { call in
        let subject = try call.receiver(type)
        try subject.holding.handOver()
        return [.handle(subject)]
    }
}
