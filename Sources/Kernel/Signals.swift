internal import CKernel
internal import Glibc

/// The signals that ask the program to stop.
public enum StopSignals {
    nonisolated(unsafe) private static var arrived: @Sendable (Int32) -> Void = { _ in }

    /// Calls `action` when SIGINT, SIGTERM or SIGHUP arrives; it must be async-signal-safe.
    public static func handle(_ action: @escaping @Sendable (Int32) -> Void) {
        unsafe arrived = action
        ck_on_stop_signals { signal in unsafe StopSignals.arrived(signal) }
    }
}
