internal import Glibc
public import SystemPackage

/// Where relative paths start.
public enum WorkingDirectory {
    /// getcwd(2).
    public static func current() throws(SystemCallError) -> FilePath {
        guard let text = unsafe getcwd(nil, 0) else { throw SystemCallError("getcwd", errno) }
        defer { unsafe free(text) }
        return unsafe FilePath(platformString: text)
    }

    /// chdir(2).
    public static func change(to path: FilePath) throws(SystemCallError) {
        try systemCall("chdir", [.init("path", path.string)]) {
            unsafe path.withPlatformString { unsafe chdir($0) }
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
