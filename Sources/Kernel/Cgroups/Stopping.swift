internal import CKernel
internal import Glibc

/// How the processes of a group are stopped, for a while or for good.
extension Cgroup {
    private var freezer: Branch? {
        branches.first { $0.hierarchy.version == .one && $0.hierarchy.controllers.contains("freezer") }
    }

    /// Stops all its processes where they are, and returns once they stand. ETIMEDOUT after `timeout` milliseconds.
    public func freeze(timeout: Int32 = 10_000) throws(SystemCallError) {
        if let unified {
            try unified.hierarchy.write("1", to: "cgroup.freeze", of: unified.group)
            return try wait(for: "frozen 1", unified, timeout)
        }
        let branch = try withFreezer()
        let end = Clock.nanoseconds &+ UInt64(timeout) &* 1_000_000
        repeat {
            // Written again each time: a process born meanwhile can leave the group half frozen.
            try branch.hierarchy.write("FROZEN", to: "freezer.state", of: branch.group)
            if try branch.hierarchy.read("freezer.state", of: branch.group).hasPrefix("FROZEN") { return }
            usleep(1000)
        } while Clock.nanoseconds < end
        throw SystemCallError("write", ETIMEDOUT, [.init("path", "\(branch.path.string)/freezer.state")])
    }

    /// Lets them go on.
    public func thaw() throws(SystemCallError) {
        if let unified {
            try unified.hierarchy.write("0", to: "cgroup.freeze", of: unified.group)
            return try wait(for: "frozen 0", unified, 10_000)
        }
        let branch = try withFreezer()
        try branch.hierarchy.write("THAWED", to: "freezer.state", of: branch.group)
    }

    /// Lets those go on who have frozen themselves in groups below: who is killed there does not end before.
    private func thawBelow() {
        guard let freezer else { return }
        try? freezer.hierarchy.visit(freezer.group) { directory throws(SystemCallError) in
            try Descriptor.open("freezer.state", O_WRONLY, at: directory).write(Array("THAWED".utf8))
        }
    }

    /// Whether its processes stand.
    public func isFrozen() throws(SystemCallError) -> Bool {
        if let unified {
            return try unified.hierarchy.read("cgroup.events", of: unified.group).contains("frozen 1")
        }
        guard let freezer else { return false }
        return try !freezer.hierarchy.read("freezer.state", of: freezer.group).hasPrefix("THAWED")
    }

    private func withFreezer() throws(SystemCallError) -> Branch {
        guard let freezer else {
            throw SystemCallError(
                "open", ENOENT, [.init("controller", "freezer")],
                detail: "no hierarchy of control groups has it")
        }
        return freezer
    }

    /// Kills all its processes and those in groups below it, and returns once they are gone.
    public func kill() throws(SystemCallError) {
        if let unified, unified.hierarchy.exists("cgroup.kill", of: unified.group) {
            // Whoever was moved into version 1's groups only is not in this one.
            try unified.hierarchy.write("1", to: "cgroup.kill", of: unified.group)
            if branches.count == 1 { return try wait(for: "populated 0", unified, 10_000) }
        }
        let end = Clock.nanoseconds &+ 10_000_000_000
        while true {
            let pids = try everyone()
            if pids.isEmpty { break }
            guard Clock.nanoseconds < end else {
                let shown = pids.prefix(8).map(String.init).joined(separator: " ")
                throw SystemCallError("kill", EBUSY, [.init("group", name)], detail: "still there: \(shown)")
            }
            try killFrozen(pids)
            usleep(500)
        }
        guard let unified else { return }
        do { try wait(for: "populated 0", unified, 10_000) } catch let error where error.number == ENOENT {}
    }

    /// Nobody can be born while all stand; the signals take effect once they may go on.
    private func killFrozen(_ pids: Set<Int32>) throws(SystemCallError) {
        let isStopped = (try? freeze(timeout: 1000)) != nil
        var rest = Array(isStopped ? try everyone() : pids)
        while !rest.isEmpty {
            try signal(Array(rest.suffix(256)))
            rest.removeLast(min(rest.count, 256))
        }
        if isStopped { try thaw() }
        thawBelow()
    }

    /// By way of pidfds, and only those still in the group: a number may be somebody else's by now.
    private func signal(_ pids: [Int32]) throws(SystemCallError) {
        let open = pids.map { (pid: $0, number: ck_pidfd_open($0)) }.filter { $0.number >= 0 }
        defer { for one in open { close(one.number) } }
        let inside = try everyone()
        for one in open where inside.contains(one.pid) {
            do {
                try systemCall("pidfd_send_signal", [.init("pid", "\(one.pid)")]) {
                    ck_pidfd_send_signal(one.number, SIGKILL)
                }
            } catch let error where error.number == ESRCH {}
        }
    }

    /// The processes of any of its branches.
    private func everyone() throws(SystemCallError) -> Set<Int32> {
        var pids: Set<Int32> = []
        for branch in branches {
            do { pids.formUnion(try Self.processes(of: branch)) } catch let error
                where error.number == ENOENT || error.number == ENODEV
            {}
        }
        return pids
    }

    /// Waits for a line of cgroup.events; the kernel tells of each change.
    private func wait(for line: String, _ branch: Branch, _ timeout: Int32) throws(SystemCallError) {
        let end = Clock.nanoseconds &+ UInt64(timeout) &* 1_000_000
        while true {
            // Opened anew each time: what changed before is then part of what is read.
            let events = try branch.hierarchy.open("cgroup.events", of: branch.group, O_RDONLY)
            let lines = String(decoding: try events.readToEnd(), as: UTF8.self).split(separator: "\n")
            if lines.contains(where: { $0 == line }) { return }
            let now = Clock.nanoseconds
            guard now < end else {
                throw SystemCallError(
                    "poll", ETIMEDOUT, [.init("path", "\(branch.path.string)/cgroup.events")])
            }
            var entry = pollfd(fd: events.number, events: Int16(POLLPRI), revents: 0)
            _ = unsafe poll(&entry, 1, Int32(clamping: (end &- now) / 1_000_000 &+ 1))
        }
    }
}

/// The group of version 1 that holds a process frozen: one that is killed there does not end before it is thawed.
struct CgroupFreezer {
    private let hierarchy: CgroupHierarchy
    private let group: String

    /// nil where the process is not frozen.
    init?(of pid: Int32) {
        guard let hierarchy = try? CgroupHierarchies.current().old("freezer"),
            let text = try? Descriptor.open(Path("/proc/\(pid)/cgroup"), O_RDONLY).readToEnd(),
            let path = hierarchy.group(in: String(decoding: text, as: UTF8.self)),
            path.hasPrefix(hierarchy.root)
        else { return nil }
        self.hierarchy = hierarchy
        group = String(path.dropFirst(hierarchy.root.count).drop { $0 == "/" })
        guard !group.isEmpty, (try? hierarchy.read("freezer.self_freezing", of: group)) == "1\n" else {
            return nil
        }
    }

    func thaw() { try? hierarchy.write("THAWED", to: "freezer.state", of: group) }
    func freeze() { try? hierarchy.write("FROZEN", to: "freezer.state", of: group) }
}
