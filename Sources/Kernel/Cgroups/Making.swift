internal import CKernel
internal import Glibc

/// How groups come to be and go.
extension Cgroup {
    /// Where a group of some name and settings would be made, without making anything: what it needs is checked.
    /// In every hierarchy where `everywhere`, else where it is needed.
    public static func planned(
        _ name: String, _ settings: CgroupSettings, everywhere: Bool = false
    ) throws -> Cgroup {
        let hierarchies = try CgroupHierarchies.current()
        let group = Cgroup(name: name, branches: [], hierarchies)
        try group.check(settings)
        // Version 1 alone can refuse what no file is there for.
        let old = settings.controllers.filter { hierarchies.hierarchy(of: $0)?.version == .one }
        _ = try CgroupVersion1.writes(settings.only(old), limits: .init(memory: .max, withSwap: .max))
        var wanted: [CgroupHierarchy] = []
        func want(_ hierarchy: CgroupHierarchy?) {
            if let hierarchy, !wanted.contains(where: { $0 === hierarchy }) { wanted.append(hierarchy) }
        }
        want(hierarchies.unified)
        // Version 2 freezes, kills and tells the time used without a controller; version 1 has one for each.
        if hierarchies.unified == nil {
            for name in ["freezer", "cpuacct"] { want(hierarchies.old(name)) }
            if wanted.isEmpty { want(hierarchies.all.first) }
        }
        for controller in settings.controllers { want(hierarchies.hierarchy(of: controller)) }
        if everywhere { for hierarchy in hierarchies.all { want(hierarchy) } }
        group.branches = wanted.map { Branch(hierarchy: $0, group: group.path(in: $0), above: []) }
        return group
    }

    private func path(in hierarchy: CgroupHierarchy) -> String {
        let place = hierarchy.place()
        return place.isEmpty ? name : "\(place)/\(name)"
    }

    /// Makes what was planned; where a step fails, nothing is left. EEXIST where there is one of that name.
    public func make(_ settings: CgroupSettings) throws {
        let planned = branches
        branches = []
        do {
            for branch in planned { try make(branch, settings.controllers) }
            try set(settings)
        } catch {
            try? remove()
            throw error
        }
    }

    private func make(_ branch: Branch, _ controllers: [CgroupController]) throws(SystemCallError) {
        let hierarchy = branch.hierarchy
        let parts = branch.group.split(separator: "/").map(String.init)
        var above: [String] = []
        var notes: [JournalNote] = []
        func note(_ group: String) -> JournalNote? {
            let note = journal?.note(.group(path: "\(hierarchy.mount.string)/\(group)"))
            if let note { notes.append(note) }
            return note
        }
        var group = ""
        do {
            for part in parts.dropLast() {
                if hierarchy.version == .two { try enable(controllers, for: group, hierarchy) }
                group = group.isEmpty ? part : "\(group)/\(part)"
                if hierarchy.exists(".", of: group) { continue }
                _ = note(group)
                try hierarchy.make(group)
                above.append(group)
                try prepare(group, hierarchy)
            }
            if hierarchy.version == .two { try enable(controllers, for: group, hierarchy) }
            let own = note(branch.group)
            try hierarchy.make(branch.group)
            if let own { own.confirm("\(try hierarchy.identifier(of: branch.group))") }
        } catch {
            for made in above.reversed() { try? hierarchy.remove(made) }
            for note in notes { note.forget() }
            throw error
        }
        branches.append(Branch(hierarchy: hierarchy, group: branch.group, above: above, notes: notes))
        try prepare(branch.group, hierarchy)
    }

    /// Lets the groups below `group` have controllers. They stay allowed: others may rely on it by the end.
    private func enable(
        _ controllers: [CgroupController], for group: String, _ hierarchy: CgroupHierarchy
    ) throws(SystemCallError) {
        let here = controllers.filter {
            $0 != .devices && hierarchies.hierarchy(of: $0) === hierarchy
        }.map(\.rawValue)
        if here.isEmpty { return }
        let enabled = Set(
            CgroupHierarchy.words(try hierarchy.read("cgroup.subtree_control", of: group)))
        let missing = here.filter { !enabled.contains($0) }
        if missing.isEmpty { return }
        let words = missing.map { "+\($0)" }.joined(separator: " ")
        do {
            try hierarchy.write(words, to: "cgroup.subtree_control", of: group)
        } catch let error where error.number == EBUSY && (try? hierarchy.ownGroup()) == group {
            // A group that was delegated to this process alone, as a scope of systemd's: it makes room.
            aside = try CgroupStep.aside(from: group, in: hierarchy, journal)
            try hierarchy.write(words, to: "cgroup.subtree_control", of: group)
            aside?.enabled = missing
        }
    }

