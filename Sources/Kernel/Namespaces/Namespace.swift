internal import CKernel
internal import Glibc

/// The kinds of namespace, as in namespaces(7).
public enum Namespace: String, CaseIterable, Sendable {
    case mount, uts, ipc, net, pid, user, cgroup, time

    /// The CLONE_NEW flag.
    public var flag: UInt64 {
        switch self {
        case .mount: 0x0002_0000
        case .uts: 0x0400_0000
        case .ipc: 0x0800_0000
        case .net: 0x4000_0000
        case .pid: 0x2000_0000
        case .user: 0x1000_0000
        case .cgroup: 0x0200_0000
        case .time: 0x0000_0080
        }
    }

    /// Its place among all kinds.
    var place: Int {
        switch self {
        case .mount: 0
        case .uts: 1
        case .ipc: 2
        case .net: 3
        case .pid: 4
        case .user: 5
        case .cgroup: 6
        case .time: 7
        }
    }

    /// The file's name below `/proc/PID/ns`.
    public var file: String { self == .mount ? "mnt" : rawValue }

    /// The inode number that tells one namespace from another; of this process where `pid` is nil.
    ///
    /// A number is used again once its namespace has gone.
    public func identifier(of pid: Int32? = nil) throws(SystemCallError) -> UInt64 {
        // By way of a pidfd: the /proc in sight may belong to another pid namespace, and number processes otherwise.
        let pidfd = Descriptor(owning: ck_pidfd_open(pid ?? getpid()))
        if let known = try? identifier(by: pidfd) { return known }
        return try identifier(numbered: (try? ProcessFiles.number(of: pidfd.number)) ?? pid)
    }

    /// The same of a process by its number below /proc.
    func identifier(numbered number: Int32?) throws(SystemCallError) -> UInt64 {
        let path = Path("/proc/\(number.map(String.init) ?? "self")/ns/\(file)")
        var status = stat()
        try systemCall("stat", [.init("path", path.string)]) {
            unsafe path.withPlatformString { unsafe stat($0, &status) }
        }
        return UInt64(status.st_ino)
    }

    /// The same of the process that a pidfd stands for.
    func identifier(by pidfd: borrowing Descriptor) throws(SystemCallError) -> UInt64 {
        UInt64(try open(by: pidfd).status().st_ino)
    }

    /// That of the process that a pidfd stands for: the ioctls PIDFD_GET_..._NAMESPACE of Linux 6.11.
    func open(by pidfd: borrowing Descriptor) throws(SystemCallError) -> Descriptor {
        let number: UInt =
            switch self {
            case .cgroup: 1
            case .ipc: 2
            case .mount: 3
            case .net: 4
            case .pid: 5
            case .time: 7
            case .user: 9
            case .uts: 10
            }
        return Descriptor(
            owning: try systemCall("ioctl") { ck_ioctl_number(pidfd.number, 0xff00 | number, 0) })
    }

    /// setns(2): moves this process into namespaces of another; for pid, only its children to come.
    public static func enter(_ namespaces: NamespaceSet, of pid: Int32) throws(SystemCallError) {
        let subject = SystemCallError.Subject("pid", "\(pid)")
        noteOrigin(before: namespaces)
        // Who is root in there must not trace this process, which still holds what is of the host (CVE-2016-9962).
        // execve(2) ends that.
        if !namespaces.isDisjoint(with: [.pid, .user]) {
            try systemCall("prctl") { ck_prctl(PR_SET_DUMPABLE, 0) }
        }
        let pidfd = Descriptor(owning: try systemCall("pidfd_open", [subject]) { ck_pidfd_open(pid) })
        // The kernel refuses to join the user namespace that one is in.
        var isSame = false
        if namespaces.contains(.user) {
            let (other, own) = (try Namespace.user.identifier(of: pid), try Namespace.user.identifier())
            isSame = other == own
        }
        if namespaces.contains(.pid) || namespaces.contains(.mount) { OwnProgram.takeHold() }
        let joined = isSame ? namespaces.subtracting([.user]) : namespaces
        if joined.isEmpty { return }
        let isOfChild = joined.contains(.mount) && MountNamespace.isOfChild(pid)
        // All at once: the kernel checks the others against the user namespace that is joined with them.
        try systemCall("setns", [subject]) { ck_setns(pidfd.number, joined.flags) }
        note(joined, areNew: false)
        if isOfChild { MountNamespace.noteJoined(ofChild: true) }
        if joined.contains(.user) { try Credentials.becomeRootWherePossible() }
        if namespaces.contains(.mount) { RootChange.note() }
    }

    /// How an error names them.
    static func subject(_ namespaces: NamespaceSet) -> [SystemCallError.Subject] {
        let names = namespaces.kinds.map(\.rawValue).sorted().joined(separator: " ")
        return names.isEmpty ? [] : [.init("namespaces", names)]
    }

    /// unshare(2): moves this process into new namespaces.
    public static func unshare(_ namespaces: NamespaceSet) throws(SystemCallError) {
        noteOrigin(before: namespaces)
        try systemCall("unshare", subject(namespaces)) { ck_unshare(namespaces.flags) }
        note(namespaces, areNew: true)
    }
}
