internal import Glibc

/// The processes in sight.
public enum Processes {
    /// This process's pid in its pid namespace.
    public static var current: Int32 { getpid() }
}
