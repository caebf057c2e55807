internal import Kernel
internal import LuaHost

/// `proc`: processes, and programs to run.
func processModule(_ holdings: Holdings) -> Module {
    Module(
        "proc", "Processes, and programs to run.",
        programPrimitives(holdings) + selfPrimitives() + [
            Declaration("fork", fork(holdings)), Declaration("list", list()), Declaration("find", find()),
            Declaration("kill", kill()), Declaration("self", identifier()), Declaration("parent", parent()),
        ],
        kinds: [ProcessBox.kind, ParentHandle.kind])
}

private func fork(_ holdings: Holdings) -> Primitive {
    let function = Parameter<Function>(
        "fn", "What runs in the child; it is given a handle of the parent.")
    return Primitive(
        "proc.fork", "Runs a function in a child process.", positional: [function.any],
        returns: "a process handle, as of ns.spawn", gives: ["tupper.process"], shell: "bash",
        see: ["fork(2)"], fails: ["EAGAIN": "the limit on processes is reached"],
        example: """
            local child = proc.fork(function(parent) parent:send(6 * 7) end)
            print(child:receive())
            child:wait()
            """
    ) { call in
        [.handle(try Spawning(call, holdings: holdings).start(try call[function]))]
    }
}

private func list() -> Primitive {
    Primitive(
        "proc.list", "Lists the processes that the mounted /proc shows.",
        returns: "a list of tables: pid, parent, name, command, state, user",
        gives: [
            "{ pid: integer, parent: integer, name: string, command: string[], state: string, user: integer }[]"
        ], shell: "ps -ef",
        see: ["proc_pid_stat(5)"], fails: ["ENOENT": "no /proc is in sight"],
        example: "for _, process in ipairs(proc.list()) do print(process.pid, process.name) end"
    ) { _ in
        [.value(.list(try Processes.list().map(\.value)))]
    }
}

private func find() -> Primitive {
    let name = Parameter<String>("name", "The program's name, as in proc.list.")
    return Primitive(
        "proc.find", "Tells the pid of the newest process with a name.", positional: [name.any],
        returns: "the pid, or nil where there is none", gives: ["integer?"], shell: "pgrep -n -x {name}",
        see: ["proc_pid_stat(5)"], fails: ["ENOENT": "no /proc is in sight"],
        example: """
            local child <close> = proc.spawn { "sleep", "60" }
            print(proc.find "sleep")
            """
    ) { call in
        // The kernel keeps fifteen bytes of a name.
        let wanted = String(decoding: try call[name].utf8.prefix(15), as: UTF8.self)
        let found = try Processes.list().last { $0.name == wanted && $0.pid != Processes.current }
        return [.value(found.map { .integer(Int64($0.pid)) } ?? .absent)]
    }
}

private func kill() -> Primitive {
    let process = Parameter<ProcessTarget>("process", "A pid, or a handle of a process.")
    let signal = Parameter<Signal>("signal", "The signal's name.", default: Signal(number: 15))
    return Primitive(
        "proc.kill", "Sends a signal to a process.", positional: [process.any, signal.any],
        options: [GuardRails.others.any],
        shell: "kill -s {signal} {process}", see: ["kill(2)", "signal(7)"],
        fails: ["ESRCH": "there is no such process", "EPERM": "the process is another user's"],
        example: """
            local child = proc.spawn { "sleep", "60" }
            proc.kill(child, "TERM")
            print(child:wait().signal)
            """
    ) { call in
        try GuardRails.checkSignal(try call[process].pid, call)
        try Processes.signal(try call[process].pid, try call[signal].number)
        return []
    }
}

private func identifier() -> Primitive {
    Primitive(
        "proc.self", "Tells this process's pid in its pid namespace.", returns: "the pid", gives: ["integer"],
        shell: "echo $$",
        see: ["getpid(2)"], example: "print(proc.self())"
    ) { _ in [.value(.integer(Int64(Processes.current)))] }
}

private func parent() -> Primitive {
    Primitive(
        "proc.parent", "Tells the pid of the process that made this one.",
        returns: "the pid; 0 where it is out of sight", gives: ["integer"], shell: "echo $PPID",
        see: ["getppid(2)"],
        example: "print(proc.parent())"
    ) { _ in [.value(.integer(Int64(Processes.parent)))] }
}

extension Processes.Entry {
    /// As Lua sees it.
    var value: Value {
        .record([
            "pid": .integer(Int64(pid)), "parent": .integer(Int64(parent)), "name": .text(name),
            "command": .list(command.map(Value.bytes)), "state": .text(state), "user": .integer(Int64(user)),
        ])
    }
}
