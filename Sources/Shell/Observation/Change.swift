internal import Primitives

/// One difference between two observations.
struct Change: Equatable {
    enum Sign: String { case added = "+", removed = "-", changed = "~", unseen = "?" }

    let sign: Sign
    /// What it is about, as in `"mount"`.
    let subject: String
    let text: String

    init(_ sign: Sign, _ subject: String, _ text: String) {
        self.sign = sign
        self.subject = subject
        self.text = printable(text)
    }

    var line: String { "\(sign.rawValue) \(subject) \(text)" }
}

extension Observation {
    /// What is different since an earlier observation by the same process, or by the one that it was copied from.
    func changes(since before: Observation) -> [Change] {
        ownChanges(before) + mountChanges(before) + networkChanges(before) + groupChanges(before)
            + processChanges(before)
            + unseen.filter { !before.unseen.contains($0) }.map { Change(.unseen, "unseen", $0) }
    }

    private func ownChanges(_ before: Observation) -> [Change] {
        func compare(_ subject: String, _ old: String, _ new: String) -> [Change] {
            old == new ? [] : [Change(.changed, subject, "\(old) → \(new)")]
        }
        let namespaces = Self.kinds.flatMap { kind -> [Change] in
            guard let new = self.namespaces[kind], let old = before.namespaces[kind] else { return [] }
            return old == new ? [] : [Change(.changed, "namespace", "\(kind) \(old) → \(new)")]
        }
        return namespaces + compare("hostname", before.hostname, hostname)
            + compare("user", before.user, user) + compare("pid", "\(before.pid)", "\(pid)")
            + compare("root", before.root, root) + compare("directory", before.directory, directory)
    }

    // MARK: Mounts

    /// A new mount namespace numbers its mounts anew: what tells a mount is where it stands and what it is of.
    private func mountChanges(_ before: Observation) -> [Change] {
        guard let mounts, let old = before.mounts else { return [] }
        func key(_ mount: Mount) -> [String] { [mount.target, mount.source, mount.type] }
        var (left, added) = (Dictionary(grouping: old, by: key), [Mount]())
        var altered: [String: [String]] = [:]
        for mount in mounts {
            guard let same = left[key(mount)]?.first else {
                added.append(mount)
                continue
            }
            left[key(mount)]?.removeFirst()
            for text in Self.alterations(same, mount) { altered[text, default: []].append(mount.target) }
        }
        let removed = old.filter { mount in
            guard left[key(mount)]?.isEmpty == false else { return false }
            left[key(mount)]?.removeFirst()
            return true
        }
        return few(removed.map { Change(.removed, "mount", $0.line) })
            + few(added.map { Change(.added, "mount", $0.line) })
            + altered.sorted { $0.value[0] < $1.value[0] }.map { text, targets in
                let names = targets.count > 3 ? "\(targets.count) mounts" : targets.joined(separator: ", ")
                return Change(.changed, "mount", "\(names): \(text)")
            }
    }

    private static func alterations(_ old: Mount, _ new: Mount) -> [String] {
        var texts: [String] = []
        if old.options != new.options {
            let (had, has) = (old.options.split(separator: ","), new.options.split(separator: ","))
            let lost = had.filter { !has.contains($0) }.joined(separator: ",")
            texts.append("\(lost) → \(has.filter { !had.contains($0) }.joined(separator: ","))")
        }
        if old.propagation != new.propagation { texts.append("\(old.propagation) → \(new.propagation)") }
        return texts
    }

    /// A list too long to read is cut.
    private func few(_ changes: [Change]) -> [Change] {
        guard changes.count > 8, let first = changes.first else { return changes }
        return changes.prefix(6)
            + [Change(first.sign, first.subject, "and \(changes.count - 6) more")]
    }

    // MARK: Network

