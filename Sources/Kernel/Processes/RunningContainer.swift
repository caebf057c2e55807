internal import CKernel
internal import Glibc

/// A running container, as one of its processes shows it: what a program that joins it is given, and what it is denied.
public final class RunningContainer {
    /// Its number below /proc.
    let pid: Int32
    let pidfd: Descriptor
    private let root: Descriptor
    private let namespaces: NamespaceSet
    private let memberships: [UInt8]
    /// The most that a program in it can have.
    public let bounding: Capabilities
    private let gainsNothing: Bool
    private let isFiltered: Bool
    private var filters: [SystemCallFilter] = []
    private let limits: [ResourceLimit]
    private let user, group: UInt32?
    private let groups: [UInt32]
    private let deniesGroups: Bool
    private let processors: [Int]
    private let score: Int32
    /// How readily the kernel kills the program when memory runs out, where another score than the container's was asked
    /// for: what tells is out of sight in there.
    public var askedScore: Int32?

    /// Looks at a process. ESRCH where it has ended.
    public init(of process: Int32) throws(SystemCallError) {
        let subject = SystemCallError.Subject("pid", "\(process)")
        pidfd = Descriptor(owning: try systemCall("pidfd_open", [subject]) { ck_pidfd_open(process) })
        let pid = try Self.mainProcess(of: try ProcessFiles.number(of: pidfd.number))
        self.pid = pid
        try Self.awaitProgram(of: pid)
        let status = try Self.status(of: pid)
        bounding = try CapabilitySets.read(of: pid).bounding
        gainsNothing = status["NoNewPrivs"] == "1"
        isFiltered = status["Seccomp"] == "2"
        limits = try ResourceLimit.all(of: pid)
        processors = Scheduling.processors(listed: status["Cpus_allowed_list"] ?? "")
        score = try Scheduling.outOfMemoryScore(numbered: "\(pid)")
        namespaces = Self.namespaces(of: pid)
        memberships = try ProcessFiles.read("\(pid)/cgroup")
        let users = Self.ranges(try ProcessFiles.read("\(pid)/uid_map"))
        let all = Self.ranges(try ProcessFiles.read("\(pid)/gid_map"))
        func numbers(_ name: Substring, _ map: [IdentityMap.Range]) -> [UInt32] {
            (status[name] ?? "").split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
                .compactMap { Self.inside($0, map) }
        }
        // The second of four numbers is the effective one.
        user = numbers("Uid", users).dropFirst().first
        group = numbers("Gid", all).dropFirst().first
        groups = numbers("Groups", all)
        deniesGroups = try ProcessFiles.read("\(pid)/setgroups").starts(with: Array("deny".utf8))
        root = try Descriptor.open(Path("/proc/\(pid)/root"), Descriptor.pathOnly | O_DIRECTORY)
        // What was read is its own only if it still runs: its number was not given to another meanwhile.
        guard ck_poll(pidfd.number, Int16(POLLIN), 0) == 0 else {
            throw SystemCallError("pidfd_open", ESRCH, [subject])
        }
    }

    // MARK: Reading

