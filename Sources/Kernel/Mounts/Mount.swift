internal import CKernel
internal import Glibc

/// The attributes of one mount, as in mount_setattr(2).
public struct MountAttributes: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// MOUNT_ATTR_RDONLY
    public static let readonly = MountAttributes(rawValue: 0x1)
    /// MOUNT_ATTR_NOSUID
    public static let nosuid = MountAttributes(rawValue: 0x2)
    /// MOUNT_ATTR_NODEV
    public static let nodev = MountAttributes(rawValue: 0x4)
    /// MOUNT_ATTR_NOEXEC
    public static let noexec = MountAttributes(rawValue: 0x8)
    /// MOUNT_ATTR_NOATIME
    public static let noatime = MountAttributes(rawValue: 0x10)
    /// MOUNT_ATTR_NODIRATIME
    public static let nodiratime = MountAttributes(rawValue: 0x80)
    /// MOUNT_ATTR_NOSYMFOLLOW
    public static let nosymfollow = MountAttributes(rawValue: 0x20_0000)

    /// The attribute that an option such as `"nosuid"` names; nil for an option of the filesystem.
    public static func named(_ option: String) -> MountAttributes? {
        switch option {
        case "ro": .readonly
        case "nosuid": .nosuid
        case "nodev": .nodev
        case "noexec": .noexec
        case "noatime": .noatime
        case "nodiratime": .nodiratime
        case "nosymfollow": .nosymfollow
        case "rw", "suid", "dev", "exec", "atime", "relatime", "defaults": []
        default: nil
        }
    }
}

/// A mount that stands somewhere in the tree.
public struct Mount: Sendable, Equatable {
    /// Its number in the mount table, which a later mount may have again.
    public let identifier: UInt64
    /// The number that no other has; 0 before Linux 6.8.
    public var unique: UInt64 = 0
    /// Where it stood when it was made, from the root of that time.
    public let path: Path

    /// Those that this run has made, by the number that no other has where the kernel tells it.
    nonisolated(unsafe) private static var made: Set<UInt64> = []

    private var key: UInt64 { unique == 0 ? identifier : unique }

    /// Notes that this run has made it.
    fileprivate func noteMade() { unsafe _ = Self.made.insert(key) }

    /// Whether this run has made the mount that a path lies on.
    public static func isMade(at path: Path) -> Bool {
        guard let opened = try? Descriptor.open(path, Descriptor.pathOnly | O_NOFOLLOW) else { return false }
        let unique = opened.uniqueMount()
        guard let number = unique == 0 ? try? identifier(at: path) : unique else { return false }
        return unsafe made.contains(number)
    }

    /// Unmounts it wherever it is by now; detaches it where it is busy. One that is gone already is no error.
    ///
    /// EBUSY where another mount covers it.
    public func unmount() throws(SystemCallError) {
        // Somebody may rename what is above it meanwhile, and a path would then lead elsewhere: what is unmounted is
        // what was opened and found to be this mount.
        for _ in 0..<100 {
            guard let place = try currentPath(), place != "/" else { return }
            guard let opened = try? Descriptor.open(place, Descriptor.pathOnly | O_NOFOLLOW),
                opened.isRoot(ofMount: identifier)
            else { continue }
            // Only one mount has the number at a time: this one is gone.
            if unique != 0, opened.uniqueMount() != unique { return }
            try detach(opened, at: place)
            unsafe _ = Self.made.remove(key)
            return
        }
        throw SystemCallError(
            "umount", EBUSY, [.init("target", path.string)], detail: "another mount covers it")
    }

    /// Takes it out of sight by way of its root held open; it goes with the last user.
    private func detach(
        _ opened: borrowing Descriptor, at place: Path
    ) throws(SystemCallError) {
        // A file cannot be gone to.
        guard try opened.status().st_mode & S_IFMT == S_IFDIR else {
            return try Self.unmount(place, detach: true)
        }
        let here = try Descriptor.open(".", Descriptor.pathOnly | O_DIRECTORY)
        try systemCall("fchdir", [.init("target", place.string)]) { fchdir(opened.number) }
        defer { _ = fchdir(here.number) }
        // MNT_DETACH: being here keeps it busy.
        try systemCall("umount", [.init("target", place.string)]) { unsafe umount2(".", 2) }
    }

    /// Whether it is what stands at its path.
    public var isInPlace: Bool {
        guard let opened = try? Descriptor.open(path, Descriptor.pathOnly | O_NOFOLLOW) else { return false }
        return opened.isRoot(ofMount: identifier) && (unique == 0 || opened.uniqueMount() == unique)
    }

    /// Whether its root is what its path leads to. Once it is `/`, a directory of its own may have that path.
    private var isAtItsPath: Bool {
        var (number, isRoot): (UInt64, Int32) = (0, 0)
        let result = unsafe path.withoutSlash.withPlatformString {
            unsafe ck_mount_identifier(AT_FDCWD, $0, AT_SYMLINK_NOFOLLOW, &number, &isRoot)
        }
        return result == 0 && number == identifier && isRoot != 0
    }

