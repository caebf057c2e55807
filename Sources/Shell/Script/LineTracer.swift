internal import LuaHost
internal import Primitives

/// Prints each primitive that ran, with the shell line that does the same, on standard error. Those of a child begin with
/// its pid.
final class LineTracer: Tracer {
    private unowned let state: State
    private var mark = ""

    init(_ state: State) { self.state = state }

    func enteredCopy(isChild: Bool) {
        if isChild { mark = "[\(ThisProcess.visiblePID)] " }
    }

    func starts(_ trace: Trace) { print(trace, "starts") }

    func ran(_ trace: Trace) {
        print(
            trace,
            (trace.nanoseconds.map(Milliseconds.text) ?? "no return") + (trace.failed ? "  failed" : ""))
    }

    func released(_ trace: Trace) {
        guard case .bytes(let thing)? = trace.arguments.first?.value else { return }
        let how = Milliseconds.text(trace.nanoseconds ?? 0) + (trace.failed ? "  failed" : "")
        state.complain(
            "\(mark)released  \(String(decoding: thing, as: UTF8.self))  \(how)"
                + (trace.shell.map { "  # \($0)" } ?? ""))
    }

    private func print(_ trace: Trace, _ how: String) {
        let shell = trace.hasStarted ? "" : trace.shell.map { "  # \($0)" } ?? ""
        state.complain("\(mark)\(trace.position ?? "?")  \(trace.primitive)  \(how)\(shell)")
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
