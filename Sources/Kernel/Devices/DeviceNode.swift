internal import CKernel
internal import Glibc

/// A device file, named pipe or placeholder to be made: mknod(2).
public struct DeviceNode: Sendable {
    /// What it stands for.
    public enum Kind: String, CaseIterable, Sendable {
        case character = "c"
        case block = "b"
        case pipe = "p"

        fileprivate var type: mode_t {
            switch self {
            case .character: S_IFCHR
            case .block: S_IFBLK
            case .pipe: S_IFIFO
            }
        }
    }

    let kind: Kind
    let major, minor: UInt32
    let mode: UInt32

    /// A node; numbers mean nothing to a pipe. Major numbers have 12 bits, minor ones 20: nil for larger ones.
    public init?(_ kind: Kind, major: UInt32 = 0, minor: UInt32 = 0, mode: UInt32 = 0o666) {
        guard major < 1 << 12, minor < 1 << 20 else { return nil }
        self.kind = kind
        self.major = major
        self.minor = minor
        self.mode = mode
    }

    private var device: dev_t { kind == .pipe ? 0 : dev_t(ck_makedev(major, minor)) }

    /// Makes it where nothing is yet, not even a link: EEXIST.
    public func make(at path: Path, in root: Path? = nil) throws(SystemCallError) {
        guard let (directory, name) = path.lastStep, !path.meansDirectory else {
            throw SystemCallError("mknod", EINVAL, [.init("path", path.string)])
        }
        let place = try RootPath(directory, in: root).open()
        try make(FileName(name), in: place.number, shown: path.string)
    }

    func make(
        _ name: FileName, in directory: Int32, shown: @autoclosure () -> String
    ) throws(SystemCallError) {
        try systemCall("mknod", [.init("path", shown())]) {
            unsafe mknodat(directory, name.characters, kind.type | mode, device)
        }
        // The process's umask has taken bits away. Nobody else can write here yet, or may follow what is no link.
        try systemCall("fchmodat", [.init("path", shown())]) {
            unsafe fchmodat(directory, name.characters, mode, 0)
        }
    }

    /// Opens (O_PATH) the machine's own file of this device, and makes sure that it is one.
    func open(at path: Path) throws(SystemCallError) -> Descriptor {
        let file = try Descriptor.open(path, Descriptor.pathOnly | O_NOFOLLOW)
        let status = try file.status()
        guard status.st_mode & S_IFMT == kind.type, status.st_rdev == device else {
            throw SystemCallError(
                "open", ENODEV, [.init("path", path.string)],
                detail: "it is not the device \(kind.rawValue) \(major):\(minor)")
        }
        var filesystem = statvfs()
        try systemCall("fstatvfs", [.init("path", path.string)]) {
            unsafe fstatvfs(file.number, &filesystem)
        }
        // ST_NODEV
        guard filesystem.f_flag & 4 == 0 else {
            throw SystemCallError(
                "open", ENODEV, [.init("path", path.string)],
                detail: "it lies on a mount that refuses devices")
        }
        return file
    }
}