    /// Whether it is known to be gone by its number alone: that of a later mount may be the same.
    public var isGone: Bool {
        guard unique == 0, let table = try? MountTable.read() else { return false }
        return !table.contains { $0.identifier == identifier }
    }

    private func currentPath() throws(SystemCallError) -> Path? {
        if isAtItsPath { return path }
        guard let table = try? MountTable.read() else { return nil }
        return table.first { $0.identifier == identifier }?.target
    }

    /// umount2(2), never following a link in last place.
    public static func unmount(_ path: Path, detach: Bool = false) throws(SystemCallError) {
        // UMOUNT_NOFOLLOW, MNT_DETACH.
        try systemCall("umount", [.init("target", path.string)]) {
            unsafe path.withoutSlash.withPlatformString { unsafe umount2($0, 8 | (detach ? 2 : 0)) }
        }
    }

    /// What is mounted below the mount at a path, the newest first. EINVAL where nothing is mounted there: what is below
    /// is then not to be taken away in vain.
    public static func below(_ path: Path) throws(SystemCallError) -> [Path] {
        let number = try identifier(at: path)
        guard try isMountPoint(path) else {
            throw SystemCallError("umount", EINVAL, [.init("target", path.string)])
        }
        return try MountTable.tree(of: number).filter { $0.identifier != number }.map(\.target).reversed()
    }

    /// ENOTBLK where what stands at the source of a filesystem on a device is neither a device nor a file.
    ///
    /// A filesystem that mounts files opens its source, and would wait for the other end of a FIFO.
    public static func checkSource(_ source: Path) throws(SystemCallError) {
        // What is missing, or no path at all, is the filesystem's to judge.
        guard let opened = try? Descriptor.open(source, Descriptor.pathOnly) else { return }
        let what: String
        switch try opened.status().st_mode & S_IFMT {
        case S_IFIFO: what = "a FIFO"
        case S_IFSOCK: what = "a socket"
        case S_IFCHR: what = "a character device"
        case S_IFDIR: what = "a directory"
        default: return
        }
        throw SystemCallError(
            "fsconfig", ENOTBLK, [.init("source", source.string)],
            detail: "it is \(what), neither a block device nor a file")
    }

    /// The number of the mount that a path lies on.
    public static func identifier(at path: Path) throws(SystemCallError) -> UInt64 {
        var (identifier, isRoot): (UInt64, Int32) = (0, 0)
        try systemCall("statx", [.init("path", path.string)]) {
            unsafe path.withoutSlash.withPlatformString {
                unsafe ck_mount_identifier(AT_FDCWD, $0, AT_SYMLINK_NOFOLLOW, &identifier, &isRoot)
            }
        }
        return identifier
    }

    /// Whether something is mounted right at a path.
    public static func isMountPoint(_ path: Path) throws(SystemCallError) -> Bool {
        var (identifier, isRoot): (UInt64, Int32) = (0, 0)
        try systemCall("statx", [.init("path", path.string)]) {
            unsafe path.withPlatformString {
                unsafe ck_mount_identifier(AT_FDCWD, $0, 0, &identifier, &isRoot)
            }
        }
        return isRoot != 0
    }
}

/// A mount that stands nowhere yet. Closing it unmounts it.
public struct DetachedMount: ~Copyable {
    private let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// The descriptor's number; it stays the mount's.
    var number: Int32 { descriptor.number }

    /// A copy of what is mounted at an open file or directory, which nobody can swap meanwhile.
    static func copy(
        ofOpen file: Int32, recursive: Bool = false,
        subjects: @autoclosure () -> [SystemCallError.Subject] = []
    ) throws(SystemCallError) -> DetachedMount {
        // OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC, AT_EMPTY_PATH, AT_RECURSIVE.
        let flags: UInt32 = 1 | UInt32(O_CLOEXEC) | 0x1000 | (recursive ? 0x8000 : 0)
        return DetachedMount(
            Descriptor(
                owning: try systemCall("open_tree", subjects()) {
                    unsafe "".withCString { unsafe ck_open_tree(file, $0, flags) }
                }))
    }

    /// A copy of what is mounted at `source`, with the mounts below it where `recursive`: open_tree(2).
    public static func copy(
        of source: Path, recursive: Bool = false
    ) throws(SystemCallError) -> DetachedMount {
        // OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC, AT_RECURSIVE.
        let flags: UInt32 = 1 | UInt32(O_CLOEXEC) | (recursive ? 0x8000 : 0)
        return DetachedMount(
            Descriptor(
                owning: try systemCall("open_tree", [.init("source", source.string)]) {
                    unsafe source.withPlatformString { unsafe ck_open_tree(AT_FDCWD, $0, flags) }
                }))
    }

