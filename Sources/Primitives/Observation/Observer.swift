internal import Glibc
internal import Kernel

/// Looks at the machine as this process sees it, without changing anything.
public enum Observer {
    /// What is there now.
    public static func look() -> Observation {
        var seen = Observation()
        for kind in Namespace.allCases {
            if let identifier = try? kind.identifier() { seen.namespaces[kind.rawValue] = identifier }
        }
        if seen.namespaces.isEmpty { seen.unseen.append("namespaces: no /proc is in sight") }
        seen.hostname = (try? HostName.current().node) ?? ""
        seen.user = "\(Credentials.user):\(Credentials.group)"
        seen.pid = Processes.current
        seen.directory = (try? WorkingDirectory.current()).map { text($0.bytes) } ?? "(out of sight)"
        let table = try? MountTable.read()
        seen.mounts = table?.map(mount)
        if table == nil { seen.unseen.append("mounts: no /proc is in sight") }
        seen.root = root(table ?? [])
        lookAtNetwork(&seen)
        lookAtGroups(&seen, table ?? [])
        lookAtProcesses(&seen)
        return seen
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func mount(_ entry: MountTable.Entry) -> Observation.Mount {
        // A part of a filesystem that shows is named as findmnt(8) does.
        let part = text(entry.root.bytes)
        return Observation.Mount(
            identifier: entry.identifier, parent: entry.parent, target: text(entry.target.bytes),
            source: text(entry.source) + (part == "/" ? "" : "[\(part)]"), type: entry.type,
            options: entry.options, propagation: entry.propagation)
    }

    private static func root(_ table: [MountTable.Entry]) -> String {
        guard let root = try? RootIdentity.current() else { return "(out of sight)" }
        let place = "inode \(root.inode) of device \(root.device)"
        guard let entry = table.last(where: { $0.identifier == root.mount }) else { return place }
        let source = mount(entry).source
        return "\(source) (\(entry.type)), \(place)"
    }

    private static func lookAtNetwork(_ seen: inout Observation) {
        do {
            let network = try network()
            (seen.links, seen.routes) = (network.links, network.routes)
        } catch {
            seen.unseen.append("links: \(error.meaning)")
        }
    }

    private static func network() throws(SystemCallError) -> Observation.Network {
        let (addresses, links) = (try LinkAddress.all(), try Link.all())
        let shown = links.map { link in
            var shown = Observation.Link(
                index: link.index, master: link.master, peer: link.lower, name: link.name,
                kind: link.kind, isUp: link.isUp)
            shown.addresses = addresses.filter { $0.link == link.index }.map { "\($0.address)" }
            return shown
        }
        // The kernel routes multicast and its own link-local network by itself.
        let routes = try Route.all().map { route in
            let name = links.first { $0.index == route.link }?.name
            return (route.to.map { "\($0)" } ?? "default") + (route.via.map { " via \($0.host)" } ?? "")
                + (name.map { " dev \($0)" } ?? "")
        }.filter { !$0.hasPrefix("fe80::/64 ") && !$0.hasPrefix("ff00::/8 ") }
        return Observation.Network(links: shown, routes: routes)
    }

    /// The other network namespaces of the processes seen, by their numbers: what this process has moved there, too.
    public static func otherNetworks(of seen: Observation) -> [UInt64: Observation.Network] {
        var networks: [UInt64: Observation.Network] = [:]
        NetworkNamespace.visitOthers(of: (seen.processes ?? []).map(\.pid)) { namespace in
            networks[namespace] = try? network()
        }
        return networks
    }

    // MARK: Cgroups

    private static func lookAtGroups(_ seen: inout Observation, _ table: [MountTable.Entry]) {
        let own = try? Files.read(RootPath("/proc/self/cgroup", in: nil), limit: 1 << 20)
        seen.cgroup = own?.split(separator: UInt8(ascii: "\n")).map { text(Array($0)) }
        let hierarchies = table.filter { $0.type == "cgroup" || $0.type == "cgroup2" }
        // Out of sight they are not gone.
        if !hierarchies.isEmpty { seen.cgroups = MadeGroups.present }
    }

    // MARK: Processes

    private static func lookAtProcesses(_ seen: inout Observation) {
        // The /proc in sight may number processes as another pid namespace does.
        guard let link = try? Path("/proc/self").linkTarget(), let own = Int32(text(link.bytes)),
            let all = try? Processes.list(), let numbering = try? Processes.numbering()
        else {
            seen.unseen.append("processes: no /proc is in sight")
            return
        }
        seen.pidInSight = own
        (seen.numbers, seen.numbering) = (Set(all.map(\.pid)), numbering)
        var family: Set<Int32> = [own]
        var grew = true
        while grew {
            let more = all.filter { family.contains($0.parent) && !family.contains($0.pid) }
            family.formUnion(more.map(\.pid))
            grew = !more.isEmpty
        }
        seen.processes = all.filter { family.contains($0.pid) }.compactMap { entry in
            // One that ends meanwhile is no longer there.
            guard let identity = try? Processes.identity(entry.pid) else { return nil }
            let words = entry.command.map { text($0) }.joined(separator: " ")
            return Observation.Process(
                pid: entry.pid, parent: entry.parent, identity: identity,
                name: words.isEmpty ? entry.name : String(words.prefix(200)), hasEnded: entry.state == "Z")
        }
    }
}
