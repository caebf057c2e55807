internal import CKernel
internal import Glibc

/// The terminal of this process.
public enum Terminal {
    /// Whether standard input and output are one.
    public static var isInteractive: Bool { isatty(0) == 1 && isatty(1) == 1 }

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
