internal import CKernel
internal import Glibc

/// How openat2(2) may walk a path that is not trusted.
public struct PathResolution: OptionSet, Sendable {
    public let rawValue: UInt64

    /// The flags of `struct open_how`'s `resolve`.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// RESOLVE_NO_XDEV: crosses no mount.
    public static let noMounts = PathResolution(rawValue: 0x01)
    /// RESOLVE_NO_MAGICLINKS: no links of procfs.
    public static let noMagicLinks = PathResolution(rawValue: 0x02)
    /// RESOLVE_NO_SYMLINKS: no link at all.
    public static let noLinks = PathResolution(rawValue: 0x04)
    /// RESOLVE_IN_ROOT: the directory is `/`.
    public static let inRoot = PathResolution(rawValue: 0x10)
}

extension Descriptor {
    /// openat2(2) with O_CLOEXEC added: a number that the caller owns, or -1 and errno.
    ///
    /// For walks over many files, whose errors name a member rather than this path. `path` ends in NUL.
    public static func openResolved(
        _ path: UnsafePointer<CChar>, _ flags: Int32, in directory: Int32, _ resolution: PathResolution
    ) -> Int32 {
        unsafe ck_openat2(
            directory, path, UInt64(UInt32(bitPattern: flags | O_CLOEXEC)), 0, resolution.rawValue)
    }

    /// pipe2(2), as large as `size` where that is given and allowed: the end to read from and the end to write to.
    ///
    /// The caller owns both.
    public static func pipe(size: Int? = nil) throws(SystemCallError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        try systemCall("pipe2") {
            unsafe ends.withUnsafeMutableBufferPointer { unsafe ck_pipe($0.baseAddress) }
        }
        // F_SETPIPE_SZ: a refusal costs speed only.
        if let size { _ = ck_fcntl(ends[1], 1031, size) }
        return (ends[0], ends[1])
    }
}
