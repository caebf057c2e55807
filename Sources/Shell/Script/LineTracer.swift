internal import LuaHost

/// Prints each primitive that ran, with the shell line that does the same, on standard error.
final class LineTracer: Tracer {
    private unowned let state: State

    init(_ state: State) { self.state = state }

    func ran(_ trace: Trace) {
        let time = trace.nanoseconds.map { Milliseconds.text($0) } ?? "no return"
        let shell = trace.shell.map { "  # \($0)" } ?? ""
        let end = trace.failed ? "  failed" : ""
        state.complain("\(trace.position ?? "?")  \(trace.primitive)  \(time)\(end)\(shell)")
    }
}

/// Times for people.
enum Milliseconds {
    /// Milliseconds with three decimals, as text without the help of a locale.
    static func text(_ nanoseconds: UInt64) -> String {
        let fraction = "\(nanoseconds / 1000 % 1000)"
        return "\(nanoseconds / 1_000_000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction) ms"
    }
}
