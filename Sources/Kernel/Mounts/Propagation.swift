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
}
