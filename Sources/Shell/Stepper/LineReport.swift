internal import LuaHost
internal import Primitives

/// What a line did to the system, as people read it.
struct LineReport {
    let ink: Ink

    func trace(_ trace: Trace) -> String {
        let time = trace.nanoseconds.map { Milliseconds.text($0) } ?? "does not return"
        let end = trace.failed ? ink.bad("  failed") : ""
        let shell = trace.shell.map { ink.faint("  # " + printable($0)) } ?? ""
        return "  " + ink.cool(trace.primitive) + "  " + time + end + shell
    }

    func change(_ change: Change) -> String {
        switch change.sign {
        case .added: "    " + ink.good(change.line)
        case .removed: "    " + ink.bad(change.line)
        case .changed: "    " + ink.warm(change.line)
        case .unseen: "    " + ink.faint(change.line)
        }
    }

    /// The primitives, then what changed.
    func text(_ title: String, _ traces: [Trace], _ changes: [Change]) -> String {
        // A loop on one line may call very many.
        let shown = traces.count > 12 ? Array(traces.prefix(10)) : traces
        var lines = [ink.bold(title)] + shown.map(trace)
        if shown.count < traces.count { lines.append("  and \(traces.count - shown.count) more calls") }
        return (lines + changes.map(change)).joined(separator: "\n")
    }
}
