internal import CKernel
internal import Glibc
public import SystemPackage

/// What inode(7) says of a file.
public struct FileStatus: Sendable, Equatable {
    /// `"file"`, `"directory"`, `"link"`, `"char"`, `"block"`, `"fifo"` or `"socket"`.
    public let type: String
    /// The permission bits.
    public let mode: UInt32
    public let user, group: UInt32
    public let size: Int64
    /// Bytes on disk.
    public let allocated: Int64
    /// Seconds since 1970.
    public let modified: Double
    public let inode, device, links: UInt64
    /// The major and minor number of a device file.
    public let major, minor: UInt32

    /// The status of what a path names; of a symbolic link itself unless `following`.
    public static func read(_ path: FilePath, following: Bool = false) throws(SystemCallError) -> FileStatus {
        var status = stat()
        try systemCall("stat", [.init("path", path.string)]) {
            unsafe path.withPlatformString {
                unsafe fstatat(AT_FDCWD, $0, &status, following ? 0 : AT_SYMLINK_NOFOLLOW)
            }
        }
        return FileStatus(status)
    }

    init(_ status: stat) {
        type =
            switch status.st_mode & S_IFMT {
            case S_IFDIR: "directory"
            case S_IFLNK: "link"
            case S_IFCHR: "char"
            case S_IFBLK: "block"
            case S_IFIFO: "fifo"
            case S_IFSOCK: "socket"
            default: "file"
            }
        mode = status.st_mode & 0o7777
        (user, group, size) = (status.st_uid, status.st_gid, Int64(status.st_size))
        allocated = Int64(status.st_blocks) &* 512
        modified = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
        (inode, device, links) = (UInt64(status.st_ino), UInt64(status.st_dev), UInt64(status.st_nlink))
        (major, minor) = (ck_major(UInt64(status.st_rdev)), ck_minor(UInt64(status.st_rdev)))
    }
}