    private func networkChanges(_ before: Observation) -> [Change] {
        guard let links, let old = before.links else { return [] }
        var changes: [Change] = []
        for link in old where !links.contains(where: { $0.isSame(as: link) }) {
            changes.append(Change(.removed, "link", link.name))
        }
        for link in links {
            let same = old.first { $0.isSame(as: link) }
            if let same {
                changes += link.alterations(since: same, before: old, now: links)
            } else {
                changes.append(Change(.added, "link", link.line(among: links)))
            }
            let (had, has) = (same?.addresses ?? [], link.addresses)
            changes += had.filter { !has.contains($0) }.map {
                Change(.removed, "address", "\($0) from \(link.name)")
            }
            changes += has.filter { !had.contains($0) }.map {
                Change(.added, "address", "\($0) on \(link.name)")
            }
        }
        return changes + differences("route", before.routes, routes)
    }

    private func differences(_ subject: String, _ old: [String], _ new: [String]) -> [Change] {
        few(old.filter { !new.contains($0) }.map { Change(.removed, subject, $0) })
            + few(new.filter { !old.contains($0) }.map { Change(.added, subject, $0) })
    }

    // MARK: Cgroups and processes

    private func groupChanges(_ before: Observation) -> [Change] {
        var changes: [Change] = []
        if let cgroups, let old = before.cgroups { changes += differences("cgroup", old, cgroups) }
        if let cgroup, let old = before.cgroup, cgroup != old {
            let (lost, found) = (old.filter { !cgroup.contains($0) }, cgroup.filter { !old.contains($0) })
            let texts = [lost, found].map { $0.joined(separator: " ") }
            changes.append(Change(.changed, "member of cgroup", "\(texts[0]) → \(texts[1])"))
        }
        return changes
    }

    private func processChanges(_ before: Observation) -> [Change] {
        // This process itself is no news, nor is the one that it was copied from, which may stay behind.
        let own = [self, before].flatMap { seen in
            (seen.processes ?? []).filter { $0.pid == seen.pidInSight }.map(\.identity)
        }
        func others(_ all: [Process]?) -> [Process]? { all?.filter { !own.contains($0.identity) } }
        guard let processes = others(processes), let old = others(before.processes) else { return [] }
        var changes: [Change] = []
        // What a /proc shows no more that is another one by now may live on, and so may what is not of this family.
        for process in old
        where numbering == before.numbering && !numbers.contains(process.pid) {
            changes.append(Change(.removed, "process", "\(process.pid) \(process.name)"))
        }
        for process in processes {
            guard let same = old.first(where: { $0.identity == process.identity }) else {
                changes.append(Change(.added, "process", "\(process.pid) \(process.name)"))
                continue
            }
            if process.hasEnded && !same.hasEnded {
                changes.append(Change(.changed, "process", "\(process.pid) has ended"))
            } else if process.name != same.name, !process.hasEnded {
                changes.append(Change(.changed, "process", "\(process.pid) is now \(process.name)"))
            }
        }
        return few(changes.filter { $0.sign == .removed }) + few(changes.filter { $0.sign == .added })
            + changes.filter { $0.sign == .changed }
    }
}

extension Observation.Mount {
    fileprivate var line: String { "\(target): \(source) (\(type), \(options), \(propagation))" }
}

extension Observation.Link {
    /// A link keeps its number while it stays in its namespace; lo is number 1 in each.
    fileprivate func isSame(as other: Observation.Link) -> Bool { index == other.index && kind == other.kind }

    fileprivate func line(among links: [Observation.Link]) -> String {
        let bridge = links.first { $0.index == master && master != 0 }
        return "\(name) (\(kind.isEmpty ? "device" : kind), \(isUp ? "up" : "down"))"
            + (bridge.map { " on \($0.name)" } ?? "")
    }

    fileprivate func alterations(
        since old: Observation.Link, before: [Observation.Link], now: [Observation.Link]
    ) -> [Change] {
        var changes: [Change] = []
        if old.name != name { changes.append(Change(.changed, "link", "\(old.name) is now called \(name)")) }
        if old.isUp != isUp { changes.append(Change(.changed, "link", "\(name) is \(isUp ? "up" : "down")")) }
        if old.master != master {
            let bridge = now.first { $0.index == master && master != 0 }?.name
            let left = before.first { $0.index == old.master }?.name ?? "its bridge"
            changes.append(
                Change(
                    .changed, "link",
                    bridge.map { "\(name) is attached to \($0)" } ?? "\(name) is detached from \(left)"))
        }
        return changes
    }
}
