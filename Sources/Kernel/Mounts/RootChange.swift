internal import CKernel
internal import Glibc

/// Another root for this process: pivot_root(2), chroot(2).
public enum RootChange {
    /// Whether `/` may be an image's by now: what this program would trust on the host is then not to be trusted.
    public static var hasHappened: Bool { count > 0 }
    /// How often the root, or all that is mounted below it, has become another.
    static var count: Int { unsafe happened }
    nonisolated(unsafe) private static var happened = 0

    /// Notes that it has.
    static func note() { unsafe happened += 1 }

    /// Makes `root` the root of this mount namespace; the old one is mounted at `old` inside, or gone.
    ///
    /// `root` becomes a mount of its own first where it is none. EINVAL where an `Obstacle` stands in the way, which is
    /// then the detail. What fails leaves everything as it was.
    public static func pivot(_ root: Path, old: Path? = nil) throws(SystemCallError) {
        OwnProgram.takeHold(leavingRoot: old == nil)
        // What is mounted over "." is not where this process works.
        let root = try root.absolute()
        let here = try Descriptor.open(".", Descriptor.pathOnly | O_DIRECTORY)
        let place = old.map(\.relative)
        var bound: Mount?
        do throws(SystemCallError) {
            if try !Mount.isMountPoint(root) { bound = try bindToItself(root) }
            try WorkingDirectory.change(to: root)
            if let place { try checkPlace(place) }
            do { try swap(root, place) } catch let error where error.number == EINVAL {
                if let obstacle = Obstacle.find(for: root) {
                    throw SystemCallError(
                        error.call, error.number, error.subjects, detail: obstacle.rawValue)
                }
                // A mount of an outer user namespace is locked in its place; a copy of it is not.
                guard bound == nil else { throw error }
                bound = try bindToItself(root)
                try WorkingDirectory.change(to: root)
                try swap(root, place)
            }
        } catch {
            _ = fchdir(here.number)
            try? bound?.unmount()
            throw error
        }
        note()
        if place == nil {
            OwnProgram.protect()
            // pivot_root(".", ".") stacks the old root on the new one; "." still names the old.
            try systemCall("umount", [.init("target", "the old root")]) { unsafe umount2(".", 2) }
        }
        try WorkingDirectory.change(to: "/")
    }

    private static func bindToItself(_ root: Path) throws(SystemCallError) -> Mount {
        try DetachedMount.copy(of: root, recursive: true).attach(to: RootPath(root))
    }

    /// pivot_root(2) to the working directory, which is `root`.
    private static func swap(_ root: Path, _ old: Path?) throws(SystemCallError) {
        try systemCall(
            "pivot_root", [.init("path", root.string)] + (old.map { [.init("target", $0.string)] } ?? [])
        ) {
            unsafe (old ?? ".").withPlatformString { unsafe ck_pivot_root(".", $0) }
        }
    }

    /// Why the kernel says EINVAL to a new root.
    public enum Obstacle: String {
        case noMount = "/ is no mount point here, as after a chroot"
        case initial = "/ is the kernel's initial filesystem, which stays"
        case elsewhere = "the directory is on a mount of another mount namespace"
        case shared = "mounts spread here"

        fileprivate static func find(for root: Path) -> Obstacle? {
            guard (try? Mount.isMountPoint("/")) == true else { return .noMount }
            guard let table = try? MountTable.read(), let new = try? Mount.identifier(at: root),
                let old = try? Mount.identifier(at: "/")
            else { return nil }
            func mount(_ number: UInt64?) -> MountTable.Entry? { table.first { $0.identifier == number } }
            guard mount(new) != nil else { return .elsewhere }
            if let own = mount(old), own.parent == own.identifier || own.type == "rootfs" { return .initial }
            let concerned = [mount(new), mount(mount(new)?.parent), mount(mount(old)?.parent)]
            return concerned.contains { $0?.propagation == "shared" } ? .shared : nil
        }
    }

    /// The place for the old root: made where it is missing, and refused where a link leads there.
    private static func checkPlace(_ place: Path) throws(SystemCallError) {
        let here = try Descriptor.open(".", O_DIRECTORY)
        _ = try RootPath(place, in: ".").open(making: .directory)
        // RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH: the string is resolved once more by pivot_root itself.
        let opened = try systemCall("openat2", [.init("path", place.string)]) {
            unsafe place.withPlatformString {
                unsafe ck_openat2(here.number, $0, UInt64(O_DIRECTORY | O_CLOEXEC), 0, 0x04 | 0x08)
            }
        }
        _ = Descriptor(owning: opened)
    }

    /// chroot(2), and into it: a working directory left outside would be a way out.
    public static func chroot(_ root: Path) throws(SystemCallError) {
        OwnProgram.takeHold()
        try WorkingDirectory.change(to: root)
        try systemCall("chroot", [.init("path", root.string)]) { unsafe Glibc.chroot(".") }
        note()
    }
}

/// What tells one root directory from another.
public struct RootIdentity: Sendable, Equatable {
    /// The mount that it lies on.
    public let mount: UInt64
    /// Its device, in the two parts of makedev(3), and its inode.
    public let device: String
    public let inode: UInt64

    /// The root of this process.
    public static func current() throws(SystemCallError) -> RootIdentity {
        let status = try FileStatus.read(RootPath("/", in: nil), following: true)
        let device = FileStatus.parts(of: status.device)
        return RootIdentity(
            mount: try Mount.identifier(at: "/"), device: "\(device.major):\(device.minor)",
            inode: status.inode)
    }
}
