internal import CKernel
internal import Glibc

/// A tree of its own within a btrfs: btrfs-subvolume(8), by ioctl.
public struct Subvolume: Sendable {
    /// Its number, and that of the one that holds it.
    public let identifier, parent: UInt64
    /// Its path below the directory asked about.
    public let path: Path
    /// Whether it refuses writing.
    public let isReadonly: Bool
    /// What tells it from others, and the one that it is a snapshot of.
    public let uuid: String
    public let source: String?

    /// Makes an empty one; ENOTTY where the directory is not on btrfs.
    public static func create(_ path: RootPath) throws(SystemCallError) {
        let place = try path.place(openingParent: true)
        let directory = try place.openParent()
        try systemCall("BTRFS_IOC_SUBVOL_CREATE", place.subject) {
            unsafe ck_btrfs_create(directory.number, place.name.characters)
        }
    }

    /// A copy that shares everything with the source until one of the two changes.
    ///
    /// ENOTTY where the destination is not on btrfs, EXDEV where the two lie on different filesystems, EINVAL
    /// where the source is no subvolume.
    public static func snapshot(
        _ source: RootPath, at destination: RootPath, readonly: Bool
    ) throws(SystemCallError) {
        let origin = try source.openFile(O_RDONLY | O_DIRECTORY | O_NONBLOCK)
        let place = try destination.place(openingParent: true)
        let directory = try place.openParent()
        try systemCall(
            "BTRFS_IOC_SNAP_CREATE_V2", [.init("source", source.text), .init("target", place.text)]
        ) {
            // BTRFS_SUBVOL_RDONLY.
            unsafe ck_btrfs_snapshot(
                directory.number, place.name.characters, origin.number, readonly ? 2 : 0)
        }
    }

    /// Whether a refused ``snapshot(_:at:readonly:)`` says that btrfs cannot serve it at all.
    public static func cannotServe(_ error: SystemCallError) -> Bool {
        // Opening a source that is no directory fails already.
        if error.call == "openat" { return error.number == ENOTDIR }
        return error.call == "BTRFS_IOC_SNAP_CREATE_V2" && [ENOTTY, EXDEV, EINVAL].contains(error.number)
    }

    /// Whether a path is one; what is missing is none.
    public static func isSubvolume(_ path: RootPath) throws(SystemCallError) -> Bool {
        do {
            return try isSubvolume(path.openFile(Descriptor.pathOnly))
        } catch let error where error.number == ENOENT || error.number == ENOTDIR {
            return false
        }
    }

    static func isSubvolume(_ file: borrowing Descriptor) throws(SystemCallError) -> Bool {
        let status = try file.status()
        // The root directory of every subvolume has the inode BTRFS_FIRST_FREE_OBJECTID.
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_ino == 256 else { return false }
        return ck_filesystem_type_of(file.number) == BTRFS_SUPER_MAGIC
    }

    /// Those below a directory, at any depth, sorted by path; ENOTTY where it is not on btrfs.
    public static func list(_ directory: RootPath) throws(SystemCallError) -> [Subvolume] {
        let top = try directory.openFile(O_RDONLY | O_DIRECTORY | O_NONBLOCK)
        var found: [Subvolume] = []
        var unvisited = [Path()]
        while let above = unvisited.popLast() {
            let inner = try open(above, below: top)
            for child in try children(of: inner, directory.text) {
                let path = above.appending(child)
                unvisited.append(path)
                found.append(try describe(path, below: top))
            }
        }
        return found.sorted { $0.path.bytes.lexicographicallyPrecedes($1.path.bytes) }
    }

    private static func describe(
        _ path: Path, below top: borrowing Descriptor
    ) throws(SystemCallError) -> Subvolume {
        let opened = try open(path, below: top)
        var facts = ck_subvolume()
        try systemCall("BTRFS_IOC_GET_SUBVOL_INFO", [.init("path", path.string)]) {
            unsafe ck_btrfs_describe(opened.number, &facts)
        }
        return Subvolume(
            identifier: facts.identifier, parent: facts.parent, path: path, isReadonly: facts.readonly != 0,
            uuid: text(facts.uuid) ?? "", source: text(facts.source_uuid))
    }

    /// As in `"b9a1e1a5-..."`; nil where all is zero.
    private static func text<Bytes>(_ uuid: Bytes) -> String? {
        let bytes = unsafe withUnsafeBytes(of: uuid) { unsafe Array($0) }
        if bytes.allSatisfy({ $0 == 0 }) { return nil }
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }
}

extension Subvolume {
    /// The paths of the subvolumes right below the one of `directory`, as far as they lie below it.
    static func children(
        of directory: borrowing Descriptor, _ text: String
    ) throws(SystemCallError) -> [Path] {
        var paths: [Path] = []
        var from: UInt64 = 0
        while true {
            let batch = try identifiers(of: directory, from, text)
            for (identifier, inode) in batch {
                do {
                    paths.append(try path(of: identifier, in: inode, below: directory, text))
                } catch let error where error.number == EACCES || error.number == ENOENT {}
            }
            guard batch.count == batchSize, let last = batch.last, last.identifier < .max else {
                return paths
            }
            from = last.identifier + 1
        }
    }

    /// The path of one subvolume right below that of `directory`; nil where there is none.
    static func firstChild(
        of directory: borrowing Descriptor, _ text: String
    ) throws(SystemCallError) -> Path? {
        guard let first = try identifiers(of: directory, 0, text).first else { return nil }
        return try path(of: first.identifier, in: first.inode, below: directory, text)
    }

    private static var batchSize: Int { 255 }

    private static func identifiers(
        of directory: borrowing Descriptor, _ from: UInt64, _ text: String
    ) throws(SystemCallError) -> [(identifier: UInt64, inode: UInt64)] {
        var identifiers = [UInt64](repeating: 0, count: batchSize)
        var inodes = identifiers
        let number = directory.number
        let count = try systemCall("BTRFS_IOC_GET_SUBVOL_ROOTREF", [.init("path", text)]) {
            unsafe ck_btrfs_children(number, from, &identifiers, &inodes, Int32(batchSize))
        }
        return (0..<Int(count)).map { (identifiers[$0], inodes[$0]) }
    }

    private static func path(
        of identifier: UInt64, in inode: UInt64, below directory: borrowing Descriptor, _ text: String
    ) throws(SystemCallError) -> Path {
        var path = [UInt8](repeating: 0, count: 4096)
        let number = directory.number
        try systemCall("BTRFS_IOC_INO_LOOKUP_USER", [.init("path", text)]) {
            unsafe path.withUnsafeMutableBytes {
                unsafe ck_btrfs_child_path(
                    number, identifier, inode, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
            }
        }
        return Path(bytes: Array(path.prefix { $0 != 0 }))
    }

    /// Opens a directory below an open one, through no link and into no other mount.
    static func open(
        _ path: Path, below directory: borrowing Descriptor, _ flags: Int32 = 0
    ) throws(SystemCallError) -> Descriptor {
        // RESOLVE_NO_XDEV, _NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH.
        let (number, name) = (directory.number, path.isEmpty ? Path(".") : path)
        return Descriptor(
            owning: try systemCall("openat2", [.init("path", path.string)]) {
                unsafe name.withPlatformString {
                    unsafe ck_openat2(number, $0, UInt64(flags | O_DIRECTORY | O_CLOEXEC), 0, 0x0f)
                }
            })
    }
}
