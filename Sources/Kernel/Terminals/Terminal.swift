internal import CKernel
internal import Glibc

/// The terminal of this process.
public enum Terminal {
    /// Whether standard input and output are one.
    public static var isInteractive: Bool { isatty(0) == 1 && isatty(1) == 1 }

    /// Whether this process's group is the one that reads from it: tcgetpgrp(3).
    public static var isInForeground: Bool { isatty(0) == 1 && tcgetpgrp(0) == getpgrp() }

    /// Makes this process the first of a group of its own, in the foreground: setpgid(2).
    ///
    /// The first process of a pid namespace needs that: the group of its maker has no number in there, by which a shell
    /// could give the terminal back to it.
    public static func leadForeground() {
        if setpgid(0, 0) == 0 { ck_terminal_take(0) }
    }

    /// Brings this process's group to the foreground again where the group that is there has ended.
    public static func takeBack() {
        let group = tcgetpgrp(0)
        guard group > 0, getpgrp() > 0, group != getpgrp(), kill(-group, 0) != 0, errno == ESRCH else {
            return
        }
        ck_terminal_take(0)
    }

    /// How many characters fit on it; nil where standard input, output and errors are none.
    public static var size: PseudoTerminal.Size? {
        for descriptor in Int32(0)...2 {
            var (rows, columns): (UInt16, UInt16) = (0, 0)
            guard unsafe ck_terminal_size(descriptor, &rows, &columns) == 0, rows > 0, columns > 0 else {
                continue
            }
            return PseudoTerminal.Size(rows: rows, columns: columns)
        }
        return nil
    }
}
