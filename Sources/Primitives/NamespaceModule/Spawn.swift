internal import Kernel
internal import LuaHost

/// The primitives of `ns` that run a function in a copy of this interpreter.
func spawningPrimitives(_ holdings: Holdings) -> [Declaration] {
    [Declaration("spawn", spawn(holdings)), Declaration("within", within(holdings))]
}

/// The options table of ns.spawn stands first, with the kinds of namespace as its list.
private struct SpawnOptions: ArgumentType {
    var namespaces: NamespaceSet = []
    var users: UserMap?
    var timeOffsets: TimeOffsets?
    var diesWithParent = true
    var propagation = Propagation.private
    var group: Cgroup?
    var terminal: TerminalHandle?
    var hasInit = false
    var hasSession = false
    var relay = RelayOption.off

    static var typeName: String { "list of namespaces with options" }
    static var annotation: String { "\(Namespace.reference)[]" }
    static var fields: [AnyParameter] {
        [
            Parameter<UserMap?>("users", "Who is who inside.", shown: "no user namespace").any,
            Parameter<TimeOffsets?>(
                "time_offsets", "How far the clocks of a new time namespace are from the machine's.",
                shown: "not at all"
            ).any,
            Parameter<Bool>("die_with_parent", "Kills it when this process ends.", default: true).any,
            Parameter<Propagation>(
                "propagation", "Whether mounts spread from and to a new mount namespace.", default: .private
            ).any,
            Parameter<Bool>(
                "init", "Runs the function beside a PID 1 that reaps and passes signals on.", default: false
            ).any,
            Parameter<Bool>(
                "session",
                "Starts a session of its own, out of reach of the caller's terminal and its process group.",
                default: false
            ).any,
            Parameter<RelayOption>(
                "relay",
                "Gives it no standard file that it could change: files, also those named, go through pipes.",
                default: .off
            ).any,
            Parameter<CgroupReference?>(
                "cgroup", "The control group that it is born in.", shown: "this process's"
            ).any,
            Parameter<TerminalHandle?>(
                "terminal", "Its controlling terminal, in a devpts of its own.", shown: "this process's"
            ).any,
        ]
    }

    static func read(_ slot: Slot) throws -> SpawnOptions {
        var options = SpawnOptions()
        options.namespaces = NamespaceSet(try slot.elements(Namespace.read))
        let known = [
            "users", "time_offsets", "die_with_parent", "propagation", "cgroup", "init", "session",
            "terminal", "relay",
        ]
        try slot.fields(known: known) { name, field in
            switch name {
            case "users": options.users = try UserMap.read(field)
            case "time_offsets": options.timeOffsets = try TimeOffsets.read(field)
            case "init": options.hasInit = try Bool.read(field)
            case "relay": options.relay = try RelayOption.read(field)
            case "session": options.hasSession = try Bool.read(field)
            case "terminal": options.terminal = try TerminalHandle.read(field)
            case "die_with_parent": options.diesWithParent = try Bool.read(field)
            case "cgroup": options.group = try CgroupReference.read(field).group
            default: options.propagation = try Propagation.read(field)
            }
        }
        guard !options.hasInit || options.namespaces.contains(.pid) else {
            throw ArgumentError("option 'init' needs a pid namespace: \"pid\" in the list")
        }
        return options
    }
}

/// Whether a child's standard files go through pipes, and which they are.
private enum RelayOption: ArgumentType {
    case off, own
    case given(stdin: Path?, stdout: Path?, stderr: Path?)

    static var typeName: String { "true or table of files" }
    static var annotation: String { "boolean|{ stdin: string?, stdout: string?, stderr: string? }" }

    static func read(_ slot: Slot) throws -> RelayOption {
        if let flag = slot.boolean() { return flag ? .own : .off }
        var (stdin, stdout, stderr): (Path?, Path?, Path?)
        try slot.fields(known: ["stdin", "stdout", "stderr"]) { name, field in
            switch name {
            case "stdin": stdin = try Path.read(field)
            case "stdout": stdout = try Path.read(field)
            default: stderr = try Path.read(field)
            }
        }
        return .given(stdin: stdin, stdout: stdout, stderr: stderr)
    }

