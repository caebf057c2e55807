internal import Glibc

/// The terminal of this process.
public enum Terminal {
    /// Whether standard input and output are one.
    public static var isInteractive: Bool { isatty(0) == 1 && isatty(1) == 1 }
}
