internal import CKernel
internal import Glibc

/// Standard input, byte by byte: what follows stays for whoever reads next.
public enum StandardInput {
    /// What reading a byte came to.
    public enum Next: Sendable, Equatable {
        case byte(UInt8)
        case end
        /// A signal asks to stop.
        case stopped
    }

    /// The next byte.
    public static func next() -> Next {
        do throws(SystemCallError) {
            try systemCall("poll", retry: false) { ck_poll(0, Int16(POLLIN), -1) }
            var byte: UInt8 = 0
            let count = try systemCall("read", retry: false) { unsafe read(0, &byte, 1) }
            return count == 1 ? .byte(byte) : .end
        } catch {
            return error.number == EINTR ? .stopped : .end
        }
    }

    /// All that is left.
    public static func readToEnd() throws(SystemCallError) -> [UInt8] { try Descriptor.readToEnd(0) }

    /// Writes what was printed so far: fflush(3).
    public static func flush() { ck_flush() }

    /// Writes what was printed so far; fails also where an earlier write did. That nobody reads any more is no failure.
    public static func finishOutput() throws(SystemCallError) {
        let number = ck_finish_output()
        if number != 0 { throw SystemCallError("write", number, [.init("path", "standard output")]) }
    }
}
