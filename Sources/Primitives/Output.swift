internal import Glibc
internal import Kernel

/// Standard output, as those who print for people see it.
public enum Output {
    /// Writes what was printed so far.
    public static func flush() { StandardInput.flush() }

    /// Writes what was printed so far; a complaint where not all of it could be written, now or before.
    public static func finish() -> String? {
        do { try StandardInput.finishOutput() } catch {
            // What an earlier write met with is not known any more.
            let cause = error.number == EIO ? "not all could be written" : error.meaning
            return "tupper: standard output: \(cause)"
        }
        return nil
    }

    /// Whether a person sits at standard input and output.
    public static var isTerminal: Bool { Terminal.isInteractive }

    /// Whether escape sequences are welcome: on a terminal, unless NO_COLOR is set and not empty (no-color.org).
    public static var wantsColour: Bool {
        isatty(1) == 1
            && !EnvironmentVariables.all().contains { $0.name == Array("NO_COLOR".utf8) && !$0.value.isEmpty }
    }

    /// Makes sure that it and its two neighbours are open.
    public static func openStandardFiles() { Descriptor.openStandardFiles() }
}
