internal import Kernel
public import LuaHost

/// The primitives of `ns` that move this interpreter itself.
func movingPrimitives(_ holdings: Holdings) -> [Declaration] {
    [Declaration("unshare", unshare(holdings)), Declaration("enter", enter(holdings))]
}

private func unshare(_ holdings: Holdings) -> Primitive {
    let kinds = Parameter<[Namespace]>("kinds", "The kinds of namespace to make anew.")
    let users = Parameter<UserMap?>(
        "users", "Who is who inside: root, auto, or a list of { inside=, outside=, count= }.",
        shown: "no user namespace, or nobody in it")
    let offsets = Parameter<TimeOffsets?>(
        "time_offsets", "How far the clocks of a new time namespace are from the machine's.",
        shown: "not at all")
    let propagation = Parameter<Propagation>(
        "propagation", "Whether mounts spread from and to a new mount namespace.", default: .private)
    return Primitive(
        "ns.unshare", "Moves this interpreter into new namespaces.",
        options: [users.any, offsets.any, propagation.any],
        list: kinds.any,
        shell: "unshare {--kinds} {kinds=pid?--fork:} {users?--map-root-user:} --propagation {propagation}",
        traced: { call in
            let wanted = NamespaceSet(try call[kinds])
            return UnshareLine(
                namespaces: wanted, users: try call[users], timeOffsets: try call[offsets],
                propagation: try call[propagation],
                forks: wanted.contains(.pid) || wanted.contains(.time)
            ).text
        },
        see: ["unshare(2)", "namespaces(7)"],
        fails: [
            "EPERM": "a kind needs root, or `users` for a user namespace",
            "ENOSPC": "the limit of /proc/sys/user on namespaces is reached",
        ],
        example: """
            ns.unshare { "mount", "uts" }
            sys.hostname "tupperware"
            """
    ) { call in
        var wanted = NamespaceSet(try call[kinds])
        let map = try call[users]?.identityMap()
        if map != nil { wanted.insert(.user) }
        let times = try call[offsets]
        if times != nil { wanted.remove(.time) }
        let spread = try call[propagation]
        // A pid or time namespace is for processes yet to be born; only somebody outside can write a map, and
        // release what is held outside.
        if !wanted.isDisjoint(with: [.pid, .time, .user]) || holdings.isHolding {
            try Succession(holdings: holdings, state: call.state).takeOver(into: wanted, users: map)
        } else {
            try Namespace.unshare(wanted)
        }
        try times?.enter()
        if wanted.contains(.mount) { try spread.setInNewNamespace() }
        return []
    }
}

private func enter(_ holdings: Holdings) -> Primitive {
    let process = Parameter<ProcessTarget>("process", "A pid, or a handle of a process.")
    let kinds = Parameter<[Namespace]>("kinds", "The kinds of namespace to join.")
    return Primitive(
        "ns.enter", "Moves this interpreter into the namespaces of a process.",
        positional: [process.any, kinds.any],
        shell: "nsenter -t {process} {--kinds}", see: ["setns(2)", "nsenter(1)"],
        fails: [
            "EPERM": "no CAP_SYS_ADMIN over the namespace in question", "ESRCH": "the process has ended",
        ],
        example: """
            local box <close> = ns.spawn({ "uts" }, function(parent)
                sys.hostname "inside"
                parent:send "ready"
                parent:receive()
            end)
            box:receive()
            ns.enter(box, { "uts" })
            print(sys.hostname())
            """
    ) { call in
        let (pid, wanted) = (try call[process].pid, NamespaceSet(try call[kinds]))
        let succession = Succession(holdings: holdings, state: call.state)
        if holdings.isHolding { try succession.takeOver() }
        try Namespace.enter(wanted, of: pid)
        if wanted.contains(.pid) { try succession.takeOver() }
        return []
    }
}

/// Runs `body` in a copy of this process, whatever becomes of that: it may turn into a program. Stop signals are passed
/// on to it. Returns the status that it left with.
public func inCopy(of state: State, _ body: () -> Int32) throws -> Int32 {
    guard let child = try Child.clone() else {
        try? Processes.dieWithParent()
        Processes.leave(body())
    }
    return Succession.wait(for: child, state)
}

/// A copy of this process goes on with the script; the original stays behind, waits for it, passes signals on,
/// releases what it holds and leaves with the same status.
struct Succession {
    let holdings: Holdings
    let state: State

    /// Returns in the copy only.
    func takeOver(into namespaces: NamespaceSet = [], users: IdentityMap? = nil) throws {
        let (ours, theirs) = try Channel.pair()
        let hasTerminal = holdings.notesLasting && namespaces.contains(.pid) && Terminal.isInForeground
        guard let child = try Child.clone(into: namespaces) else {
            holdings.startAnew()
            if hasTerminal { Terminal.leadForeground() }
            state.traceInCopy(isChild: false)
            try Processes.dieWithParent()
            if users != nil {
                _ = try theirs.receive()
                try users?.becomeFirst()
            }
            state.copied(.successor)
            return
        }
        // Else the line would not tell that the child has ended.
        theirs.close()
        if let users {
            do {
                try users.write(to: child)
                try ours.send([])
            } catch {
                try child.end()
                throw error
            }
        }
        state.copied(.predecessor)
        stayBehind(child)
    }

    private func stayBehind(_ child: Child) -> Never {
        let status = Self.wait(for: child, state)
        Terminal.takeBack()
        for complaint in holdings.releaseAll() { state.complain("tupper: not released: \(complaint)") }
        Processes.leave(status)
    }

    /// Waits for a copy and passes stop signals on to it.
    fileprivate static func wait(for child: Child, _ state: State) -> Int32 {
        while true {
            do {
                if let ending = try child.wait() { return ending.status }
            } catch {
                if let signal = state.stopSignal, !StopSignals.hasReached(child) { try? child.signal(signal) }
                state.forgetStop()
            }
        }
    }
}
