internal import Kernel
internal import LuaHost

/// A child process that was made: a copy of this interpreter, or a program.
final class ProcessBox: HeldHandle, ProcessHandle {
    static let kindName = "process"
    let child: Child
    let holding: Holding
    let channel: Channel?
    private let report: Report?
    private let terminal: PseudoTerminal?

    init(
        _ child: Child, channel: Channel? = nil, report: Report? = nil, terminal: PseudoTerminal? = nil,
        diesWithParent: Bool, _ holdings: Holdings
    ) {
        self.child = child
        self.channel = channel
        self.report = report
        self.terminal = terminal
        holding = holdings.hold(
            "process \(child.pid)",
            shell: (try? child.isRunning()) == true ? "kill -s KILL \(child.pid)" : nil
        ) {
            try child.end()
        }
        guard diesWithParent else { return }
        holding.checkKeeping = {
            guard !child.hasEnded else { return }
            throw Failure(
                "process:keep", "it is killed when this process ends",
                hint: "start it with die_with_parent = false")
        }
    }

    var pid: Int32 { child.pid }
    var hasEnded: Bool { child.hasEnded }
    var label: String { "\(child.pid)" }
    var fate: String? { child.ending == nil ? nil : "ended" }

    func field(_ name: String) -> Value? { name == "pid" ? .integer(Int64(child.pid)) : nil }

    /// How it ended; raises its Lua error. ETIMEDOUT when `timeout` passes first.
    func wait(timeout: Int32?, draining other: PseudoTerminal? = nil, in state: State) throws -> Value {
        guard let ending = try child.wait(timeout: timeout, draining: other ?? terminal, channel) else {
            throw SystemCallError(
                "poll", 110, [.init("pid", "\(child.pid)")], detail: "the process still runs")
        }
        holding.keep()
        channel?.closeIfDone()
        try report?.close()
        if let fields = report?.error { throw childFailure(fields, in: state) }
        return ending.value
    }

    /// Raises the Lua error that is about to end it; nothing where it became a program.
    func raiseWhatEndedIt(in state: State) throws {
        if report?.isWritten == true { return _ = try wait(timeout: nil, in: state) }
        guard try !child.isProgram() else { return }
        do { _ = try wait(timeout: 1000, in: state) } catch let error as SystemCallError
            where error.code == "ETIMEDOUT"
        {}
    }

    /// What the function in it returned; raises its Lua error.
    func result(in state: State) throws -> [Argument] {
        _ = try wait(timeout: nil, in: state)
        guard case .table(let values)? = report?.values else {
            let how =
                switch child.ending {
                case .code(let status)?: ", with status \(status)"
                case .signal(let signal)?: ", by signal \(signal)"
                case nil: ""
                }
            throw Failure("ns.within", "the child ended before the function did\(how)")
        }
        return values.map { .value($0.value) }
    }

    private func childFailure(_ fields: [Value.Entry], in state: State) -> LuaFailure {
        var fields = fields
        let key = Value.text("traceback")
        if let index = fields.firstIndex(where: { $0.key == key }), case .bytes(let own) = fields[index].value
        {
            let here = "\nraised in the child process \(child.pid), waited for here:\n\(state.traceback())"
            fields[index] = .init(key, .bytes(own + Array(here.utf8)))
        }
        return state.failure(fields: fields)
    }