    /// A group of version 1's cpuset takes no process before it has processors and memory.
    private func prepare(_ group: String, _ hierarchy: CgroupHierarchy) throws(SystemCallError) {
        guard hierarchy.version == .one, hierarchy.controllers.contains("cpuset") else { return }
        let parent = group.split(separator: "/").dropLast().joined(separator: "/")
        for file in ["cpuset.cpus", "cpuset.mems"] {
            let own = try hierarchy.read(file, of: group)
            if own.contains(where: \.isNumber) { continue }
            try hierarchy.write(try hierarchy.read(file, of: parent), to: file, of: group)
        }
    }

    /// Makes sure that the group can be given what a controller has, taking its processes along.
    func extend(to controller: CgroupController) throws(SystemCallError) {
        guard let hierarchy = hierarchies.hierarchy(of: controller) else { return }
        if let branch = branches.first(where: { $0.hierarchy === hierarchy }) {
            if hierarchy.version == .one || controller == .devices { return }
            let parts = branch.group.split(separator: "/")
            for count in parts.indices {
                try enable([controller], for: parts[..<count].joined(separator: "/"), hierarchy)
            }
            return
        }
        let pids = try processes()
        try make(Branch(hierarchy: hierarchy, group: path(in: hierarchy), above: []), [controller])
        guard let added = branches.last else { return }
        for pid in pids {
            do { try hierarchy.write("\(pid)", to: "cgroup.procs", of: added.group) } catch let error
                where error.number == ESRCH
            {}
        }
    }

    /// A group that is there already; ENOENT where none is.
    public static func find(_ name: String) throws(SystemCallError) -> Cgroup {
        let hierarchies = try CgroupHierarchies.current()
        let group = Cgroup(name: name, branches: [], hierarchies)
        // In the order that groups are made in.
        let first = [hierarchies.unified, hierarchies.old("freezer")].compactMap { $0 }
        let rest = hierarchies.all.filter { other in !first.contains { $0 === other } }
        for hierarchy in first + rest {
            let path = group.path(in: hierarchy)
            guard hierarchy.exists(".", of: path) else { continue }
            group.branches.append(Branch(hierarchy: hierarchy, group: path, above: []))
        }
        guard !group.branches.isEmpty else {
            throw SystemCallError("open", ENOENT, [.init("group", name)], detail: "no hierarchy has it")
        }
        return group
    }

    /// Lets a user make groups below this one and move processes among them: the files of
    /// /sys/kernel/cgroup/delegate. Version 2 only; delegation on version 1 is not safe.
    public func delegate(to user: UInt32, _ owners: UInt32) throws {
        guard let unified else {
            throw CgroupUnsupported("delegate", "only version 2 of control groups can be delegated safely")
        }
        let list = try? Descriptor.open("/sys/kernel/cgroup/delegate", O_RDONLY).readToEnd()
        let files = list.map { CgroupHierarchy.words(String(decoding: $0, as: UTF8.self)) }
        let usual = ["cgroup.procs", "cgroup.threads", "cgroup.subtree_control"]
        try unified.hierarchy.giveAway(".", of: unified.group, to: user, owners)
        for file in files ?? usual where unified.hierarchy.exists(file, of: unified.group) {
            try unified.hierarchy.giveAway(file, of: unified.group, to: user, owners)
        }
    }

    /// Its notes in the journal.
    public var notes: [JournalNote] { branches.flatMap(\.notes) }

    // MARK: Going

    /// Removes it with the groups below it; what runs in them is killed first. One that is gone is no error.
    public func remove() throws(SystemCallError) {
        // A second time it could be somebody else's of the same name.
        if isRemoved { return }
        var refusal: SystemCallError?
        try leave()
        for branch in branches {
            do { try remove(branch) } catch { refusal = refusal ?? error }
        }
        if let refusal { throw refusal }
        aside?.goBack()
        aside = nil
        isRemoved = true
        for note in notes { note.forget() }
    }

    private func remove(_ branch: Branch) throws(SystemCallError) {
        do {
            try branch.hierarchy.remove(branch.group)
        } catch let error where error.number == EBUSY {
            try kill()
            try removeTree(branch)
        } catch let error where error.number == ENOENT {}
        for group in branch.above.reversed() {
            // Others may use it by now.
            do { try branch.hierarchy.remove(group) } catch let error
                where [EBUSY, ENOENT, ENOTEMPTY].contains(error.number)
            {}
        }
    }

    /// A process that was killed can hold its group for a moment longer.
    private func removeTree(_ branch: Branch) throws(SystemCallError) {
        let end = Clock.nanoseconds &+ 5_000_000_000
        while true {
            do {
                try branch.hierarchy.visit(branch.group, removing: true)
                return try branch.hierarchy.remove(branch.group)
            } catch let error where error.number == ENOENT && !branch.hierarchy.exists(".", of: branch.group)
            {
                return
            } catch let error
                where [EBUSY, ENOENT].contains(error.number) && Clock.nanoseconds < end
            {
                // One below may have gone by itself meanwhile.
                usleep(500)
            }
        }
    }
}
