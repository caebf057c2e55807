internal import Kernel
internal import LuaHost

/// What a child leaves for its parent: the values that its function returned, or the error that ended it.
final class Report {
    private var file: MemoryFile?
    private var content: [Value.Entry] = []

    init() throws { file = try MemoryFile("report") }

    func put(_ values: [Value]) throws {
        try file?.write(Value.list([.boolean(true), .list(values)]).encoded)
    }
    func put(error fields: [Value.Entry]) throws {
        try file?.write(Value.list([.boolean(false), .table(fields)]).encoded)
    }

    /// Whether the child has left something, and so is about to end.
    var isWritten: Bool { file?.isWritten ?? !content.isEmpty }

    /// Takes in what the child left, which has ended, and closes the file.
    func close() throws {
        guard let bytes = try file?.contents() else { return }
        file = nil
        if case .table(let parts)? = Value.decode(bytes) { content = parts }
    }

    var values: Value? { part(.boolean(true)) }

    var error: [Value.Entry]? {
        guard case .table(let fields)? = part(.boolean(false)) else { return nil }
        return fields
    }

    private func part(_ kind: Value) -> Value? {
        content.count == 2 && content[0].value == kind ? content[1].value : nil
    }
}

/// A copy of this interpreter to be made, that runs one function and ends.
final class Spawning {
    var namespaces: NamespaceSet = []
    var users: IdentityMap?
    var timeOffsets: TimeOffsets?
    var propagation = Propagation.private
    var diesWithParent = true
    /// The control group that the copy is born in.
    var group: CgroupPlacement?
    /// The child's controlling terminal; nil for this process's.
    var terminal: PseudoTerminal?
    /// Whether PID 1 is an init, and the function runs beside it.
    var hasInit = false
    /// Whether the copy leaves this process's session: setsid(2).
    var hasSession = false
    /// The primitive that was called, for errors of the copy's own.
    private let primitive: String
    /// What the child is given as its standard files, by their numbers, rather than those of this process that it could
    /// change; nil for just those.
    var relayed: [Int32: StandardFile]?
    /// Whether what the function returns is wanted.
    var keepsValues = false
    /// What is done in the copy before the function runs.
    var prepare: () throws -> Void = {}
    private var files: RelayedFiles?
    private let holdings: Holdings
    private let state: State

    init(_ call: Call, holdings: Holdings) {
        primitive = call.primitive.name
        self.holdings = holdings
        state = call.state
    }

    /// Makes the copy; in it, `function` runs and the process ends.
    func start(_ function: Function) throws -> ProcessBox {
        state.prepareForCopy(handing: ParentHandle.self)
        OpenFileLimit.raise()
        let report = try Report()
        let (ours, theirs) = try Channel.pair()
        let parting = hasInit ? try Init() : nil
        files = try relayed.map { try RelayedFiles(given: $0) }
        state.traceBeforeCopy()
        guard let child = try Child.clone(into: namespacesAtBirth, group: group) else {
            state.traceInCopy(isChild: true)
            // Else the child would never be told that this process has ended.
            ours.close()
            run(function, report, theirs, parting)
        }
        // Nor would this process be told that the child has.
        theirs.close()
        state.copied(.parent)
        files?.close()
        child.files = files
        parting?.watch(child)
        let box = ProcessBox(
            child, channel: ours, report: report, terminal: terminal, diesWithParent: diesWithParent, holdings
        )
        // Whoever has the handle can count on the child's being in its group. One that could not step in has ended.
        if group?.isStepWanted == true { _ = try? ours.receive() }
        if let users {
            do {
                try users.write(to: child)
                try ours.send([])
            } catch {
                try box.holding.release()
                throw error
            }
        }
        return box
    }

    /// What the copy is made in. Offsets can be given to a time namespace only before anybody is in it; a cgroup
    /// namespace starts at the group that its maker is in by then.
    private var namespacesAtBirth: NamespaceSet {
        var all = users == nil ? namespaces : namespaces.union([.user])
        if timeOffsets != nil { all.remove(.time) }
        if group != nil { all.remove(.cgroup) }
        return all
    }

    private func run(_ function: Function, _ report: Report, _ parent: Channel, _ parting: Init?) -> Never {
        holdings.startAnew()
        parent.becomeLineToParent()
        var status: Int32 = 0
        do {
            try enter(parent, parting)
            state.copied(.child)
            let values = try function([.handle(ParentHandle(parent))])
            if keepsValues { try report.put(values) }
        } catch let failure as LuaFailure {
            status = leave(report, state.fields(of: failure))
        } catch {
            status = leave(report, state.fields(of: state.failure(for: error, in: primitive)))
        }
        state.traceEnd(status: status)
        state.forgetStop()
        holdings.leave(status, state)
    }

    /// A child that was asked to stop has no error to tell.
    private func leave(_ report: Report, _ fields: [Value.Entry]) -> Int32 {
        if let signal = state.stopSignal { return 128 + signal }
        try? report.put(error: fields)
        return 1
    }

    private func enter(_ parent: Channel, _ parting: Init?) throws {
        if let group, group.isStepWanted {
            try group.enter()
            try parent.send([])
        }
        if let users {
            _ = try parent.receive()
            // Nobody's groups come along; a map for one group only has had them given up already.
            try Processes.stayingDumpable(users.becomeFirst)
        }
        try files?.take()
        try timeOffsets?.enter()
        if diesWithParent { try Processes.dieWithParent() }
        // The group that a process is in when it makes the namespace is the namespace's root.
        if group != nil, namespaces.contains(.cgroup) { try Namespace.unshare([.cgroup]) }
        if namespaces.contains(.mount) { try propagation.setInNewNamespace() }
        try parting?.takePlace()
        if hasSession { Processes.leaveSession() }
        if let terminal {
            // The devpts in sight is not the container's.
            try terminal.open(inOwnInstance: namespaces.contains(.mount))
            try terminal.control()
        }
        try prepare()
    }
}
