internal import Kernel
internal import LuaHost
internal import SystemPackage

/// What a child leaves for its parent: the values that its function returned, or the error that ended it.
final class Report {
    private let file: MemoryFile

    init() throws { file = try MemoryFile("report") }

    func put(_ values: [Value]) throws {
        try file.write(Value.list([.boolean(true), .list(values)]).encoded)
    }
    func put(error fields: [Value.Entry]) throws {
        try file.write(Value.list([.boolean(false), .table(fields)]).encoded)
    }

    func values() throws -> Value? { try content(.boolean(true)) }

    func error() throws -> [Value.Entry]? {
        guard case .table(let fields)? = try content(.boolean(false)) else { return nil }
        return fields
    }

    private func content(_ kind: Value) throws -> Value? {
        guard case .table(let parts)? = Value.decode(try file.contents()), parts.count == 2,
            parts[0].value == kind
        else { return nil }
        return parts[1].value
    }
}

/// A copy of this interpreter to be made, that runs one function and ends.
struct Spawning {
    var namespaces: Set<Namespace> = []
    var users: IdentityMap?
    var propagation = Propagation.private
    var diesWithParent = true
    /// Whether what the function returns is wanted.
    var keepsValues = false
    /// What is done in the copy before the function runs.
    var prepare: () throws -> Void = {}
    let holdings: Holdings
    let state: State

    /// Makes the copy; in it, `function` runs and the process ends.
    func start(_ function: Function) throws -> ProcessBox {
        state.prepareForCopy()
        let report = try Report()
        let (ours, theirs) = try Channel.pair()
        guard let child = try Child.clone(into: allNamespaces) else {
            run(function, report, theirs)
        }
        let box = ProcessBox(child, channel: ours, report: report, holdings)
        if let users {
            do {
                try users.write(to: child.pid)
                try ours.send([])
            } catch {
                try box.holding.release()
                throw error
            }
        }
        return box
    }

    private var allNamespaces: Set<Namespace> { users == nil ? namespaces : namespaces.union([.user]) }

    private func run(_ function: Function, _ report: Report, _ parent: Channel) -> Never {
        var status: Int32 = 0
        do {
            try enter(parent)
            let values = try function([.handle(ParentHandle(parent))])
            if keepsValues { try report.put(values) }
        } catch let failure as LuaFailure {
            status = leave(report, state.fields(of: failure))
        } catch {
            status = leave(report, state.fields(of: state.failure(for: error, in: "ns.spawn")))
        }
        state.forgetStop()
        for complaint in holdings.releaseAll() { state.complain("tupper: not released: \(complaint)") }
        Processes.leave(status)
    }

    /// A child that was asked to stop has no error to tell.
    private func leave(_ report: Report, _ fields: [Value.Entry]) -> Int32 {
        if let signal = state.stopSignal { return 128 + signal }
        try? report.put(error: fields)
        return 1
    }

    private func enter(_ parent: Channel) throws {
        if let users {
            _ = try parent.receive()
            // Nobody's groups come along; a map for one group only has had them given up already.
            if users.users.contains(where: { $0.inside == 0 }) { try Credentials.becomeRoot() }
        }
        if diesWithParent {
            try Processes.dieWithParent()
            if parent.isHungUp { Processes.leave(1) }
        }
        if namespaces.contains(.mount) { try propagation.set(at: "/", recursive: true) }
        try prepare()
    }
}
