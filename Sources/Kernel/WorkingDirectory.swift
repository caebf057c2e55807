internal import CKernel
internal import Glibc

/// Where relative paths start.
public enum WorkingDirectory {
    /// getcwd(2).
    public static func current() throws(SystemCallError) -> Path {
        guard let text = unsafe getcwd(nil, 0) else { throw SystemCallError("getcwd", errno) }
        defer { unsafe free(text) }
        return unsafe Path(bytes: UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }

    /// chdir(2).
    public static func change(to path: Path) throws(SystemCallError) {
        try systemCall("chdir", [.init("path", path.string)]) {
            unsafe path.withPlatformString { unsafe chdir($0) }
        }
    }

    /// EXDEV where the working directory lies outside the root: a program in there could walk to what the root was to
    /// keep from it (CVE-2024-21626).
    public static func checkInside() throws(SystemCallError) {
        let start = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { path -> CChar? in
            // One that was removed has no path, and one that is longer starts with a slash.
            unsafe ck_working_directory(path.baseAddress, path.count) > 0 ? path[0] : nil
        }
        // The kernel says "(unreachable)" before the path.
        if start == CChar(UInt8(ascii: "(")) {
            throw SystemCallError(
                "getcwd", EXDEV, detail: "the working directory lies outside the root")
        }
    }
}

/// The permission bits that new files lack: umask(2).
public enum FileCreationMask {
    /// Sets a mask, where given, and returns the one before.
    public static func exchange(_ mask: UInt32?) -> UInt32 {
        let before = umask(mask ?? 0)
        if mask == nil { _ = umask(before) }
        return before
    }
}
