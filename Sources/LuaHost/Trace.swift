internal import CLua
internal import CLuaBridge

/// A primitive that ran: what `--trace` prints.
public struct Trace: Sendable, Equatable {
    /// How far it came.
    public enum Stage: String, Sendable {
        /// It starts a copy of this process, whose own traces come next.
        case started
        /// It returned, or raised an error.
        case returned, failed
        /// It does not come back, as `proc.exec`.
        case left
    }

    /// Its name, as in `"fs.mount"`.
    public let primitive: String
    /// The shell line that does the same; nil where there is none.
    public let shell: String?
    /// `FILE:LINE` of the call; nil outside Lua.
    public let position: String?
    /// How long it took; nil for one that has not come back.
    public let nanoseconds: UInt64?
    /// How far it came.
    public let stage: Stage
    /// Whether it was told of before, when it started a copy of this process.
    public let hasStarted: Bool
    /// Its arguments by name; empty unless the tracer wants them.
    public let arguments: [Value.Entry]
    /// The fields of the error that it raised.
    public let error: [Value.Entry]

    /// Whether it raised an error.
    public var failed: Bool { stage == .failed }
}

/// What is told of every primitive that ran.
public protocol Tracer: AnyObject {
    /// Whether it looks at the arguments.
    var wantsArguments: Bool { get }
    /// A primitive ran.
    func ran(_ trace: Trace)
    /// A primitive starts a copy of this process; it is told of again when it has run.
    func starts(_ trace: Trace)
    /// Something that was held is no more, in whatever way it was released but by a primitive for just that.
    func released(_ trace: Trace)
    /// This process is a copy now; `isChild` unless it goes on with the script in the original's place.
    func enteredCopy(isChild: Bool)
}

extension Tracer {
    /// It does not.
    public var wantsArguments: Bool { false }
    /// Nothing is done.
    public func starts(_ trace: Trace) {}
    /// Nothing is done.
    public func released(_ trace: Trace) {}
    /// Nothing is done.
    public func enteredCopy(isChild: Bool) {}
}

/// A primitive under way while a tracer listens.
final class OpenTrace {
    private let tracer: any Tracer
    private let primitive: String
    private let shell: String?
    private let position: String?
    private let arguments: [Value.Entry]
    private let outer: OpenTrace?
    private unowned let state: State
    private let start: UInt64
    private var hasStarted = false

    init(_ call: Call, _ tracer: any Tracer) {
        self.tracer = tracer
        primitive = call.primitive.name
        shell = call.shellLine()
        position = call.position
        arguments = tracer.wantsArguments ? call.arguments() : []
        state = call.state
        outer = state.openTrace
        start = state.clock()
    }

    /// It returned, or raised an error with these fields.
    func end(error: [Value.Entry]? = nil) {
        state.openTrace = outer
        tracer.ran(trace(error == nil ? .returned : .failed, state.clock() &- start, error: error ?? []))
    }

    func endlessly() { tracer.ran(trace(.left, nil)) }

    func starts() {
        tracer.starts(trace(.started, nil))
        hasStarted = true
    }

    private func trace(_ stage: Trace.Stage, _ nanoseconds: UInt64?, error: [Value.Entry] = []) -> Trace {
        Trace(
            primitive: primitive, shell: shell, position: position, nanoseconds: nanoseconds, stage: stage,
            hasStarted: hasStarted, arguments: arguments, error: error)
    }
}

extension State {
    /// Tells the tracer of the primitive under way, which will not come back to be told of.
    public func traceBeforeLeaving() { openTrace?.endlessly() }

    /// Tells the tracer of the primitive under way, which is about to copy this process.
    public func traceBeforeCopy() { openTrace?.starts() }

    /// Tells the tracer that this process is a copy now.
    public func traceInCopy(isChild: Bool) { tracer?.enteredCopy(isChild: isChild) }

    /// Tells the tracer of a thing that was released.
    public func traceRelease(of thing: String, shell: String?, nanoseconds: UInt64, hasFailed: Bool) {
        tracer?.released(
            Trace(
                primitive: "release", shell: shell, position: nil, nanoseconds: nanoseconds,
                stage: hasFailed ? .failed : .returned, hasStarted: false,
                arguments: [.init(.text("thing"), .text(thing))], error: []))
    }

    /// Tells the tracer that a child has run its function and leaves.
    public func traceEnd(status: Int32) {
        tracer?.ran(
            Trace(
                primitive: "os.exit", shell: "exit \(status)", position: nil, nanoseconds: nil, stage: .left,
                hasStarted: false, arguments: [.init(.text("code"), .integer(Int64(status)))], error: []))
    }
}

extension Call {
    func beginTrace() -> OpenTrace? {
        guard let tracer = state.tracer, !primitive.isMetamethod else { return nil }
        let trace = OpenTrace(self, tracer)
        state.openTrace = trace
        return trace
    }

    /// The arguments that were given, by name; a handle by its text, a function by its type.
    func arguments() -> [Value.Entry] {
        let receiver = primitive.isMethod ? (unsafe state.handle(at: 1, on: lua)) : nil
        let parameters = primitive.positional + (primitive.list.map { [$0] } ?? []) + primitive.options
        return (receiver.map { [.init(.text("self"), .text($0.shown))] } ?? [])
            + parameters.compactMap { parameter in
                withSlot(of: parameter) { slot in
                    slot.isAbsent
                        ? nil : .init(.text(parameter.name), slot.shown(isList: parameter === primitive.list))
                }
            }
    }

    /// `FILE:LINE` of the Lua code that calls.
    var position: String? {
        var line: Int32 = 0
        // A function of Lua's own may stand between, as in pcall(fs.mount, ...).
        for level in 1...8 {
            guard let source = unsafe lb_where(lua, Int32(level), &line) else { return nil }
            if line > 0 { return unsafe "\(String(cString: source)):\(line)" }
        }
        return nil
    }

    /// The primitive's shell line with this call's arguments.
    func shellLine() -> String? {
        if let traced = primitive.traced, let line = try? traced(self) { return line }
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
            if let handle = slot.anyHandle(orIn: "process") { return [shellQuoted(handle.label)] }
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

extension Handle {
    /// As `tostring` has it.
    fileprivate var shown: String { "\(type(of: self).kindName) \(label)" }
}

extension Slot {
    /// The value in a trace.
    fileprivate func shown(isList: Bool) -> Value {
        if let handle = anyHandle() { return .text(handle.shown) }
        guard let value = try? plain() else { return .text(kind) }
        guard isList, case .table(let entries) = value else { return value }
        return .table(entries.filter(\.isElement))
    }
}
