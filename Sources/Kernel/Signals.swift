internal import CKernel
internal import Glibc

/// The signals that ask the program to stop.
public enum StopSignals {
    /// Forgets that one has arrived: waits wait again.
    public static func forget() { ck_forget_stop() }

    /// Whether the last one was typed as Ctrl-C.
    public static var wasTyped: Bool { ck_stop_was_typed() != 0 }

    /// Whether the last one was typed as Ctrl-C and has reached a child as well, being of the same process group.
    public static func hasReached(_ child: Child) -> Bool {
        ck_stop_was_typed() != 0 && getpgid(child.pid) == getpgrp()
    }

    nonisolated(unsafe) private static var arrived: @Sendable (Int32) -> Void = { _ in }

    /// Calls `action` when SIGINT, SIGTERM or SIGHUP arrives; it must be async-signal-safe.
    public static func handle(_ action: @escaping @Sendable (Int32) -> Void) {
        unsafe arrived = action
        ck_on_stop_signals { signal in unsafe StopSignals.arrived(signal) }
    }
}

/// The names of signal(7), without `SIG`.
public enum SignalNames {
    /// The number of a name, with or without `SIG`; nil for none.
    public static func number(_ name: String) -> Int32? {
        let short = name.hasPrefix("SIG") ? String(name.dropFirst(3)) : name
        return (1..<32).first { self.name($0) == short }
    }

    /// The name of a number; its digits where it has none.
    public static func name(_ number: Int32) -> String {
        guard let name = unsafe ck_signal_name(number) else { return "\(number)" }
        return unsafe String(cString: name)
    }
}
