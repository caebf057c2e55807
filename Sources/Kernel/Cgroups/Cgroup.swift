internal import CKernel
internal import Glibc

/// A group of processes: one directory in each hierarchy that it has to do with.
public final class Cgroup {
    /// Its place in one hierarchy.
    public struct Branch {
        public let hierarchy: CgroupHierarchy
        /// Its path below the mount.
        public let group: String
        /// The groups above it that were made for it, the topmost first.
        let above: [String]
        /// Its notes in the journal, with those of the groups above.
        var notes: [JournalNote] = []

        /// Its directory.
        public var path: Path { Path("\(hierarchy.mount.string)/\(group)") }

        var files: CgroupFiles { CgroupFiles { try? hierarchy.read($0, of: group) } }
    }

    /// Its name, as given: a path.
    public let name: String
    /// Version 2 first.
    public internal(set) var branches: [Branch]
    let hierarchies: CgroupHierarchies
    /// Where its directories are noted before they are made; nil for nowhere.
    public var journal: Journal?
    /// Where this process has gone to make room for the group.
    var aside: CgroupStep?
    /// Whether ``remove()`` has been there.
    var isRemoved = false
    /// The program that decides about devices, to be replaced by the next.
    private var devices: Descriptor?

    /// Where this process was before it was added.
    private var origins: [(hierarchy: CgroupHierarchy, group: String)] = []

    init(name: String, branches: [Branch], _ hierarchies: CgroupHierarchies) {
        self.name = name
        self.branches = branches
        self.hierarchies = hierarchies
    }