    /// mount_setattr(2): sets attributes on it, and on those below it where `recursive`.
    public func set(
        _ attributes: MountAttributes, recursive: Bool = false
    ) throws(SystemCallError) {
        if attributes.isEmpty { return }
        try systemCall("mount_setattr") {
            unsafe ck_mount_setattr(
                descriptor.number, "", 0x1000 | (recursive ? 0x8000 : 0), UInt64(attributes.rawValue), 0, 0)
        }
    }

    /// Shows the files of the map's inner users as those of its outer ones, and takes them back so:
    /// mount_setattr(2), MOUNT_ATTR_IDMAP.
    ///
    /// EINVAL where a filesystem cannot.
    public func map(_ users: IdentityMap, recursive: Bool = false) throws {
        let namespace = try users.userNamespace()
        do {
            try systemCall("mount_setattr", [.init("option", "users")]) {
                ck_mount_map_users(descriptor.number, recursive ? 0x8000 : 0, namespace.number)
            }
        } catch {
            let below = recursive ? ", or one mounted below it," : ""
            let reason =
                switch error.number {
                case EINVAL: "this filesystem\(below) cannot map users, or they are mapped already"
                case EPERM: "only the owner of the filesystem's user namespace may map users"
                default: error.detail
                }
            throw SystemCallError(error.call, error.number, error.subjects, detail: reason)
        }
    }

    /// Whether it shows a directory.
    public func isDirectory() throws(SystemCallError) -> Bool {
        try descriptor.status().st_mode & S_IFMT == S_IFDIR
    }

    /// move_mount(2) onto an open target: by descriptor, so that nobody can swap the path meanwhile.
    ///
    /// What is in it is covered as `covers` says.
    public consuming func attach(
        to target: RootPath, making kind: RootPath.Kind? = nil, covering covers: Covers = Covers()
    ) throws(SystemCallError) -> Mount {
        if covers.isEmpty { return try attach(to: target.openTarget(making: kind)) }
        // Stays open beside the mount itself.
        let root = try Descriptor.open(".", Descriptor.pathOnly | O_DIRECTORY, at: descriptor.number)
        let made = try attach(to: target.openTarget(making: kind))
        do { try Cover.lay(covers, in: root.number) } catch {
            try? made.unmount()
            throw error
        }
        return made
    }

    /// The same onto what is open already.
    consuming func attach(to target: borrowing MountTarget) throws(SystemCallError) -> Mount {
        // Asked for first: once the mount stands there, nothing may fail any more.
        var (identifier, isRoot): (UInt64, Int32) = (0, 0)
        try systemCall("statx", target.subjects) {
            unsafe ck_mount_identifier(descriptor.number, "", 0x1000, &identifier, &isRoot)
        }
        let made = Mount(identifier: identifier, unique: descriptor.uniqueMount(), path: target.path)
        if let note = unsafe Self.noteAttachment {
            // What a journal notes of it before it shows.
            note(
                .mount(
                    path: made.path.bytes, identifier: identifier, unique: made.unique,
                    namespace: try MountNamespace.own()))
        }
        try move(to: target.descriptor.number, target.subjects)
        made.noteMade()
        return made
    }

    nonisolated(unsafe) private static var noteAttachment: ((JournalThing) -> Void)?

    /// Tells `note` of each mount that `body` attaches, right before it does.
    public static func noting<Result>(
        _ note: @escaping (JournalThing) -> Void, _ body: () throws -> Result
    ) rethrows -> Result {
        unsafe noteAttachment = note
        defer { unsafe noteAttachment = nil }
        return try body()
    }

    /// move_mount(2) onto an open file or directory.
    func move(
        to place: Int32, _ subjects: @autoclosure () -> [SystemCallError.Subject]
    ) throws(SystemCallError) {
        // MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH.
        do {
            try systemCall("move_mount", subjects()) {
                unsafe ck_move_mount(descriptor.number, place, "", 0x4 | 0x40)
            }
        } catch let error where error.number == EINVAL {
            // mount(2) has a word of its own for that.
            var status = stat()
            guard unsafe fstat(place, &status) == 0, try isDirectory() != (status.st_mode & S_IFMT == S_IFDIR)
            else { throw error }
            throw SystemCallError(
                "move_mount", ENOTDIR, error.subjects,
                detail: "a directory shows at a directory only, a file at what is none")
        }
    }
}

extension Descriptor {
    /// Whether the file is what a mount shows at its place, rather than something in it.
    fileprivate func isRoot(ofMount wanted: UInt64) -> Bool {
        var (identifier, isRoot): (UInt64, Int32) = (0, 0)
        let result = unsafe ck_mount_identifier(number, "", 0x1000, &identifier, &isRoot)
        return result == 0 && identifier == wanted && isRoot != 0
    }

    /// That number of the mount which no other has; 0 where the kernel does not tell.
    fileprivate func uniqueMount() -> UInt64 {
        var unique: UInt64 = 0
        return unsafe ck_mount_unique_identifier(number, "", 0x1000, &unique) < 0 ? 0 : unique
    }
}
