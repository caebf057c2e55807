internal import Kernel
internal import LuaHost

/// `term`: terminals for programs in containers.
func terminalModule(_ holdings: Holdings) -> Module {
    Module(
        "term", "Terminals for programs in containers.",
        [
            Declaration("open", open(holdings)), Declaration("attach", attach(holdings)),
            Declaration("size", size()),
        ],
        kinds: [TerminalHandle.kind])
}

private func open(_ holdings: Holdings) -> Primitive {
    let rows = Parameter<Int64?>("rows", "How many lines it has.", shown: "as many as this process's, or 24")
    let columns = Parameter<Int64?>("columns", "How wide it is.", shown: "as wide as this process's, or 80")
    return Primitive(
        "term.open", "Makes a terminal for a program or a container.", options: [rows.any, columns.any],
        returns: "a terminal handle; the option `terminal` of ns.spawn, proc.spawn and proc.exec takes it",
        gives: ["tupper.terminal"], shell: "script", see: ["pty(7)", "ioctl_tty(2)"],
        example: """
            local terminal = term.open { rows = 24, columns = 80 }
            local shell = proc.spawn { "sh", "-c", "tty", terminal = terminal }
            print(terminal:read { timeout = "5s" })
            shell:wait()
            """
    ) { call in
        let own = Terminal.size ?? PseudoTerminal.Size(rows: 24, columns: 80)
        func length(_ parameter: Parameter<Int64?>, _ fallback: UInt16) throws -> UInt16 {
            guard let number = try call[parameter] else { return fallback }
            guard let length = UInt16(exactly: number), length > 0 else {
                throw ArgumentError("option '\(parameter.name)': a number from 1 to 65535 wanted")
            }
            return length
        }
        let size = PseudoTerminal.Size(
            rows: try length(rows, own.rows), columns: try length(columns, own.columns))
        return [.handle(TerminalHandle(try PseudoTerminal(size: size), holdings))]
    }
}

private func size() -> Primitive {
    Primitive(
        "term.size", "Tells how many characters fit on this process's terminal.",
        returns: "lines and columns, or nothing where there is no terminal", gives: ["integer?", "integer?"],
        shell: "stty size", see: ["ioctl_tty(2)"],
        example: """
            local rows, columns = term.size()
            print(rows and rows .. " lines of " .. columns or "no terminal")
            """
    ) { _ in
        Terminal.size.map { [.value(.integer(Int64($0.rows))), .value(.integer(Int64($0.columns)))] } ?? []
    }
}

/// The keys that detach: names of keys, or false for none.
private struct DetachKeys: ArgumentType, CustomStringConvertible {
    let keys: KeySequence
    let description: String
    static let usual = DetachKeys(
        keys: KeySequence("ctrl-p ctrl-q") ?? KeySequence(), description: "ctrl-p ctrl-q")

    static var typeName: String { "keys or false" }
    static var annotation: String { "string|false" }
    static func read(_ slot: Slot) throws -> DetachKeys {
        if slot.boolean() == false { return DetachKeys(keys: KeySequence(), description: "none") }
        guard let bytes = slot.bytes() else { throw slot.wanted("keys such as \"ctrl-p ctrl-q\", or false") }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let keys = KeySequence(text) else {
            throw slot.wanted("keys such as \"ctrl-p ctrl-q\" or \"ctrl-a d\"")
        }
        return DetachKeys(keys: keys, description: text)
    }
}

private func attach(_ holdings: Holdings) -> Primitive {
    let terminal = Parameter<TerminalHandle>("terminal", "A terminal as of term.open.")
    let process = Parameter<ProcessBox?>(
        "process", "The process whose end is the end.", shown: "until no program has the terminal open")
    let detach = Parameter<DetachKeys>(
        "detach", "The keys that leave it, or false for none.", default: .usual)
    return Primitive(
        "term.attach", "Connects this process's terminal to another one.",
        positional: [terminal.any, process.any],
        options: [detach.any],
        returns:
            "why it ended: \"ended\" (the process), \"detached\" (the keys) or \"closed\" (the terminal)",
        gives: ["string"], see: ["pty(7)", "termios(3)"],
        example: """
            local terminal = term.open()
            local shell = proc.spawn { "sh", "-c", "tty; stty size", terminal = terminal }
            term.attach(terminal, shell)
            print(shell:wait().code)
            """
    ) { call in
        let box = try call[process]
        var attachment = Attachment(
            try call[terminal].terminal, child: box?.child, keys: try call[detach].keys)
        // Where the script cannot be stopped otherwise, what is held is released: this, too.
        let holding = holdings.hold("this terminal's settings") { Attachment.settle() }
        defer { holding.keep() }
        return [.value(.text(try attachment.run().rawValue))]
    }
}

