internal import CKernel
internal import Glibc

/// A child process, held by its pidfd so that a reused pid is never mistaken for it.
public final class Child {
    /// How a process ended.
    public enum Ending: Sendable, Equatable {
        case code(Int32)
        case signal(Int32)
    }

    /// Its pid in this process's pid namespace.
    public private(set) var pid: Int32
    private var pidfd: Descriptor?
    /// Where signals go, if not to the process that is waited for.
    private var target: Descriptor?
    /// What tells how it ended, if not the process that is waited for.
    var line: EndingLine?
    /// What it writes by way of this process, which is where it belongs once its end is told.
    public var files: RelayedFiles?
    /// How it ended, once it was waited for.
    public private(set) var ending: Ending?

    init(pid: Int32, pidfd: consuming Descriptor) {
        self.pid = pid
        self.pidfd = consume pidfd
    }

    /// From now on it is another process that this one, which is waited for, made and reaps.
    func stand(for pid: Int32, _ target: consuming Descriptor) {
        self.pid = pid
        self.target = consume target
    }

    /// What poll(2) waits for; -1 once the child has been waited for.
    var descriptor: Int32 { pidfd?.number ?? -1 }

    /// Its number in the /proc in sight, which is not its pid where that belongs to another pid namespace.
    func numberInSight() throws(SystemCallError) -> Int32 { try ProcessFiles.number(of: descriptor) }

    /// Copies this process, as fork(2) does, into new namespaces.
    ///
    /// Returns nil in the copy. Single-threaded processes only: the copy goes on running Swift.
    public static func clone(
        into namespaces: NamespaceSet = [], group: CgroupPlacement? = nil
    ) throws(SystemCallError) -> Child? {
        ck_flush()
        ck_note_ignored_signals()
        OwnProgram.move()
        if namespaces.contains(.mount) { OwnProgram.prepareForCopy() }
        Namespace.noteOrigin(before: namespaces)
        var pidfd: Int32 = -1
        let own = getpid()
        let pid = try systemCall("clone", Namespace.subject(namespaces)) {
            unsafe ck_clone(namespaces.flags, &pidfd, group?.directory ?? -1)
        }
        if pid == 0 {
            Processes.beginCopy(of: own)
            Namespace.note(namespaces, areNew: true)
            if namespaces.contains(.pid) { MountNamespace.forgetBirths() }
        } else if namespaces.contains(.mount) {
            MountNamespace.noteBirth(pid)
        }
        return pid == 0 ? nil : Child(pid: pid, pidfd: Descriptor(owning: pidfd))
    }

    /// Waits for the child's end; nil when `timeout` milliseconds pass first (nil: for ever).
    ///
    /// Throws EINTR when a signal arrives.
    public func wait(timeout: Int32? = nil) throws(SystemCallError) -> Ending? {
        if let ending { return ending }
        let ready = try systemCall("poll", [.init("pid", "\(pid)")], retry: false) {
            ck_poll(descriptor, Int16(POLLIN), timeout ?? -1)
        }
        return ready == 0 ? nil : try reap(flags: 0)
    }

    /// The same; what the child sends meanwhile, or prints on a terminal, is taken, so that it goes on.
    public func wait(
        timeout: Int32?, draining terminal: PseudoTerminal?, _ channel: Channel? = nil
    ) throws(SystemCallError) -> Ending? {
        if let ending { return ending }
        let end = timeout.map { Clock.nanoseconds + UInt64(max(0, $0)) * 1_000_000 }
        var sender = channel
        while true {
            let left = end.map { Int32(clamping: ($0 - min($0, Clock.nanoseconds)) / 1_000_000) } ?? -1
            let isReady: Bool
            if let terminal {
                // What is sent is looked for now and then, as long as anybody may send.
                let patience = sender == nil || (0..<20).contains(left) ? left : 20
                isReady = try terminal.waitOrDrain(orFor: descriptor, timeout: patience)
            } else if let sender {
                isReady = try sender.wait(orFor: descriptor, timeout: left)
            } else {
                return try wait(timeout: left < 0 ? nil : left)
            }
            if isReady { return try reap(flags: 0) }
            if let channel = sender, try !channel.takeIn() { sender = nil }
            if left == 0 { return nil }
        }
    }

    /// Whether it has ended; who is not its parent can tell as well.
    public var hasEnded: Bool {
        ending != nil || ends(within: 0)
    }

    private func ends(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }

    /// Whether the child still runs.
    public func isRunning() throws(SystemCallError) -> Bool {
        if ending != nil { return false }
        return try reap(flags: WNOHANG) == nil
    }

    /// Whether a child that has let go of what it had open became a program by that, rather than that it is about to end.
    public func isProgram() throws(SystemCallError) -> Bool {
        guard try isRunning() else { return false }
        // Who ends gives up its memory, and the program in it, before its files.
        do { _ = try Descriptor.open(Path("/proc/\(try numberInSight())/exe"), Descriptor.pathOnly) } catch {
            // One that may not be looked at runs.
            return error.number == EACCES || error.number == EPERM
        }
        return true
    }

    /// pidfd_send_signal(2); a child that has ended is left alone.
    public func signal(_ number: Int32) throws(SystemCallError) {
        guard ending == nil else { return }
        try systemCall("pidfd_send_signal", [.init("pid", "\(pid)")]) {
            ck_pidfd_send_signal(target?.number ?? descriptor, number)
        }
    }

    /// Kills the child and waits until it is gone. ETIMEDOUT where it is held by something for half a minute.
    public func end() throws(SystemCallError) {
        guard try isRunning() else { return }
        do { try signal(SIGKILL) } catch let error where error.number == ESRCH {
            // Who reaps it has yet to end.
        }
        var thawed: CgroupFreezer?
        defer { thawed?.freeze() }
        for _ in 0..<300 {
            if ends(within: 100) {
                _ = try reap(flags: 0)
                return
            }
            if thawed == nil, let number = try? numberInSight() { thawed = CgroupFreezer(of: number) }
            thawed?.thaw()
        }
        throw SystemCallError(
            "waitid", ETIMEDOUT, [.init("pid", "\(pid)")], detail: "it was killed, but does not end")
    }

    private func reap(flags: Int32) throws(SystemCallError) -> Ending? {
        var (code, signal): (Int32, Int32) = (-1, -1)
        let ended = try systemCall("waitid", [.init("pid", "\(pid)")]) {
            unsafe ck_wait(descriptor, flags, &code, &signal)
        }
        guard ended == 1 else { return nil }
        ending = line?.take() ?? (code >= 0 ? .code(code) : .signal(signal))
        MountNamespace.noteEnd(pid)
        line = nil
        target = nil
        files?.finish()
        files = nil
        // A script may make thousands of children before Lua collects the first.
        pidfd = nil
        return ending
    }
}