    /// Why a name is none; nil for a good one: parts of letters, digits and `_+-.@:` with slashes between.
    ///
    /// What the kernel calls its own files is refused too: a group of that name could not be made, or hide one.
    public static func problem(with name: String) -> String? {
        guard (1...1024).contains(name.utf8.count) else { return "a name of 1 to 1024 bytes" }
        for part in name.split(separator: "/", omittingEmptySubsequences: false) {
            let isPlain = part.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || Array("_+-.@:".utf8).contains($0)
            }
            guard isPlain, (1...255).contains(part.utf8.count), part.first != "." else {
                return "a name of letters, digits and _+-.@: that does not start with a dot"
            }
            let prefix = part.prefix { $0 != "." }
            if prefix.utf8.count < part.utf8.count,
                reserved.contains(String(prefix)) || part == "release_agent"
            {
                return "a name that does not start like the kernel's own files (\(prefix).)"
            }
            if ["tasks", "notify_on_release", "release_agent"].contains(part) {
                return "a name other than those of the kernel's own files"
            }
        }
        return nil
    }

    private static let reserved: Set<String> = [
        "blkio", "cgroup", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb", "io", "irq", "memory",
        "misc", "net_cls", "net_prio", "perf_event", "pids", "rdma",
    ]

    // MARK: Processes

    /// The branch that is asked who is in the group.
    var main: Branch? { branches.first }
    var unified: Branch? { branches.first { $0.hierarchy.version == .two } }

    /// Moves a process in, with all its threads.
    public func add(_ pid: Int32) throws(SystemCallError) {
        for branch in branches {
            // This process must be able to get out again, or it could not outlive the group.
            if pid == getpid(), let own = try? branch.hierarchy.ownGroup() {
                origins.append((branch.hierarchy, own))
            }
            try branch.hierarchy.write("\(pid)", to: "cgroup.procs", of: branch.group)
        }
    }

    /// Moves this process back to where it was.
    func leave() throws(SystemCallError) {
        while let origin = origins.popLast() {
            try origin.hierarchy.write("\(getpid())", to: "cgroup.procs", of: origin.group)
        }
    }

    /// The pids of its processes and of those in groups below it, as far as this pid namespace shows them.
    public func processes() throws(SystemCallError) -> [Int32] {
        try main.map { branch throws(SystemCallError) in try Self.processes(of: branch).sorted() } ?? []
    }

    /// The same of one branch.
    static func processes(of branch: Branch) throws(SystemCallError) -> Set<Int32> {
        var pids: Set<Int32> = []
        try branch.hierarchy.visit(branch.group) { directory throws(SystemCallError) in
            do throws(SystemCallError) {
                let text = try Descriptor.open("cgroup.procs", O_RDONLY, at: directory).readToEnd()
                let numbers = CgroupHierarchy.words(String(decoding: text, as: UTF8.self))
                pids.formUnion(numbers.compactMap { Int32($0) }.filter { $0 > 0 })
            } catch {
                // A group of threads, whose processes are in the one above; or it is gone.
                guard [EOPNOTSUPP, ENOENT, ENODEV].contains(error.number) else { throw error }
            }
        }
        return pids
    }

    // MARK: Settings

    /// Refuses what this machine cannot give, before anything is changed.
    func check(_ settings: CgroupSettings) throws {
        for controller in settings.controllers where hierarchies.hierarchy(of: controller) == nil {
            throw SystemCallError(
                "open", ENOENT, [.init("controller", controller.rawValue)],
                detail: "no hierarchy of control groups has it")
        }
        guard let memory = hierarchies.hierarchy(of: .memory), settings.swap != nil, memory.version == .one,
            !memory.exists("memory.memsw.limit_in_bytes", of: "")
        else { return }
        _ = try CgroupVersion1.writes(settings, limits: .init(memory: .max, withSwap: nil))
    }

    /// Gives the group what `settings` say. Its processes go along into hierarchies that it was not in.
    public func set(_ settings: CgroupSettings) throws {
        try check(settings)
        for controller in settings.controllers { try extend(to: controller) }
        for (branch, write) in try writesByBranch(settings) {
            try branch.hierarchy.write(write.value, to: write.file, of: branch.group)
        }
        if let rules = settings.devices { try allow(rules) }
    }

    /// The files that settings go to and what is written there, in order; devices are not among them.
    public func writes(_ settings: CgroupSettings) throws -> [(file: Path, value: String)] {
        try writesByBranch(settings).map { ($0.path.appending($1.file), $1.value) }
    }

    private func writesByBranch(_ settings: CgroupSettings) throws -> [(Branch, CgroupWrite)] {
        let old = branch(of: .memory).map { CgroupVersion1.limits($0.files) }
        var mixed: [CgroupWrite] = CgroupVersion2.writes(settings)
        if branches.contains(where: { $0.hierarchy.version == .one }) {
            let needsOld = settings.controllers.filter { hierarchies.hierarchy(of: $0)?.version == .one }
            let writes = try CgroupVersion1.writes(
                settings.only(needsOld), limits: old ?? .init(memory: .max, withSwap: nil))
            mixed = mixed.filter { !needsOld.contains($0.controller) } + writes
        }
        return mixed.compactMap { write in
            guard let branch = branch(of: write.controller) else { return nil }
            if write.file == "memory.swap.max", !branch.hierarchy.exists(write.file, of: branch.group),
                settings.swap == .amount(0), unsafe access("/proc/swaps", F_OK) != 0
            {
                return nil  // A kernel without swap.
            }
            return (branch, write)
        }
    }

    private func branch(of controller: CgroupController) -> Branch? {
        guard let hierarchy = hierarchies.hierarchy(of: controller) else { return nil }
        return branches.first { $0.hierarchy === hierarchy }
    }

    private func allow(_ rules: [DeviceRule]) throws(SystemCallError) {
        guard let branch = branch(of: .devices) else { return }
        if branch.hierarchy.version == .one {
            try branch.hierarchy.write("a", to: "devices.deny", of: branch.group)
            for rule in rules { try branch.hierarchy.write(rule.text, to: "devices.allow", of: branch.group) }
            return
        }
        let program = try DeviceProgram.load(rules)
        let directory = try branch.hierarchy.open(".", of: branch.group, O_RDONLY | O_DIRECTORY)
        let replaced = descriptor(devices)
        try systemCall("bpf", [.init("path", branch.path.string)]) {
            ck_bpf_attach_devices(directory.number, program.number, replaced)
        }
        devices = consume program
    }

    private func descriptor(_ descriptor: borrowing Descriptor?) -> Int32 {
        switch descriptor {
        case .some(let open): open.number
        case nil: -1
        }
    }

    // MARK: What was used

    /// What the group has used and met so far, all of it or one part.
    public func statistics(of part: CgroupStatistics.Part? = nil) -> CgroupStatistics {
        let parts = part.map { [$0] } ?? CgroupStatistics.Part.allCases
        var statistics = CgroupStatistics()
        if let unified { statistics = CgroupVersion2.statistics(unified.files, parts) }
        for branch in branches where branch.hierarchy.version == .one {
            CgroupVersion1.add(branch.files, parts, to: &statistics)
        }
        return statistics
    }
}

extension CgroupSettings {
    /// Those of some controllers.
    func only(_ controllers: [CgroupController]) -> CgroupSettings {
        var part = CgroupSettings()
        if controllers.contains(.memory) {
            (part.memory, part.swap, part.high, part.killsTogether) = (memory, swap, high, killsTogether)
        }
        if controllers.contains(.cpu) { (part.cpu, part.weight) = (cpu, weight) }
        if controllers.contains(.cpuset) { part.processors = processors }
        if controllers.contains(.pids) { part.pids = pids }
        if controllers.contains(.io) { part.io = io }
        if controllers.contains(.devices) { part.devices = devices }
        return part
    }
}