/// A terminal that was made.
final class TerminalHandle: HeldHandle {
    static let kindName = "terminal"
    let terminal: PseudoTerminal
    let holding: Holding
    let label = "of this process"

    init(_ terminal: PseudoTerminal, _ holdings: Holdings) {
        self.terminal = terminal
        holding = holdings.hold("terminal") { terminal.close() }
    }

    static var kind: Kind {
        Kind(
            kindName, "A terminal for programs; they are hung up when it is released.",
            [
                Declaration("read", read()), Declaration("write", write()), Declaration("resize", resize()),
            ]
                + holdingMethods(TerminalHandle.self, made: "local terminal = term.open()"))
    }

    private static func read() -> Primitive {
        let timeout = Parameter<Seconds?>(
            "timeout", "How long to wait; raises ETIMEDOUT then.", shown: "for ever")
        return Primitive(
            "terminal:read", "Waits for what the programs in it print.", options: [timeout.any],
            returns: "what there is, or nothing once no program has it open", gives: ["string?"],
            see: ["pty(7)"],
            fails: ["ETIMEDOUT": "nothing came in time"],
            example: """
                local terminal = term.open()
                local echo <close> = proc.spawn { "echo", "hello", terminal = terminal }
                print(terminal:read { timeout = "5s" })
                """
        ) { call in
            let terminal = try call.receiver(TerminalHandle.self).terminal
            let bytes = try terminal.receive(timeout: try call[timeout]?.milliseconds)
            return bytes.map { [.value(.bytes($0))] } ?? []
        }
    }

    private static func write() -> Primitive {
        let bytes = Parameter<ByteString>("text", "What to type.")
        let timeout = Parameter<Seconds?>(
            "timeout", "How long to wait; raises ETIMEDOUT then.", shown: "for ever")
        return Primitive(
            "terminal:write", "Types into it.", positional: [bytes.any], options: [timeout.any],
            see: ["pty(7)"],
            fails: ["ETIMEDOUT": "no program has read what was typed in time"],
            example: """
                local terminal = term.open()
                local cat <close> = proc.spawn { "cat", terminal = terminal }
                terminal:write "hello\\n"
                print(terminal:read { timeout = "5s" })
                """
        ) { call in
            try call.receiver(TerminalHandle.self).terminal.send(
                try call[bytes].bytes, timeout: try call[timeout]?.milliseconds)
            return []
        }
    }

    private static func resize() -> Primitive {
        let rows = Parameter<Int64>("rows", "How many lines it has.")
        let columns = Parameter<Int64>("columns", "How wide it is.")
        return Primitive(
            "terminal:resize", "Gives it another size, of which the programs in it are told.",
            positional: [rows.any, columns.any], shell: "stty rows {rows} columns {columns}",
            see: ["ioctl_tty(2)"],
            example: """
                local terminal = term.open()
                local stty <close> = proc.spawn { "sh", "-c", "read line; stty size", terminal = terminal }
                terminal:resize(50, 132)
                terminal:write "\\n"
                """
        ) { call in
            guard let rows = UInt16(exactly: try call[rows]),
                let columns = UInt16(exactly: try call[columns]),
                rows > 0, columns > 0
            else { throw ArgumentError("numbers from 1 to 65535 wanted") }
            try call.receiver(TerminalHandle.self).terminal.resize(.init(rows: rows, columns: columns))
            return []
        }
    }
}

extension TerminalHandle: ArgumentType {
    static var typeName: String { "terminal" }
    static var annotation: String { "tupper.terminal" }
    static func read(_ slot: Slot) throws -> TerminalHandle { try slot.handle() }
}

extension ProcessBox: ArgumentType {
    static var typeName: String { "process" }
    static var annotation: String { "tupper.process|{ process: tupper.process }" }
    static func read(_ slot: Slot) throws -> ProcessBox {
        if let process = slot.processHandle() as? ProcessBox { return process }
        return try slot.handle()
    }
}
