internal import CKernel
internal import Glibc
public import SystemPackage

/// Files by their paths.
public enum Files {
    /// The content of a file, at most `limit` bytes (EFBIG beyond). Does not wait for a FIFO's writer.
    public static func read(_ path: FilePath, limit: Int64) throws(SystemCallError) -> [UInt8] {
        let subject = SystemCallError.Subject("path", path.string)
        let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
        let status = try file.status()
        if status.st_mode & S_IFMT == S_IFIFO {
            throw SystemCallError("read", ESPIPE, [subject], detail: "it is a FIFO")
        }
        if Int64(status.st_size) > limit { throw SystemCallError("read", EFBIG, [subject]) }
        do {
            return try file.readToEnd(limit: limit)
        } catch {
            throw SystemCallError(error.call, error.number, [subject])
        }
    }

    /// Writes a file, made or emptied first, or appended to.
    public static func write(
        _ path: FilePath, _ bytes: [UInt8], appending: Bool = false, mode: UInt32 = 0o666
    ) throws(SystemCallError) {
        let flags = O_WRONLY | O_CREAT | O_NONBLOCK | (appending ? O_APPEND : O_TRUNC)
        let file = try Descriptor.open(path, flags, mode: mode)
        do {
            try file.write(bytes)
        } catch {
            throw SystemCallError(error.call, error.number, [.init("path", path.string)])
        }
    }

    /// mkdir(2), with the directories above it where `parents`; then one that exists is no error.
    public static func makeDirectory(
        _ path: FilePath, mode: UInt32, parents: Bool
    ) throws(SystemCallError) {
        if parents {
            var above = path
            var missing: [FilePath] = []
            while above.removeLastComponent(), !above.isEmpty, (try? FileStatus.read(above)) == nil {
                missing.append(above)
            }
            for directory in missing.reversed() { try make(directory, mode) }
        }
        do {
            try make(path, mode)
        } catch let error where parents && error.number == EEXIST {
            guard try FileStatus.read(path, following: true).type == "directory" else { throw error }
        }
    }

    private static func make(_ path: FilePath, _ mode: UInt32) throws(SystemCallError) {
        try systemCall("mkdir", [.init("path", path.string)]) {
            unsafe path.withPlatformString { unsafe mkdir($0, mode) }
        }
    }

    /// rename(2).
    public static func move(_ source: FilePath, to target: FilePath) throws(SystemCallError) {
        try systemCall("rename", [.init("source", source.string), .init("target", target.string)]) {
            unsafe source.withPlatformString { from in
                unsafe target.withPlatformString { unsafe rename(from, $0) }
            }
        }
    }

    /// symlink(2).
    public static func link(_ path: FilePath, to target: FilePath) throws(SystemCallError) {
        try systemCall("symlink", [.init("path", path.string)]) {
            unsafe target.withPlatformString { text in
                unsafe path.withPlatformString { unsafe symlink(text, $0) }
            }
        }
    }

    /// chmod(2), through a symbolic link.
    public static func setMode(_ path: FilePath, _ mode: UInt32) throws(SystemCallError) {
        try systemCall("chmod", [.init("path", path.string)]) {
            unsafe path.withPlatformString { unsafe chmod($0, mode) }
        }
    }

    /// lchown(2): of a symbolic link itself. `UInt32.max` leaves one unchanged.
    public static func setOwner(_ path: FilePath, _ user: UInt32, _ group: UInt32) throws(SystemCallError) {
        try systemCall("lchown", [.init("path", path.string)]) {
            unsafe path.withPlatformString { unsafe lchown($0, user, group) }
        }
    }

    /// unlink(2), or rmdir(2) for an empty directory.
    public static func remove(_ path: FilePath) throws(SystemCallError) {
        let isDirectory = try FileStatus.read(path).type == "directory"
        try systemCall(isDirectory ? "rmdir" : "unlink", [.init("path", path.string)]) {
            unsafe path.withPlatformString { unsafe isDirectory ? rmdir($0) : unlink($0) }
        }
    }
}
