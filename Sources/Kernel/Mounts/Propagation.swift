internal import CKernel
internal import Glibc

/// How mount events spread between copies of a mount: mount_namespaces(7).
public enum Propagation: String, CaseIterable, Sendable {
    case `private`, slave, shared, unbindable

    private var flag: UInt64 {
        switch self {
        case .unbindable: 1 << 17
        case .private: 1 << 18
        case .slave: 1 << 19
        case .shared: 1 << 20
        }
    }

    /// Sets it for the mount at `path`, and for those below where `recursive`: mount_setattr(2).
    public func set(at path: Path, recursive: Bool) throws(SystemCallError) {
        // What is mounted where mounts spread can show elsewhere and stay there.
        if self == .shared { Namespace.note([.mount], areNew: false) }
        try systemCall("mount_setattr", [.init("target", path.string)]) {
            unsafe path.withPlatformString {
                unsafe ck_mount_setattr(AT_FDCWD, $0, recursive ? 0x8000 : 0, 0, 0, flag)
            }
        }
    }

    /// Sets it for all mounts of the mount namespace that this process is in, which is a new one.
    ///
    /// After a chroot `/` may be no mount point: this process then goes to the namespace's own root, and back.
    public func setInNewNamespace() throws(SystemCallError) {
        do { return try set(at: "/", recursive: true) } catch let error where error.number == EINVAL {
            let root = try Descriptor.open("/", Descriptor.pathOnly | O_DIRECTORY)
            let here = try Descriptor.open(".", Descriptor.pathOnly | O_DIRECTORY)
            let process = Descriptor(owning: try systemCall("pidfd_open") { ck_pidfd_open(getpid()) })
            // Joining the namespace that one is in does nothing but that.
            guard ck_setns(process.number, Namespace.mount.flag) == 0 else { throw error }
            let outcome = Result { () throws(SystemCallError) in try set(at: "/", recursive: true) }
            try systemCall("fchdir", [.init("path", "/")]) { fchdir(root.number) }
            try systemCall("chroot", [.init("path", "/")]) { unsafe Glibc.chroot(".") }
            try systemCall("fchdir", [.init("path", ".")]) { fchdir(here.number) }
            try outcome.get()
        }
    }
}
