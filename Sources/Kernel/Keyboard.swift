internal import CKernel
internal import Glibc

/// The keyboard of this process's terminal, which is standard input.
public enum Keyboard {
    /// What a wait for a key ends with.
    public enum Event: Sendable, Equatable {
        case byte(UInt8)
        /// The window has another size, or this process was stopped and goes on.
        case windowChanged
        /// Nothing came in time.
        case nothing
        /// A signal asks the program to stop.
        case stopped
        /// There is no more to come.
        case end
    }

    /// From now on a changed window is noticed.
    public static func watchWindow() throws(SystemCallError) {
        try systemCall("sigaction") { ck_watch_window() }
    }

    /// Waits for a byte; `timeout` in milliseconds, nil for ever. One at a time: what is typed ahead belongs to the
    /// program that is started next.
    public static func next(timeout: Int32? = nil) -> Event {
        switch ck_wait_for_key(0, timeout ?? -1) {
        case 0: return .nothing
        case 2: return .windowChanged
        case 1: break
        default: return errno == EINTR ? .stopped : .end
        }
        var byte: UInt8 = 0
        while true {
            let count = unsafe read(0, &byte, 1)
            if count == 1 { return .byte(byte) }
            // A descriptor that somebody made non-blocking, or a signal that stops nothing.
            if count < 0, errno == EAGAIN || errno == EINTR { return next(timeout: timeout) }
            return .end
        }
    }

    /// What is there already, at most `limit` bytes.
    public static func readAhead(limit: Int) -> [UInt8] {
        guard ck_wait_for_key(0, 0) == 1 else { return [] }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(0, $0.baseAddress, $0.count) }
        return count > 0 ? Array(bytes[..<count]) : []
    }
}

/// The modes of the terminal at standard input: termios(3).
public struct TerminalModes {
    private let modes: termios

    /// As they are now; nil where there is no terminal.
    public static var current: TerminalModes? {
        var modes = termios()
        return unsafe tcgetattr(0, &modes) == 0 ? TerminalModes(modes: modes) : nil
    }

    /// Sets them, where they are others.
    public func restore() {
        guard let now = Self.current, !isSame(as: now) else { return }
        var modes = modes
        // From the background this would stop the process.
        let before = signal(SIGTTOU, SIG_IGN)
        _ = unsafe tcsetattr(0, TCSADRAIN, &modes)
        _ = signal(SIGTTOU, before)
    }

    /// Makes the key that interrupts one like others, and tells which it is; nil where none does.
    ///
    /// The terminal would send its signal to the whole foreground group: to the children of this process, too.
    public static func takeInterruptKey() -> UInt8? {
        guard var modes = current?.modes, modes.c_lflag & UInt32(ISIG) != 0 else { return nil }
        let key = unsafe withUnsafeMutableBytes(of: &modes.c_cc) { keys in
            defer { unsafe keys[Int(VINTR)] = Self.none }
            return unsafe keys[Int(VINTR)]
        }
        guard key != Self.none, unsafe tcsetattr(0, TCSADRAIN, &modes) == 0 else { return nil }
        return key
    }

    /// _POSIX_VDISABLE: no key.
    private static let none: UInt8 = 0

    private func isSame(as other: TerminalModes) -> Bool {
        var (one, two) = (modes, other.modes)
        return unsafe memcmp(&one, &two, MemoryLayout<termios>.size) == 0
    }
}
