internal import CKernel
internal import Glibc

/// How the things of a dead run are taken away: only what is certainly the run's.
extension JournalReader.Entry {
    func remove(ofRunSince start: UInt64, isDry: Bool) throws -> Leftovers.Outcome {
        switch thing {
        case .mount(let path, let identifier, let unique, let namespace):
            return try LeftMount(
                path: Path(bytes: path), identifier: identifier, unique: unique, namespace: namespace,
                start: start
            ).remove(isDry: isDry)
        case .link(let name, let kind, let namespace):
            return try inside(namespace) { () throws(SystemCallError) in try removeLink(name, kind, isDry) }
        case .address(let text, let link, let namespace):
            return try inside(namespace) { () throws(SystemCallError) in try removeAddress(text, link, isDry)
            }
        case .route(let to, let via, let link, let namespace):
            return try inside(namespace) { () throws(SystemCallError) in try removeRoute(to, via, link, isDry)
            }
        case .firewall(let table, let namespace):
            return try firewall(FirewallTable(name: table), namespace, isDry)
        case .parameter(let name, let before, let after, let namespace):
            let parameter = Sysctl(name)
            func reset() throws(SystemCallError) -> Leftovers.Outcome {
                guard try parameter.read() == after, before != after else { return .gone }
                if !isDry { try parameter.write(before) }
                return .removed
            }
            guard parameter.namespace == .uts else { return try inside(namespace, reset) }
            return try Namespace.uts.identifier() == namespace ? try reset() : .gone
        case .group: return .gone
        }
    }

    /// In a network namespace; what was in one that is gone is gone with it.
    private func inside(
        _ cookie: UInt64, _ body: () throws(SystemCallError) -> Leftovers.Outcome
    ) throws(SystemCallError) -> Leftovers.Outcome {
        guard let namespace = NetworkNamespace.find(cookie) else { return .gone }
        return try namespace.perform(body)
    }

    /// By its number. One that the run did not get to confirm must look newborn: down, without addresses or master.
    private func removeLink(_ name: String, _ kind: String, _ isDry: Bool) throws(SystemCallError)
        -> Leftovers.Outcome
    {
        let all = try Link.all()
        let link: Link
        if let identity, let index = Int32(identity) {
            guard let found = all.first(where: { $0.index == index && $0.kind == kind }) else { return .gone }
            link = found
        } else {
            guard let found = all.first(where: { $0.name == name }) else { return .gone }
            let addresses = try LinkAddress.all().filter { $0.link == found.index }
            guard !found.isUp, found.master == 0, found.kind == kind, addresses.isEmpty else {
                return .left("it is in use, and may be somebody else's")
            }
            link = found
        }
        return try isDry ? .removed : unlessGone { () throws(SystemCallError) in try link.delete() }
    }

    /// It may go by itself meanwhile: a link with the namespace of its other end, what is on a link with that.
    private func unlessGone(_ body: () throws(SystemCallError) -> Void) throws(SystemCallError)
        -> Leftovers.Outcome
    {
        do { try body() } catch let error where [ENODEV, ESRCH, EADDRNOTAVAIL].contains(error.number) {
            return .gone
        }
        return .removed
    }

    private func removeAddress(_ text: String, _ index: Int32, _ isDry: Bool) throws(SystemCallError)
        -> Leftovers.Outcome
    {
        guard let address = NetworkAddress(text),
            let link = try Link.all().first(where: { $0.index == index }),
            try LinkAddress.all().contains(where: { $0.link == index && $0.address == address })
        else { return .gone }
        if identity == nil { return .left("it may be somebody else's") }
        return try isDry
            ? .removed
            : unlessGone { () throws(SystemCallError) in try LinkAddress.remove(address, from: link) }
    }

    private func removeRoute(
        _ to: String, _ via: String, _ link: Int32, _ isDry: Bool
    ) throws(SystemCallError) -> Leftovers.Outcome {
        let route = Route(to: NetworkAddress(to), via: NetworkAddress(via), link: link)
        let isThere = try Route.all().contains {
            $0.to == route.to && $0.via == route.via && (link == 0 || $0.link == link)
        }
        guard isThere else { return .gone }
        if identity == nil { return .left("it may be somebody else's") }
        return try isDry ? .removed : unlessGone { () throws(SystemCallError) in try route.delete() }
    }

    /// nft(8) runs in a copy of this process that has gone to the namespace.
    private func firewall(_ table: FirewallTable, _ cookie: UInt64, _ isDry: Bool) throws -> Leftovers.Outcome
    {
        guard let namespace = NetworkNamespace.find(cookie) else { return .gone }
        var result: Result<Leftovers.Outcome, any Error> = .success(.gone)
        try namespace.perform { () throws(SystemCallError) in
            do {
                guard try table.isThere() else { return }
                if !isDry { try table.delete() }
                result = .success(.removed)
            } catch { result = .failure(error) }
        }
        return try result.get()
    }
}

/// A mount of a dead run.
struct LeftMount {
    let path: Path
    let identifier: UInt64
    let unique, namespace: UInt64
    /// When the run began, by the clock that only ever rises.
    let start: UInt64

