internal import LuaHost
internal import Primitives

/// How a script's primitives are told of while it runs.
public enum TraceFormat: String, CaseIterable, Sendable {
    /// A line for people.
    case text
    /// A JSON object a line, for programs.
    case json

    /// The form of both, for the manual.
    static let markdown = """

        ## Traces

        `tupper script --trace FILE` prints a line on standard error for each primitive when it has run: where, which,
        how long it took, and after `#` the shell line that does the same. What a child runs begins with its pid in
        brackets. One that runs Lua in a child is told of when it `starts`, with the shell line, and again when it has
        run; the child's last line is `exit`. What is released otherwise than by a primitive for just that, as at the
        script's end, is told of as `released` where a shell line would do the same.

        `--trace=json` prints a JSON object a line instead, with these fields:

        | field | type | |
        | --- | --- | --- |
        | `time` | number | seconds since the trace began |
        | `pid` | integer | the process that called, as counted by the /proc in sight where it began |
        | `parent` | integer | the process that it is a copy of; for the first, the one that started it |
        | `where` | string or null | FILE:LINE of the call; null outside Lua |
        | `primitive` | string | its name, as in `fs.mount` |
        | `arguments` | object | what was given, by the parameters' names, and `self` for a method |
        | `shell` | string or null | the shell line that does the same |
        | `stage` | string | `started`: a copy of the process follows; `returned`; `failed`; `left`: it does not come back |
        | `seconds` | number or null | how long it took; null where it has not come back |
        | `error` | object or null | the fields of the error that it raised, but for the traceback |

        A child that comes to its function's end tells of an `os.exit` that has no `where`, and so does `release`, whose
        argument `thing` is what was held and is released at the script's end, by `<close>` or by `undo`. In arguments a handle is its
        text, a function the word `function`; of a string longer than 4096 bytes only those are told, then `...`; one that
        is not UTF-8 is `{"base64": "..."}`.

        """
}

/// Prints each primitive that ran as a JSON object on a line of standard error.
final class JSONTracer: Tracer {
    private unowned let state: State
    private let start: UInt64
    private var pid = ThisProcess.visiblePID
    private var parent = ThisProcess.parentPID

    init(_ state: State) {
        self.state = state
        start = state.clock()
    }

    var wantsArguments: Bool { true }

    func enteredCopy(isChild: Bool) {
        parent = pid
        pid = ThisProcess.visiblePID
    }

    func starts(_ trace: Trace) { print(trace) }
    func ran(_ trace: Trace) { print(trace) }
    func released(_ trace: Trace) { print(trace) }

    private func print(_ trace: Trace) {
        let error = trace.error.filter { $0.key != .text("traceback") }
        let fields: [(String, Value)] = [
            ("time", .number(seconds(state.clock() &- start))), ("pid", .integer(Int64(pid))),
            ("parent", .integer(Int64(parent))), ("where", text(trace.position)),
            ("primitive", .text(trace.primitive)), ("arguments", .table(trace.arguments.map(shortened))),
            ("shell", text(trace.shell)), ("stage", .text(trace.stage.rawValue)),
            ("seconds", trace.nanoseconds.map { .number(seconds($0)) } ?? .absent),
            ("error", error.isEmpty ? .absent : .table(error.map(shortened))),
        ]
        let members = fields.map { name, value in
            // No argument is an empty object, which as a table of Lua would read as an empty list.
            let shown = name == "arguments" && trace.arguments.isEmpty ? "{}" : value.json
            return "\"\(name)\":\(shown)"
        }
        state.complain("{\(members.joined(separator: ","))}")
    }

    private func text(_ text: String?) -> Value { text.map(Value.text) ?? .absent }
    private func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e9 }

    private func shortened(_ entry: Value.Entry) -> Value.Entry { .init(entry.key, entry.value.shortened) }
}

extension Value {
    /// With long strings cut, between two letters.
    fileprivate var shortened: Value {
        switch self {
        case .bytes(let bytes) where bytes.count > 4096:
            let isText = String(validating: bytes, as: UTF8.self) != nil
            let end = isText ? bytes[..<4097].lastIndex { $0 & 0xC0 != 0x80 } ?? 4096 : 4096
            return .bytes(bytes[..<min(end, 4096)] + Array("...".utf8))
        case .table(let entries): return .table(entries.map { .init($0.key, $0.value.shortened) })
        default: return self
        }
    }
}
