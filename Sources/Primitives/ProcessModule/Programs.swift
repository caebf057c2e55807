internal import Kernel
internal import LuaHost

/// The primitives of `proc` that run programs.
func programPrimitives(_ holdings: Holdings) -> [Declaration] {
    [
        Declaration("exec", exec(holdings)), Declaration("run", run()), Declaration("capture", capture()),
        Declaration("spawn", spawn(holdings)),
    ]
}

/// How a program is started: the options that every primitive here has.
struct ProgramOptions {
    fileprivate let words = Parameter<[Word]>(
        "program", "The program, then its arguments; options stand beside them, or in a second table.")
    private let env = Parameter<Environment?>(
        "env", "Variables to set, by name; false takes one away.", shown: "none")
    let clearEnvironment = Parameter<Bool>(
        "clear_env", "Starts from an empty environment rather than from this process's.", default: false)
    private let argv0 = Parameter<Word?>(
        "argv0", "What the program is told that it is called.", shown: "as in the list")
    let cwd = Parameter<Path?>("cwd", "The directory to start in.", shown: "this one")
    let privileges = PrivilegeOptions()
    let terminal = Parameter<TerminalHandle?>(
        "terminal", "Its controlling terminal and standard files, as of term.open.", shown: "this process's")

    /// How a shell starts a program so.
    static let line = """
        {clear_env?env -i:} [env -C {cwd}] [env {env}] [nice -n {nice}] \
        {no_new_privileges?setpriv --no-new-privs:} [chroot --userspec={user} --skip-chdir /] \
        [env --argv0={argv0}] {program}
        """

    var all: [AnyParameter] { [env.any, clearEnvironment.any, argv0.any, cwd.any] + privileges.all }

    let within = Parameter<ProcessTarget?>(
        "within",
        "A process of the container that it joins; its environment is empty but for PATH, and its rules of landlock are those given here.",
        shown: "it runs beside this process")

    /// Starts it in the container that `within` names.
    func join(_ process: ProcessTarget, _ call: Call, _ joining: Joining) throws -> Child {
        let container = try RunningContainer(of: process.pid)
        let (joining, program) = try prepared(joining, call, container)
        return try joining.start(in: container) { try inside(program, call) }
    }

    /// Runs it there to its end.
    func join(
        _ process: ProcessTarget, _ call: Call, input: [UInt8], limit: Int
    ) throws -> Program.Outcome {
        let container = try RunningContainer(of: process.pid)
        let (joining, program) = try prepared(Joining(), call, container)
        return try joining.run(in: container, input: input, limit: limit) { try inside(program, call) }
    }

    private func prepared(
        _ joining: Joining, _ call: Call, _ container: RunningContainer
    ) throws -> (Joining, Program) {
        var (joining, program) = (joining, try program(call, joining: container.bounding))
        if program.privileges.filters.isEmpty { try container.readFilters() }
        container.askedScore = program.privileges.outOfMemoryScore.take()
        joining.name = String(decoding: program.arguments.first ?? [], as: UTF8.self)
        let path = EnvironmentVariables.Variable(
            name: Array("PATH".utf8),
            value: Array("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".utf8))
        let given = try call[env]
        let variables = given?.variables ?? []
        let hasPath =
            variables.contains { $0.name == path.name } || given?.removed.contains(path.name) == true
        program.environment = ((hasPath ? [] : [path]) + variables).map(\.assignment)
        return (joining, program)
    }

    /// What can be told in the container only: who is who there.
    private func inside(_ program: Program, _ call: Call) throws -> Program {
        do {
            var program = program
            try privileges.identify(&program.privileges, call)
            return program
        } catch let error as ArgumentError {
            throw Joining.Failure(words: error.message)
        }
    }

    /// In a container that it joins, whose capabilities are the most, it is not told here who is who.
    func program(_ call: Call, joining most: Capabilities? = nil) throws -> Program {
        let arguments = try call[words]
        guard !arguments.isEmpty else { throw ArgumentError("a program's name wanted in the list") }
        var program = try Program(
            arguments.map(\.bytes), environment: environment(call), in: call[cwd],
            as: privileges.privileges(call, joining: most))
        program.shownName = try call[argv0]?.bytes
        return program
    }