    /// Opens what is named; nil where nothing is relayed.
    func files() throws -> [Int32: StandardFile]? {
        switch self {
        case .off: return nil
        case .own: return [:]
        case .given(let stdin, let stdout, let stderr):
            var files: [Int32: StandardFile] = [:]
            files[0] = try stdin.map { try StandardFile(reading: $0) }
            files[1] = try stdout.map { try StandardFile(writing: $0) }
            // One file for both is opened once, or the two would write over one another.
            files[2] = stderr == stdout ? files[1] : try stderr.map { try StandardFile(writing: $0) }
            return files
        }
    }
}

private func spawn(_ holdings: Holdings) -> Primitive {
    let namespaces = Parameter<SpawnOptions>(
        "namespaces", "The kinds of namespace to make anew, and how.")
    let function = Parameter<Function>(
        "fn", "What runs in the child; it is given a handle of the parent.")
    return Primitive(
        "ns.spawn", "Runs a function in a child process with namespaces of its own.",
        positional: [namespaces.any, function.any], returns: "a process handle",
        gives: ["tupper.process"], shell: "unshare {--namespaces} --fork",
        traced: { call in
            let options = try call[namespaces]
            return UnshareLine(
                namespaces: options.namespaces, users: options.users, timeOffsets: options.timeOffsets,
                propagation: options.propagation, hasInit: options.hasInit, hasSession: options.hasSession,
                hasTerminal: options.terminal != nil, group: options.group
            ).text
        },
        see: ["clone(2)", "namespaces(7)"],
        fails: [
            "EPERM": "a kind needs root, or `users` for a user namespace",
            "ENOSPC": "the limit of /proc/sys/user on namespaces is reached",
        ],
        example: """
            local box = ns.spawn({ "uts", "pid" }, function()
                sys.hostname "inside"
                print(proc.self(), sys.hostname())
            end)
            box:wait()
            """
    ) { call in
        let options = try call[namespaces]
        let spawning = Spawning(call, holdings: holdings)
        spawning.namespaces = options.namespaces
        spawning.users = try options.users?.identityMap()
        spawning.timeOffsets = options.timeOffsets
        spawning.diesWithParent = options.diesWithParent
        spawning.propagation = options.propagation
        spawning.hasInit = options.hasInit
        spawning.hasSession = options.hasSession
        spawning.relayed = try options.relay.files()
        spawning.group = try options.group.map { try CgroupPlacement($0) }
        spawning.terminal = options.terminal?.terminal
        return [.handle(try spawning.start(try call[function]))]
    }
}

private func within(_ holdings: Holdings) -> Primitive {
    let process = Parameter<ProcessTarget>("process", "A pid, or a handle of a process.")
    let kinds = Parameter<[Namespace]>("kinds", "The kinds of namespace to join.")
    let function = Parameter<Function>("fn", "What runs there.")
    return Primitive(
        "ns.within", "Runs a function inside namespaces of a process, in a child.",
        positional: [process.any, kinds.any, function.any],
        returns: "what the function returns, plain values",
        gives: ["any ..."],
        leaves:
            "What the function keeps. The rest is released when it returns, what it set there too, as a host name or net.forwarding.",
        shell: "nsenter -t {process} {--kinds}", see: ["setns(2)", "nsenter(1)"],
        fails: [
            "EPERM": "no CAP_SYS_ADMIN over the namespace in question", "ESRCH": "the process has ended",
        ],
        example: """
            local box <close> = ns.spawn({ "net" }, function(parent) parent:receive() end)
            print(#ns.within(box, { "net" }, function() return net.links() end))
            """
    ) { call in
        let (pid, wanted) = (try call[process].pid, NamespaceSet(try call[kinds]))
        let spawning = Spawning(call, holdings: holdings)
        spawning.keepsValues = true
        spawning.prepare = {
            try Namespace.enter(wanted, of: pid)
            // This process itself stays in its pid namespace; its copy is born inside.
            if wanted.contains(.pid) { try Succession(holdings: holdings, state: call.state).takeOver() }
        }
        let box = try spawning.start(try call[function])
        do { return try box.result(in: call.state) } catch {
            try box.holding.release()
            throw error
        }
    }
}
