internal import CKernel
internal import Glibc

/// A directory that only this user can write to, for files that are trusted later.
public final class PrivateDirectory {
    private let directory: Descriptor
    private let path: Path

    /// The open directory's number.
    var number: Int32 { directory.number }

    /// Opens it. EPERM where somebody else owns it or may write to it, ELOOP for a link.
    ///
    /// With `making` it is made where its parent is this user's own.
    public init(_ path: Path, making: Bool = false) throws(SystemCallError) {
        let flags = O_DIRECTORY | O_NOFOLLOW
        self.path = path
        do {
            directory = try Descriptor.open(path, flags)
        } catch let error where error.number == ENOENT && making {
            try Self.make(path)
            directory = try Descriptor.open(path, flags)
        }
        try Self.check(try directory.status(), path)
    }

    private static func make(_ path: Path) throws(SystemCallError) {
        let above = path.lastStep?.directory ?? "/"
        let parent = try Descriptor.open(above, O_DIRECTORY)
        try check(try parent.status(), above)
        try systemCall("mkdir", [.init("path", path.string)]) {
            unsafe path.withPlatformString { unsafe mkdir($0, 0o700) }
        }
    }

    private static func check(_ status: stat, _ path: Path) throws(SystemCallError) {
        guard status.st_uid == Credentials.user, status.st_mode & 0o022 == 0 else {
            throw SystemCallError(
                "open", EPERM, [.init("path", path.string)],
                detail: "somebody else owns it, or may write to it")
        }
    }

    /// The content of a regular file in it. EPERM where somebody else owns the file or may write to it.
    public func read(_ name: String, limit: Int) throws(SystemCallError) -> [UInt8] {
        let place = path.appending(name)
        let file = try Descriptor.open(
            Path(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, at: directory.number)
        let status = try file.status()
        try Self.check(status, place)
        guard status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1, status.st_size <= limit else {
            throw SystemCallError("read", EINVAL, [.init("path", place.string)])
        }
        return try file.readToEnd(limit: Int64(limit))
    }

    /// Puts a file there in one step: whoever reads sees all of it or none.
    public func write(_ name: String, _ bytes: [UInt8]) throws(SystemCallError) {
        let draft = ".\(name).\(getpid())"
        let file = try Descriptor.open(
            Path(draft), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600, at: directory.number)
        do {
            try file.write(bytes)
            try systemCall("rename", [.init("path", path.appending(name).string)]) {
                unsafe ck_rename(directory.number, draft, directory.number, name, 1)
            }
        } catch {
            unsafe unlinkat(directory.number, draft, 0)
            throw error
        }
    }
}
