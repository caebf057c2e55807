internal import CKernel
internal import Glibc

/// The hierarchies in sight: one of version 2, some of version 1, or both kinds side by side.
public final class CgroupHierarchies {
    /// What the mount table shows, with the devices: a hierarchy can be mounted more than once, and be out of sight.
    private let mounted: [(device: String, hierarchy: CgroupHierarchy)]

    /// Those that groups are made in are opened now, while they are in sight; the others when they are asked for.
    init(_ mounted: [(device: String, hierarchy: CgroupHierarchy)]) {
        self.mounted = mounted
        let used = CgroupController.allCases.map(\.nameInVersion1) + ["freezer"]
        for (_, hierarchy) in mounted
        where hierarchy.version == .two || hierarchy.controllers.contains(where: used.contains) {
            _ = hierarchy.isInSight
        }
    }

    /// Each that is in sight, in the order of the mount table.
    public var all: [CgroupHierarchy] {
        var devices: Set<String> = []
        return mounted.filter { $0.hierarchy.isInSight && devices.insert($0.device).inserted }.map(
            \.hierarchy)
    }

    /// The hierarchy of version 2, if there is one.
    public var unified: CgroupHierarchy? {
        mounted.first { $0.hierarchy.version == .two && $0.hierarchy.isInSight }?.hierarchy
    }

    /// Where a controller is to be had: a kernel gives each to one hierarchy only.
    public func hierarchy(of controller: CgroupController) -> CgroupHierarchy? {
        if let old = old(controller.nameInVersion1) { return old }
        // What devices may be used is not a controller of version 2: a program is attached instead.
        guard let unified, controller == .devices || unified.controllersInside.contains(controller.rawValue)
        else { return nil }
        return unified
    }

    /// The hierarchy of version 1 with a controller.
    func old(_ controller: String) -> CgroupHierarchy? {
        mounted.first { _, hierarchy in
            hierarchy.version == .one && hierarchy.controllers.contains(controller) && hierarchy.isInSight
        }?.hierarchy
    }

    // MARK: Finding them

    private struct Key: Equatable {
        let device: UInt64
        let inode: UInt64
    }
    nonisolated(unsafe) private static var known: (key: Key, hierarchies: CgroupHierarchies)?
    private static let usual = Path("/sys/fs/cgroup")

    /// Those that this process sees; looked up anew only where another filesystem stands at the usual place.
    public static func current() throws(SystemCallError) -> CgroupHierarchies {
        let key = key()
        if let key, let known = unsafe known, known.key == key { return known.hierarchies }
        let fresh = try find()
        if let key { unsafe known = (key, fresh) }
        return fresh
    }

    private static func key() -> Key? {
        var status = stat()
        guard unsafe usual.withPlatformString({ unsafe stat($0, &status) }) == 0 else { return nil }
        return Key(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    private static func find() throws(SystemCallError) -> CgroupHierarchies {
        let type = unsafe usual.withPlatformString { unsafe ck_filesystem_type($0) }
        if type == Int(CGROUP2_SUPER_MAGIC) {
            return CgroupHierarchies([("", CgroupHierarchy(.two, at: usual, root: "/", controllers: []))])
        }
        let found = try read(MountTable.read(types: ["cgroup", "cgroup2"]))
        guard found.contains(where: \.hierarchy.isInSight) else {
            throw SystemCallError(
                "statfs", ENOENT, [.init("path", usual.string)], detail: "no control groups are mounted")
        }
        return CgroupHierarchies(found)
    }

    private static let kinds = [
        "blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb", "memory", "misc", "net_cls",
        "net_prio", "perf_event", "pids", "rdma",
    ]

    /// Those of a mount table.
    static func read(_ table: [MountTable.Entry]) -> [(device: String, hierarchy: CgroupHierarchy)] {
        table.map { entry in
            let controllers = entry.options.split(separator: ",").map(String.init).filter {
                kinds.contains($0) || $0.hasPrefix("name=")
            }
            return (
                entry.device,
                CgroupHierarchy(
                    entry.type == "cgroup2" ? .two : .one, at: entry.target, root: entry.root.string,
                    controllers: controllers)
            )
        }
    }
}
