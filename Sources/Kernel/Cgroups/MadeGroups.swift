internal import Glibc

/// The control groups that this run has made, those of the processes that it came from among them: others come and go
/// on every machine.
public enum MadeGroups {
    nonisolated(unsafe) private static var directories: Set<String> = []

    /// Notes one by its directory, in whatever way it was made.
    static func note(_ directory: String) { unsafe _ = directories.insert(directory) }

    /// The same of a directory that a script made by itself.
    public static func noteWhereOne(_ directory: Path) {
        if directory.string.hasPrefix("/sys/fs/cgroup/") { note(directory.string) }
    }

    /// It is gone.
    static func forget(_ directory: String) { unsafe _ = directories.remove(directory) }

    /// The directories of those that are there.
    public static var present: [String] {
        unsafe directories.sorted().filter { directory in
            unsafe directory.withCString { unsafe access($0, F_OK) == 0 }
        }
    }
}
