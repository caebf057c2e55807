internal import CKernel
internal import Glibc

/// What stat(2) tells of a file.
public struct FileStatus: Sendable {
    /// The type, as in inode(7).
    public enum Kind: String, Sendable {
        case file, directory, link, fifo, socket, block, char

        init(_ mode: mode_t) {
            switch mode & S_IFMT {
            case S_IFDIR: self = .directory
            case S_IFLNK: self = .link
            case S_IFIFO: self = .fifo
            case S_IFSOCK: self = .socket
            case S_IFBLK: self = .block
            case S_IFCHR: self = .char
            default: self = .file
            }
        }
    }

    public let kind: Kind
    /// The permission bits, at most 07777.
    public let mode: UInt32
    public let user, group: UInt32
    /// In bytes.
    public let size: Int64
    /// Allocated, in units of 512 bytes.
    public let blocks: Int64
    /// When the content changed last, in seconds since 1970.
    public let modified: Double
    /// The device it lies on, and the one it stands for.
    public let device, special: UInt64
    public let inode, links: UInt64
    /// What a symbolic link says.
    public let target: [UInt8]?

    /// The parts of a device number.
    public static func parts(of device: UInt64) -> (major: UInt32, minor: UInt32) {
        (ck_major(device), ck_minor(device))
    }

    /// stat(2), or lstat(2) unless `following`.
    public static func read(_ path: RootPath, following: Bool) throws(SystemCallError) -> FileStatus {
        if following {
            if path.root == nil { return try FileStatus(followed(path), target: nil) }
            return try FileStatus(path.openFile(Descriptor.pathOnly).status(), target: nil)
        }
        // A slash at the end of a link's path leads where the link does.
        if path.path.meansDirectory { return try read(path, following: true) }
        let place = try path.place()
        let status = try place.status()
        guard status.st_mode & S_IFMT == S_IFLNK else { return FileStatus(status, target: nil) }
        return FileStatus(
            status, target: try FileName(linkAt: place.name, in: place.directory, place.text).bytes)
    }

    private static func followed(_ path: RootPath) throws(SystemCallError) -> stat {
        var status = stat()
        try systemCall("stat", [.init("path", path.text)]) {
            unsafe path.path.withPlatformString { unsafe stat($0, &status) }
        }
        return status
    }

    private init(_ status: stat, target: [UInt8]?) {
        kind = Kind(status.st_mode)
        mode = status.st_mode & 0o7777
        (user, group) = (status.st_uid, status.st_gid)
        (size, blocks) = (Int64(status.st_size), Int64(status.st_blocks))
        modified = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
        (device, special) = (UInt64(status.st_dev), UInt64(status.st_rdev))
        (inode, links) = (UInt64(status.st_ino), UInt64(status.st_nlink))
        self.target = target
    }
}

extension FileName {
    /// What a symbolic link says: readlinkat(2).
    init(
        linkAt name: FileName, in directory: Int32, _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = try systemCall("readlinkat", [.init("path", text())]) {
            unsafe readlinkat(directory, name.characters, &buffer, buffer.count)
        }
        self.init(buffer[..<count].map { UInt8(bitPattern: $0) })
    }
}
