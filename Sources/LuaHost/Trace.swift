internal import CLua
internal import CLuaBridge

/// A primitive that ran: what `--trace` prints.
public struct Trace: Sendable, Equatable {
    /// Its name, as in `"fs.mount"`.
    public let primitive: String
    /// The shell line that does the same; nil where there is none.
    public let shell: String?
    /// `FILE:LINE` of the call; nil outside Lua.
    public let position: String?
    /// How long it took; nil for one that does not come back, as `proc.exec`.
    public let nanoseconds: UInt64?
    /// Whether it raised an error.
    public let failed: Bool
}

/// What is told of every primitive that ran.
public protocol Tracer: AnyObject {
    /// A primitive ran.
    func ran(_ trace: Trace)
}

/// A primitive under way while a tracer listens.
final class OpenTrace {
    private let tracer: any Tracer
    private let primitive: String
    private let shell: String?
    private let position: String?
    private let outer: OpenTrace?
    private unowned let state: State
    private let start: UInt64
    private var failed = true

    init(_ call: Call, _ tracer: any Tracer) {
        self.tracer = tracer
        primitive = call.primitive.name
        shell = call.shellLine()
        position = call.position
        state = call.state
        outer = state.openTrace
        start = state.clock()
    }

    func succeed() { failed = false }

    func end() {
        state.openTrace = outer
        tracer.ran(
            Trace(
                primitive: primitive, shell: shell, position: position, nanoseconds: state.clock() &- start,
                failed: failed))
    }

    func endlessly() {
        tracer.ran(
            Trace(primitive: primitive, shell: shell, position: position, nanoseconds: nil, failed: false))
    }
}

extension State {
    /// Tells the tracer of the primitive under way, which will not come back to be told of.
    public func traceBeforeLeaving() { openTrace?.endlessly() }
}

extension Call {
    func beginTrace() -> OpenTrace? {
        guard let tracer = state.tracer, !primitive.isMetamethod else { return nil }
        let trace = OpenTrace(self, tracer)
        state.openTrace = trace
        return trace
    }

    /// `FILE:LINE` of the Lua code that calls.
    var position: String? {
        var line: Int32 = 0
        guard let source = unsafe lb_where(lua, 1, &line), line > 0 else { return nil }
        return unsafe "\(String(cString: source)):\(line)"
    }

    /// The primitive's shell line with this call's arguments.
    func shellLine() -> String? {
        guard let shell = primitive.shell else { return nil }
        let parameters = primitive.positional + primitive.options + (primitive.list.map { [$0] } ?? [])
        return shell.filled { name in
            if primitive.isMethod, name == "self" {
                return (unsafe state.handle(at: 1, on: lua)).map { [shellQuoted($0.label)] }
            }
            guard let parameter = parameters.first(where: { $0.name == name }) else { return nil }
            return words(of: parameter)
        }
    }

    private func words(of parameter: AnyParameter) -> [String]? {
        withSlot(of: parameter) { slot in
            if slot.isAbsent { return parameter.shellDefault }
            if slot.boolean() == false { return nil }
            if let handle = slot.anyHandle() { return [shellQuoted(handle.label)] }
            guard let value = try? slot.plain() else { return [slot.kind] }
            return value.words
        }
    }
}

extension Value {
    /// The value as words of a shell line.
    fileprivate var words: [String] {
        switch self {
        case .absent: []
        case .boolean(let flag): [flag ? "true" : "false"]
        case .integer(let number): ["\(number)"]
        case .number(let number): ["\(number)"]
        case .bytes(let bytes): [shellQuoted(String(decoding: bytes, as: UTF8.self))]
        case .table(let entries):
            // What has both is a list with options beside it.
            (entries.contains(where: \.isElement) ? entries.filter(\.isElement) : entries).flatMap(\.words)
        }
    }
}

extension Value.Entry {
    fileprivate var isElement: Bool { if case .integer = key { true } else { false } }

    /// An element's words; a field as `NAME=VALUE`.
    fileprivate var words: [String] {
        guard case .bytes(let name) = key else { return value.words }
        guard case .bytes(let text) = value else {
            return value.words.map { shellQuoted(String(decoding: name, as: UTF8.self)) + "=" + $0 }
        }
        return [shellQuoted(String(decoding: name + [UInt8(ascii: "=")] + text, as: UTF8.self))]
    }
}