    /// This process's own with the variables that are given, or those alone; nil for this process's own.
    private func environment(_ call: Call) throws -> [[UInt8]]? {
        let given = try call[env]
        let variables = given?.variables ?? []
        if try call[clearEnvironment] { return variables.map(\.assignment) }
        let names = Set(variables.map(\.name)).union(given?.removed ?? [])
        if names.isEmpty { return nil }
        let kept = EnvironmentVariables.all().filter { !names.contains($0.name) }
        return kept.map(\.assignment) + variables.map(\.assignment)
    }
}

/// A table of variables by name; false stands for one that is taken away.
private struct Environment: ArgumentType {
    let variables: [EnvironmentVariables.Variable]
    let removed: Set<[UInt8]>
    static var typeName: String { "table of strings" }
    static var annotation: String { "table<string, string|integer|false>" }
    static func read(_ slot: Slot) throws -> Environment {
        try slot.checkFields()
        guard case .table(let entries)? = try? slot.plain() else {
            throw slot.wanted("a table of strings by name")
        }
        var variables: [EnvironmentVariables.Variable] = []
        var removed: Set<[UInt8]> = []
        for entry in entries {
            guard case .bytes(let name) = entry.key, !name.isEmpty, !name.contains(0),
                !name.contains(UInt8(ascii: "="))
            else { throw slot.wanted("names without '=' and NUL") }
            switch entry.value {
            case .bytes(let value) where !value.contains(0): variables.append(.init(name: name, value: value))
            case .integer(let number): variables.append(.init(name: name, value: Array("\(number)".utf8)))
            case .boolean(false): removed.insert(name)
            default: throw slot.wanted("values that are strings without NUL, or false")
            }
        }
        variables.sort { $0.name.lexicographicallyPrecedes($1.name) }
        return Environment(variables: variables, removed: removed)
    }
}

private func exec(_ holdings: Holdings) -> Primitive {
    let options = ProgramOptions()
    return Primitive(
        "proc.exec", "Becomes a program; never returns.", options: options.all + [options.terminal.any],
        list: options.words.any,
        shell: ShellLine(stringLiteral: "exec \(ProgramOptions.line)"), see: ["execve(2)"],
        fails: [
            "ENOENT": "there is no such program", "EACCES": "the file is no program, or this user may not",
        ],
        example:
            #"proc.exec { "/bin/sh", "-c", "echo $GREETING", env = { GREETING = "hello" }, clear_env = true }"#
    ) { call in
        let program = try options.program(call)
        call.state.traceBeforeLeaving()
        holdings.journal.becomeProgram()
        try program.execute(terminal: try call[options.terminal]?.terminal)
    }
}

private func run() -> Primitive {
    let options = ProgramOptions()
    let check = Parameter<Bool>("check", "Raises an error for any ending but status 0.", default: true)
    return Primitive(
        "proc.run", "Runs a program to its end.", options: options.all + [options.within.any, check.any],
        list: options.words.any,
        returns: "a table: code, or signal by its name", gives: ["{ code: integer?, signal: string? }"],
        shell: ShellLine(stringLiteral: ProgramOptions.line), see: ["execve(2)", "waitid(2)"],
        fails: [
            "ENOENT": "there is no such program", "EACCES": "the file is no program, or this user may not",
        ],
        example: """
            proc.run { "ls", "-l", "tree" }
            print(proc.run { "false", check = false }.code)
            """
    ) { call in
        let ending: Child.Ending
        if let process = try call[options.within] {
            ending = try options.join(process, call, Joining()).waitOrEnd()
        } else {
            var program = try options.program(call)
            program.diesWithParent = true
            ending = try program.start().waitOrEnd()
        }
        if try call[check], ending != .code(0) { throw refusal("proc.run", try call[options.words], ending) }
        return [.value(ending.value)]
    }
}

