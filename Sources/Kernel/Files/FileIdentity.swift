internal import CKernel
internal import Glibc

/// Which file stands at a path: device and inode, which a later file may get again, and the time it was made.
public struct FileIdentity: Sendable, Equatable {
    private let device, inode: UInt64
    private let made: Int64

    /// Of what stands there, not of a link's target. ENOTSUP where the filesystem does not tell when it was made.
    public static func read(_ path: RootPath) throws(SystemCallError) -> FileIdentity {
        let place = try path.place()
        let status = try place.status()
        let made = try systemCall("statx", place.subject) {
            unsafe ck_birth_time(place.directory, place.name.characters)
        }
        guard made > 0 else { throw SystemCallError("statx", ENOTSUP, place.subject) }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), made: made)
    }
}