    static var kind: Kind {
        Kind(
            kindName, "A child process; killed when released.",
            fields: [("pid", "integer", "Its number as this process sees it.")],
            [
                Declaration("wait", wait()), Declaration("signal", signal()), Declaration("send", send()),
                Declaration("receive", receive()), Declaration("running", running()),
            ]
                + holdingMethods(
                    ProcessBox.self,
                    made: #"local process = proc.spawn { "sleep", "0.1", die_with_parent = false }"#))
    }

    private static func wait() -> Primitive {
        let timeout = Parameter<Seconds?>(
            "timeout", "How long to wait; raises ETIMEDOUT then.", shown: "for ever")
        let terminal = Parameter<TerminalHandle?>(
            "terminal", "What is printed on it meanwhile is kept, so that the process goes on.",
            shown: "its own, where it was given one")
        return Primitive(
            "process:wait", "Waits for its end, and raises the Lua error that ended it.",
            options: [timeout.any, terminal.any],
            returns: "a table: code, or signal by its name", gives: ["{ code: integer?, signal: string? }"],
            see: ["waitid(2)"], fails: ["ETIMEDOUT": "`timeout` has passed and it still runs"],
            example: """
                local child = proc.spawn { "sh", "-c", "exit 3" }
                print(child:wait { timeout = "5s" }.code)
                """
        ) { call in
            let box = try call.receiver(ProcessBox.self)
            let (patience, other) = (try call[timeout]?.milliseconds, try call[terminal]?.terminal)
            return [.value(try box.wait(timeout: patience, draining: other, in: call.state))]
        }
    }

    private static func signal() -> Primitive {
        let signal = Parameter<Signal>("signal", "The signal's name.")
        return Primitive(
            "process:signal", "Sends it a signal; one that has ended is left alone.",
            positional: [signal.any],
            shell: "kill -s {signal} {self}", see: ["kill(2)", "signal(7)"],
            example: """
                local child = proc.spawn { "sleep", "60" }
                child:signal "TERM"
                print(child:wait().signal)
                """
        ) { call in
            try call.receiver(ProcessBox.self).child.signal(try call[signal].number)
            return []
        }
    }

    private static func running() -> Primitive {
        Primitive(
            "process:running", "Tells whether it still runs.", returns: "true or false", gives: ["boolean"],
            example: """
                local child = proc.spawn { "true" }
                child:wait()
                assert(not child:running())
                """
        ) { call in
            [.value(.boolean(try call.receiver(ProcessBox.self).child.isRunning()))]
        }
    }

    private static func send() -> Primitive {
        sending("process") { call in try call.receiver(ProcessBox.self).channel }
    }

    private static func receive() -> Primitive {
        receiving("process") { call in
            try call.receiver(ProcessBox.self).channel
        } ended: { call in
            // It may have ended by a Lua error, which says more than that it is gone.
            try call.receiver(ProcessBox.self).raiseWhatEndedIt(in: call.state)
        }
    }
}

/// The other end: what the function in a child is given.
final class ParentHandle: Handle {
    static let kindName = "parent"
    let channel: Channel
    init(_ channel: Channel) { self.channel = channel }
    var label: String { "of this process" }

    static var kind: Kind {
        Kind(
            kindName, "The process that made this one.",
            [
                Declaration("send", sending("parent") { try $0.receiver(ParentHandle.self).channel }),
                Declaration("receive", receiving("parent") { try $0.receiver(ParentHandle.self).channel }),
            ])
    }
}

private func sending(_ kind: String, _ channel: @escaping (Call) throws -> Channel?) -> Primitive {
    let value = Parameter<PlainValue>("value", "A plain value: no function, no handle.")
    let example =
        kind == "parent"
        ? "local child = proc.fork(function(parent) parent:send { pid = proc.self() } end)\nprint(child:receive().pid)"
        : "local child = proc.fork(function(parent) print(parent:receive().text) end)\nchild:send { text = \"hello\" }"
    return Primitive(
        "\(kind):send", "Sends a plain value to the other side.", positional: [value.any], see: ["unix(7)"],
        fails: [
            "EPIPE": "the other side has ended", "EMSGSIZE": "the value is larger than a message may be",
        ],
        example: "\(example)\nchild:wait()"
    ) { call in
        guard let channel = try channel(call) else { throw ArgumentError("a program does not listen") }
        try channel.send(try call[value].value.encoded)
        return []
    }
}

private func receiving(
    _ kind: String, _ channel: @escaping (Call) throws -> Channel?,
    ended: @escaping (Call) throws -> Void = { _ in }
) -> Primitive {
    let timeout = Parameter<Seconds?>(
        "timeout", "How long to wait; raises ETIMEDOUT then.", shown: "for ever")
    let example =
        kind == "parent"
        ? "local child = proc.fork(function(parent) print(parent:receive { timeout = \"5s\" }) end)\nchild:send \"hi\""
        : "local child = proc.fork(function(parent) parent:send(6 * 7) end)\nprint(child:receive { timeout = \"5s\" })"
    return Primitive(
        "\(kind):receive", "Waits for a value from the other side.", options: [timeout.any],
        returns: "the value",
        gives: ["any"], see: ["unix(7)"],
        fails: ["ETIMEDOUT": "`timeout` has passed", "EPIPE": "the other side has ended"],
        example: "\(example)\nchild:wait()"
    ) { call in
        guard let channel = try channel(call) else { throw ArgumentError("a program does not send") }
        do {
            let message = try channel.receive(timeout: try call[timeout]?.milliseconds)
            return [.value(Value.decode(message) ?? .absent)]
        } catch let error as SystemCallError where error.code == "EPIPE" {
            try ended(call)
            throw error
        }
    }
}

extension Child.Ending {
    /// As Lua sees it.
    var value: Value {
        switch self {
        case .code(let code): .table([.init(.text("code"), .integer(Int64(code)))])
        case .signal(let signal): .table([.init(.text("signal"), .text(SignalNames.name(signal)))])
        }
    }

    /// As a shell's `$?` has it.
    var status: Int32 {
        switch self {
        case .code(let code): code
        case .signal(let signal): 128 + signal
        }
    }
}