private func capture() -> Primitive {
    let options = ProgramOptions()
    let input = Parameter<ByteString?>("input", "What it reads from standard input.", shown: "nothing")
    let check = Parameter<Bool>("check", "Raises an error for any ending but status 0.", default: true)
    let limit = Parameter<Size?>("limit", "The most that it may print.", shown: "256M")
    return Primitive(
        "proc.capture", "Runs a program and returns what it prints.",
        options: options.all + [options.within.any, input.any, check.any, limit.any],
        list: options.words.any, returns: "its standard output, then a table: code, or signal by its name",
        gives: ["string", "{ code: integer?, signal: string? }"],
        shell: ShellLine(stringLiteral: "[printf %s {input} |] \(ProgramOptions.line)"),
        see: ["execve(2)", "waitid(2)"],
        fails: [
            "ENOENT": "there is no such program", "EACCES": "the file is no program, or this user may not",
            "EFBIG": "it printed more than `limit`",
        ],
        example: """
            local text = proc.capture { "tr", "a-z", "A-Z", input = "hello" }
            assert(text == "HELLO")
            """
    ) { call in
        let given = try call[input]?.bytes ?? []
        let most = try call[limit].map { Int(clamping: $0.bytes) } ?? Program.mostOutput
        let outcome: Program.Outcome
        if let process = try call[options.within] {
            outcome = try options.join(process, call, input: given, limit: most)
        } else {
            var program = try options.program(call)
            program.diesWithParent = true
            outcome = try program.run(input: given, showingErrors: true, limit: most)
        }
        if try call[check], outcome.ending != .code(0) {
            throw refusal("proc.capture", try call[options.words], outcome.ending)
        }
        return [.value(.bytes(outcome.output)), .value(outcome.ending.value)]
    }
}

private func spawn(_ holdings: Holdings) -> Primitive {
    let options = ProgramOptions()
    let stdin = Parameter<Path?>("stdin", "A file to read from.", shown: "this process's")
    let stdout = Parameter<Path?>("stdout", "A file to write to, emptied first.", shown: "this process's")
    let stderr = Parameter<Path?>(
        "stderr", "A file to write errors to, emptied first.", shown: "this process's")
    let mortal = Parameter<Bool>("die_with_parent", "Kills it when this process ends.", default: true)
    return Primitive(
        "proc.spawn", "Starts a program beside this one.",
        options: options.all + [
            options.within.any, stdin.any, stdout.any, stderr.any, options.terminal.any, mortal.any,
        ],
        list: options.words.any, returns: "a process handle, as of ns.spawn",
        gives: ["tupper.process"],
        shell: ShellLine(stringLiteral: "\(ProgramOptions.line) [< {stdin}] [> {stdout}] [2> {stderr}] &"),
        see: ["execve(2)"],
        fails: [
            "ENOENT": "there is no such program", "EACCES": "the file is no program, or this user may not",
        ],
        example: """
            local child <close> = proc.spawn { "sleep", "60", stdout = "log.txt" }
            print(child.pid, child:running())
            """
    ) { call in
        let input = try call[stdin].map { try StandardFile(reading: $0) }
        let output = try call[stdout].map { try StandardFile(writing: $0) }
        // One file for both is opened once, or the two would write over one another.
        let isShared = try call[stderr] == call[stdout]
        let errors = isShared ? output : try call[stderr].map { try StandardFile(writing: $0) }
        let (terminal, isMortal) = (try call[options.terminal]?.terminal, try call[mortal])
        let child: Child
        if let process = try call[options.within] {
            var joining = Joining()
            joining.diesWithParent = isMortal
            joining.terminal = terminal
            (joining.stdin, joining.stdout, joining.stderr) = (input?.number, output?.number, errors?.number)
            child = try options.join(process, call, joining)
        } else {
            var program = try options.program(call)
            program.diesWithParent = isMortal
            child = try program.start(
                stdin: input?.number, stdout: output?.number, stderr: errors?.number, terminal: terminal)
        }
        return [.handle(ProcessBox(child, terminal: terminal, diesWithParent: isMortal, holdings))]
    }
}

private func refusal(_ primitive: String, _ words: [Word], _ ending: Child.Ending) -> Failure {
    let name = quoted(words.first?.bytes ?? [])
    let end =
        switch ending {
        case .code(let code): "ended with status \(code)"
        case .signal(let signal): "was ended by signal \(SignalNames.name(signal))"
        }
    var failure = Failure(primitive, "\(name) \(end)")
    failure.subject = String(decoding: words.first?.bytes ?? [], as: UTF8.self)
    failure.result = ending.value
    return failure
}
