internal import Kernel
internal import LuaHost

/// What takes the place of functions of Lua's own `os`.
func osPrimitives(_ holdings: Holdings) -> [Primitive] { [exit(holdings), execute()] }

/// Lua's own `os.exit` would leave behind what the script made.
private func exit(_ holdings: Holdings) -> Primitive {
    let code = Parameter<ExitCode>("code", "true, false or a number.", default: ExitCode(status: 0))
    let close = Parameter<Bool>("close", "Has no effect; Lua's own closes the state.", default: false)
    return Primitive(
        "os.exit", "Releases what was made and ends this process.", positional: [code.any, close.any],
        shell: "exit {code}",
        see: ["exit(3)"], example: "os.exit(0)"
    ) { call in
        let status = try call[code].status
        call.state.traceBeforeLeaving()
        holdings.leave(status, call.state)
    }
}

/// Lua's own `os.execute` is system(3), which ignores Ctrl-C while it waits: a script that calls it again and again
/// could not be stopped.
private func execute() -> Primitive {
    let command = Parameter<Word?>("command", "What the shell runs.", shown: "only asks for a shell")
    return Primitive(
        "os.execute", "Runs a command by the shell, to its end.", positional: [command.any],
        returns: "true, or nil for any ending but status 0; \"exit\" or \"signal\"; the number of that",
        gives: ["boolean?", "string?", "integer?"], shell: "[sh -c {command}]",
        see: ["system(3)", "proc.run"], example: "assert(os.execute \"ls / | wc -l\")"
    ) { call in
        let shell = Array("/bin/sh".utf8)
        guard let words = try call[command]?.bytes else {
            return [.value(.boolean(try Files.exists(RootPath(Path(bytes: shell)))))]
        }
        var program = Program([shell, Array("-c".utf8), words], environment: nil)
        program.diesWithParent = true
        var ending = Child.Ending.code(127)
        // As system(3) has it where there is no shell.
        do { ending = try program.start().waitOrEnd() } catch let error as SystemCallError
            where error.call == "execve"
        {}
        let (kind, number) =
            switch ending {
            case .code(let code): ("exit", code)
            case .signal(let signal): ("signal", signal)
            }
        return [
            .value(ending == .code(0) ? .boolean(true) : .absent), .value(.bytes(Array(kind.utf8))),
            .value(.integer(Int64(number))),
        ]
    }
}

/// What `os.exit` takes.
private struct ExitCode: ArgumentType, CustomStringConvertible {
    let status: Int32
    var description: String { "\(status)" }
    static var typeName: String { "boolean or integer" }
    static var annotation: String { "boolean|integer" }
    static func read(_ slot: Slot) throws -> ExitCode {
        if let flag = slot.boolean() { return ExitCode(status: flag ? 0 : 1) }
        guard let number = slot.integer() else { throw slot.wanted("true, false or a whole number") }
        return ExitCode(status: Int32(truncatingIfNeeded: number & 255))
    }
}
