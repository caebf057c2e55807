internal import CKernel
internal import Glibc

/// The files and ports that a process may touch, whatever its user and capabilities say: landlock(7).
public struct FileRules: Sendable, Equatable {
    /// What can be read, listed and executed at and below a path; nothing else can.
    public var read: [Path] = []
    /// What can be changed as well, and made or removed below.
    public var write: [Path] = []
    /// The TCP ports that can be bound; nil for any.
    public var bind: [UInt16]?
    /// The TCP ports that can be connected to; nil for any.
    public var connect: [UInt16]?

    /// Nothing is allowed.
    public init() {}

    /// The version of the kernel's rules; 0 where it has none, or has them switched off.
    public static var version: Int { max(0, Int(ck_landlock_version())) }

    // LANDLOCK_ACCESS_FS_EXECUTE, _READ_FILE, _READ_DIR
    private static let reading: UInt64 = 1 << 0 | 1 << 2 | 1 << 3
    /// _WRITE_FILE, _REMOVE_DIR and the rest up to _MAKE_SYM; _REFER, _TRUNCATE, _IOCTL_DEV by version.
    private static func writing(_ version: Int) -> UInt64 {
        1 << 1 | 0x1ff0 | (version >= 2 ? 1 << 13 : 0) | (version >= 3 ? 1 << 14 : 0)
            | (version >= 5 ? 1 << 15 : 0)
    }
    /// What a rule about a file, not a directory, can allow.
    private static let ofFiles: UInt64 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15

    /// Lays them on this process and its children for good. EPERM without CAP_SYS_ADMIN or no_new_privs, ENOSYS or
    /// EOPNOTSUPP where the kernel has no such rules, or none about ports.
    public func enforce() throws(SystemCallError) {
        let version = Int(try systemCall("landlock_create_ruleset") { ck_landlock_version() })
        let (reading, writing) = (Self.reading, Self.reading | Self.writing(version))
        // LANDLOCK_ACCESS_NET_BIND_TCP and _CONNECT_TCP
        let ports: UInt64 = (bind == nil ? 0 : 1) | (connect == nil ? 0 : 2)
        if ports != 0, version < 4 {
            throw SystemCallError(
                "landlock_create_ruleset", EOPNOTSUPP,
                detail: "rules about ports came with version 4, this is \(version)")
        }

        let ruleset = Descriptor(
            owning: try systemCall("landlock_create_ruleset") { ck_landlock_create(writing, ports, 0) })
        for path in read { try Self.allow(path, reading, in: ruleset) }
        for path in write { try Self.allow(path, writing, in: ruleset) }
        for (list, right) in [(bind, 1), (connect, 2)] as [([UInt16]?, UInt64)] {
            for port in list ?? [] {
                try systemCall("landlock_add_rule", [.init("port", "\(port)")]) {
                    ck_landlock_allow_port(ruleset.number, UInt64(port), right)
                }
            }
        }
        try systemCall("landlock_restrict_self") { ck_landlock_restrict(ruleset.number) }
    }

    private static func allow(
        _ path: Path, _ rights: UInt64, in ruleset: borrowing Descriptor
    ) throws(SystemCallError) {
        let place = try Descriptor.open(path, Descriptor.pathOnly)
        let isDirectory = try place.status().st_mode & S_IFMT == S_IFDIR
        let number = ruleset.number
        try systemCall("landlock_add_rule", [.init("path", path.string)]) {
            ck_landlock_allow_path(number, place.number, isDirectory ? rights : rights & ofFiles)
        }
    }
}
