internal import CKernel
internal import Glibc
internal import SystemPackage

/// The hierarchies in sight: one of version 2, some of version 1, or both kinds side by side.
public final class CgroupHierarchies {
    /// In the order of the mount table.
    public let all: [CgroupHierarchy]

    init(_ all: [CgroupHierarchy]) { self.all = all }

    /// The hierarchy of version 2, if there is one.
    public var unified: CgroupHierarchy? { all.first { $0.version == .two } }

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
        all.first { $0.version == .one && $0.controllers.contains(controller) }
    }

    // MARK: Finding them

    private struct Key: Equatable {
        let device: UInt64
        let inode: UInt64
    }
    nonisolated(unsafe) private static var known: (key: Key, hierarchies: CgroupHierarchies)?
    private static let usual = FilePath("/sys/fs/cgroup")

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
            return CgroupHierarchies([try CgroupHierarchy(.two, at: usual, root: "/", controllers: [])])
        }
        let found = try read(MountTable.read())
        guard !found.isEmpty else {
            throw SystemCallError(
                "statfs", ENOENT, [.init("path", usual.string)], detail: "no control groups are mounted")
        }
        return CgroupHierarchies(found)
    }

    private static let kinds: Set<String> = [
        "blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb", "memory", "misc", "net_cls",
        "net_prio", "perf_event", "pids", "rdma",
    ]

    /// Those of a mount table, each device once; one that cannot be opened is out of sight.
    static func read(_ table: [MountTable.Entry]) -> [CgroupHierarchy] {
        var devices: Set<String> = []
        var found: [CgroupHierarchy] = []
        for entry in table where entry.type == "cgroup" || entry.type == "cgroup2" {
            guard !devices.contains(entry.device) else { continue }
            let controllers = entry.options.split(separator: ",").map(String.init).filter {
                kinds.contains($0) || $0.hasPrefix("name=")
            }
            let version: CgroupHierarchy.Version = entry.type == "cgroup2" ? .two : .one
            guard
                let hierarchy = try? CgroupHierarchy(
                    version, at: entry.target, root: entry.root.string, controllers: controllers)
            else { continue }
            devices.insert(entry.device)
            found.append(hierarchy)
        }
        return found
    }
}