    private static func status(of pid: Int32) throws(SystemCallError) -> [Substring: Substring] {
        let text = String(decoding: try ProcessFiles.read("\(pid)/status"), as: UTF8.self)
        var fields: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == "\t" || $0 == " " }
        }
        return fields
    }

    /// Waits while the process is a stage of ours, which has yet to put itself under the filter of the program that it
    /// becomes. One that is none, but is called so, must not be waited for for ever.
    private static func awaitProgram(of pid: Int32) throws(SystemCallError) {
        for _ in 0..<2000 {
            guard Stage.isRun(by: pid, as: .passing) else { return }
            try Processes.sleep(milliseconds: 1)
        }
        throw SystemCallError(
            "execve", ETIMEDOUT, [.init("pid", "\(pid)")], detail: "it has not become its program yet")
    }

    /// The main process where this one is an init of ours, which has more rights than what runs in the container.
    private static func mainProcess(of pid: Int32) throws(SystemCallError) -> Int32 {
        guard Stage.isRun(by: pid, as: .resident) else { return pid }
        let children = String(decoding: try ProcessFiles.read("\(pid)/task/\(pid)/children"), as: UTF8.self)
        for child in children.split(separator: " ").compactMap({ Int32($0) }) {
            let numbers = try status(of: child)["NSpid"]?.split(whereSeparator: \.isWhitespace)
            if numbers?.last == "2" { return child }
        }
        throw SystemCallError("pidfd_open", ESRCH, [.init("pid", "\(pid)")])
    }

    private static func namespaces(of pid: Int32) -> NamespaceSet {
        NamespaceSet(
            Namespace.allCases.filter { kind in
                // A kind that this kernel lacks is everywhere the same.
                guard let own = try? kind.identifier(), let other = try? kind.identifier(numbered: pid) else {
                    return false
                }
                return own != other
            })
    }

    private static func ranges(_ text: [UInt8]) -> [IdentityMap.Range] {
        String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line in
            let numbers = line.split(separator: " ").compactMap { UInt32($0) }
            return numbers.count == 3
                ? IdentityMap.Range(inside: numbers[0], outside: numbers[1], count: numbers[2]) : nil
        }
    }

    private static func inside(_ number: UInt32, _ map: [IdentityMap.Range]) -> UInt32? {
        guard let run = map.first(where: { $0.outside <= number && number - $0.outside < $0.count }) else {
            return nil
        }
        return run.inside + (number - run.outside)
    }

    /// Reads the filters of system calls that its program is under, for one that joins without a filter of its own.
    public func readFilters() throws(SystemCallError) {
        guard isFiltered else { return }
        do { filters = try SystemCallFilter.all(of: pid) } catch {
            throw SystemCallError(
                "seccomp", EACCES, [.init("pid", "\(pid)")],
                detail: "it has a filter of system calls, which cannot be read; give its profile as seccomp")
        }
    }

    // MARK: Joining

    /// Moves this process in: its groups, namespaces, root. It is not in sight there, since its pid is not.
    func enter() throws(SystemCallError) {
        // While the files that tell are its own: the next call makes them root's.
        try fareAsThere()
        // Not even by a mistake somewhere does a process of the container read this one.
        try systemCall("prctl") { ck_prctl(PR_SET_DUMPABLE, 0) }
        // Keys of who joins are nothing to the container. Who may have no more of them goes in with those.
        try? SessionKeyring.renew()
        try joinGroups()
        // All of those may be out of reach of who joins.
        try? Scheduling.setProcessors(processors)
        try? Scheduling.reset()
        if !namespaces.isEmpty {
            try systemCall("setns", [.init("pid", "\(pid)")] + Namespace.subject(namespaces)) {
                ck_setns(pidfd.number, namespaces.flags)
            }
        }
        try systemCall("chroot", [.init("pid", "\(pid)")]) { ck_enter_root(root.number) }
        guard namespaces.contains(.user) else { return }
        do { try Credentials.becomeMapped() } catch let error where error.number == EINVAL {
            // Nobody is root there: the process that was looked at is somebody.
            guard let user, let group else { throw error }
            try Credentials.becomeMapped(user: user, group: group)
        }
    }

    /// Who joins may itself be spared when memory runs out, which is nothing to the container. A lower score takes
    /// CAP_SYS_RESOURCE: one that was not asked for may stay.
    private func fareAsThere() throws(SystemCallError) {
        let wanted = askedScore ?? score
        if try Scheduling.outOfMemoryScore() == wanted { return }
        do { try Scheduling.setOutOfMemoryScore(wanted) } catch {
            if askedScore != nil || error.number != EACCES { throw error }
        }
    }

    private func joinGroups() throws(SystemCallError) {
        let own = try ProcessFiles.read("self/cgroup")
        if own == memberships { return }
        func lines(_ text: [UInt8]) -> [Substring] {
            String(decoding: text, as: UTF8.self).split(separator: "\n")
        }
        let (ours, table) = (lines(own), try MountTable.read())
        for line in lines(memberships) where !ours.contains(line) {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",")
            // One that is not mounted here cannot be joined, nor have been used.
            let hierarchy = table.first { entry in
                let isUnified = controllers.isEmpty
                guard entry.type == (isUnified ? "cgroup2" : "cgroup") else { return false }
                let options = entry.options.split(separator: ",")
                return controllers.allSatisfy(options.contains)
                    && Path(String(fields[2])).lies(in: entry.root)
            }
            guard let hierarchy else { continue }
            let below = fields[2].utf8.dropFirst(hierarchy.root == "/" ? 0 : hierarchy.root.bytes.count)
            let path = Path(bytes: hierarchy.target.bytes + Array(below) + Array("/cgroup.procs".utf8))
            try Descriptor.open(path, O_WRONLY | O_NOFOLLOW).write([UInt8(ascii: "0")])
        }
    }

    /// What a program may there: no more than the process that was looked at, and it is the same user unless said
    /// otherwise.
    func limit(_ asked: Privileges) throws(SystemCallError) -> Privileges {
        var privileges = asked
        privileges.capabilities = privileges.capabilities?.intersection(bounding) ?? bounding
        privileges.ambient = privileges.ambient.intersection(bounding)
        privileges.gainsNothing = privileges.gainsNothing || gainsNothing
        // Who denies setgroups(2) has one user only, whom this process is by now.
        if privileges.user == nil, !(deniesGroups && user == 0) {
            privileges.user = user
            privileges.group = group
            privileges.groups = groups
        }
        if privileges.filters.isEmpty { privileges.filters = filters }
        // A soft limit that was asked for is kept below.
        let asked = privileges.limits.map(\.resource)
        privileges.limits = limits.filter { !asked.contains($0.resource) } + privileges.limits
        return privileges
    }
}