    /// Where this process is not in its namespace, a copy goes there by way of a process that is.
    func remove(isDry: Bool) throws(SystemCallError) -> Leftovers.Outcome {
        if unique == 0, try !isOlderThanRun() {
            return .left("its mount namespace may be somebody else's by now")
        }
        if try MountNamespace.own() == namespace { return try removeHere(isDry: isDry) }
        guard let there = try residents().first else { return .gone }
        guard let child = try Child.clone() else {
            do {
                try Namespace.enter([.mount], of: there.pid)
                Processes.leave(try removeHere(isDry: isDry) == .removed ? 0 : 1)
            } catch { Processes.leave(2) }
        }
        switch try child.wait() {
        case .code(0): return .removed
        case .code(1): return .gone
        default: return .failed("it could not be unmounted in the namespace of process \(there.pid)")
        }
    }

    private func residents() throws(SystemCallError) -> [Processes.Entry] {
        try Processes.list().filter { MountNamespace.number(ofProcess: $0.pid) == namespace }
    }

    /// Whether somebody has been in the namespace since before the run: it is the run's own then, and no later one
    /// with its number. Kernels that number mounts once and for all need not ask.
    private func isOlderThanRun() throws(SystemCallError) -> Bool {
        let here = try residents()
        return here.isEmpty
            || here.contains { process in
                // In hundredths of a second; the time that the machine was suspended counts.
                ProcessStart.read(process.pid).map { $0 < start / 10_000_000 } ?? false
            }
    }

    private func removeHere(isDry: Bool) throws(SystemCallError) -> Leftovers.Outcome {
        let entries = try MountTable.read().filter { $0.identifier == identifier }
        guard let entry = entries.first else { return .gone }
        let mount = Mount(identifier: identifier, unique: unique, path: entry.target)
        if unique != 0 {
            if !mount.isInPlace {
                let onTop = (try? Mount.identifier(at: entry.target)).map { $0 != identifier } ?? true
                return onTop ? .failed("something else is mounted over it") : .gone
            }
        } else if entry.target != path {
            return .left("the number is another mount's by now")
        }
        if !isDry { try mount.unmount() }
        return .removed
    }
}

/// The control groups of a dead run.
struct LeftGroups {
    private let entries: [JournalReader.Entry]

    init(_ entries: [JournalReader.Entry]) { self.entries = entries }

    /// Kills what runs in those that the run confirmed, and removes them; one that it did not must be empty.
    func clean(isDry: Bool) -> [(JournalThing, Leftovers.Outcome)] {
        guard !entries.isEmpty else { return [] }
        guard let hierarchies = try? CgroupHierarchies.current() else {
            return entries.map { ($0.thing, .failed("no control groups are mounted here")) }
        }
        var (sure, unsure): ([(Cgroup.Branch, JournalThing)], [(Cgroup.Branch, JournalThing)]) = ([], [])
        var outcomes: [(JournalThing, Leftovers.Outcome)] = []
        for entry in entries.reversed() {
            guard case .group(let path) = entry.thing, let branch = branch(path, hierarchies) else {
                outcomes.append((entry.thing, .failed("its hierarchy is not mounted here")))
                continue
            }
            let now = try? branch.hierarchy.identifier(of: branch.group)
            if now == nil || entry.identity.map({ $0 != "\(now ?? 0)" }) == true {
                outcomes.append((entry.thing, .gone))
            } else if entry.identity == nil {
                unsure.append((branch, entry.thing))
            } else {
                sure.append((branch, entry.thing))
            }
        }
        outcomes += remove(sure, hierarchies, isDry)
        // Among them those that were made above others: somebody else may have put groups of their own there.
        for (branch, thing) in unsure {
            let isGone = isDry || (try? branch.hierarchy.remove(branch.group)) != nil
            outcomes.append((thing, isGone ? .removed : .left("it is in use, and may be somebody else's")))
        }
        return outcomes
    }

    private func remove(
        _ sure: [(Cgroup.Branch, JournalThing)], _ hierarchies: CgroupHierarchies, _ isDry: Bool
    ) -> [(JournalThing, Leftovers.Outcome)] {
        if isDry || sure.isEmpty { return sure.map { ($0.1, .removed) } }
        let newest = sure.map(\.0).sorted { $0.hierarchy.version.rawValue > $1.hierarchy.version.rawValue }
        let all = Cgroup(name: "left", branches: newest, hierarchies)
        var failure: SystemCallError?
        do { try all.remove() } catch { failure = error }
        return sure.map { branch, thing in
            branch.hierarchy.exists(".", of: branch.group)
                ? (
                    thing,
                    .failed(failure.map { "\($0.call): \($0.cause)" } ?? "it is still there")
                )
                : (thing, .removed)
        }
    }

    private func branch(_ path: String, _ hierarchies: CgroupHierarchies) -> Cgroup.Branch? {
        for hierarchy in hierarchies.all {
            let mount = hierarchy.mount.string + "/"
            if path.hasPrefix(mount), path.utf8.count > mount.utf8.count {
                return Cgroup.Branch(
                    hierarchy: hierarchy, group: String(path.dropFirst(mount.count)), above: [])
            }
        }
        return nil
    }
}
