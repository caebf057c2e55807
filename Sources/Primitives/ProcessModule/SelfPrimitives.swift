internal import Kernel
internal import LuaHost

/// The primitives of `proc` that change what this process itself may do, and its programs and children with it.
func selfPrimitives() -> [Declaration] {
    [
        Declaration("become", become()), Declaration("limits", limits()), Declaration("nice", nice()),
        Declaration("oom_score", score()), Declaration("no_new_privileges", gainNothing()),
        Declaration("affinity", affinity()), Declaration("session_keyring", keyring()),
        Declaration("reset_scheduling", resetScheduling()),
    ]
}

private func become() -> Primitive {
    let options = PrivilegeOptions()
    return Primitive(
        "proc.become", "Gives up for good what a program would be started without.", options: options.all,
        shell:
            "setpriv [--reuid {user}] [--bounding-set {capabilities}] {no_new_privileges?--no-new-privs:} ...",
        see: ["credentials(7)", "capabilities(7)", "prctl(2)"],
        fails: ["EPERM": "it cannot give itself what it does not have"],
        example: #"proc.fork(function() proc.become { user = "65534:65534", capabilities = {} } end):wait()"#
    ) { call in
        try options.privileges(call).apply()
        return []
    }
}

private func limits() -> Primitive {
    let table = Parameter<LimitTable?>("limits", "The limits to set, by name.", shown: "unchanged")
    return Primitive(
        "proc.limits", "Tells or sets what this process and each of its children may use.",
        positional: [table.any],
        returns: "a table by name, each with soft and hard: a number or \"unlimited\"",
        gives: ["table<string, { soft: integer|string, hard: integer|string }>"], shell: "ulimit -a",
        see: ["getrlimit(2)"],
        fails: ["EPERM": "a hard limit is raised only with CAP_SYS_RESOURCE"],
        example: "proc.limits { core = 0 }\nprint(proc.limits().open_files.hard)"
    ) { call in
        if let limits = try call[table]?.limits { try ResourceLimit.apply(limits) }
        return [.value(try ResourceLimit.currentValues())]
    }
}

private func nice() -> Primitive {
    let niceness = Parameter<Int64?>("niceness", "From -20 for most favoured to 19.", shown: "unchanged")
    return Primitive(
        "proc.nice", "Tells or sets how nice this process is to others.", positional: [niceness.any],
        returns: "the niceness", gives: ["integer"], shell: "renice -n {niceness} $$",
        see: ["setpriority(2)", "sched(7)"], fails: ["EACCES": "a lower one needs CAP_SYS_NICE"],
        example: "print(proc.nice(10))"
    ) { call in
        if let niceness = try call.number(niceness, in: -20...19) { try Scheduling.setNiceness(niceness) }
        return [.value(.integer(Int64(try Scheduling.niceness())))]
    }
}

private func score() -> Primitive {
    let score = Parameter<Int64?>("score", "From -1000 for never to 1000 for first.", shown: "unchanged")
    return Primitive(
        "proc.oom_score", "Tells or sets how readily this process is killed when memory runs out.",
        positional: [score.any], returns: "the score", gives: ["integer"], shell: "choom [-n {score}] -p $$",
        see: ["proc_pid_oom_score_adj(5)"],
        fails: [
            "EACCES": "a score below the lowest so far needs CAP_SYS_RESOURCE",
            "ENOENT": "no /proc is in sight",
        ],
        example: "print(proc.oom_score(500))"
    ) { call in
        if let score = try call.number(score, in: -1000...1000) { try Scheduling.setOutOfMemoryScore(score) }
        return [.value(.integer(Int64(try Scheduling.outOfMemoryScore())))]
    }
}

private func gainNothing() -> Primitive {
    Primitive(
        "proc.no_new_privileges", "Keeps this process and its children from gaining more by programs.",
        shell: "setpriv --no-new-privs ...", see: ["prctl(2)", "setpriv(1)"],
        example: "proc.no_new_privileges()"
    ) { _ in
        try Privileges.gainNothing()
        return []
    }
}

/// Processors by number, or all.
private struct Processors: ArgumentType {
    let numbers: [Int]?
    static var typeName: String { "list of numbers, or \"all\"" }
    static var annotation: String { "integer[]|\"all\"" }
    static func read(_ slot: Slot) throws -> Processors {
        if slot.bytes().map({ $0.elementsEqual("all".utf8) }) == true { return Processors(numbers: nil) }
        return Processors(
            numbers: try slot.elements { slot in
                guard let number = slot.integer(), (0..<8192).contains(number) else {
                    throw slot.wanted("a processor's number")
                }
                return Int(number)
            })
    }
}

private func affinity() -> Primitive {
    let processors = Parameter<Processors?>(
        "processors", "Their numbers, or \"all\" that there are.", shown: "unchanged")
    return Primitive(
        "proc.affinity", "Tells or sets the processors that this process may run on.",
        positional: [processors.any],
        returns: "a list of their numbers", gives: ["integer[]"], shell: "taskset -p $$",
        see: ["sched_setaffinity(2)"], fails: ["EINVAL": "none of the processors is there"],
        example: #"print(#proc.affinity "all")"#
    ) { call in
        if let wanted = try call[processors] { try Scheduling.setProcessors(wanted.numbers) }
        return [.value(.list(try Scheduling.processors().map { .integer(Int64($0)) }))]
    }
}

private func keyring() -> Primitive {
    Primitive(
        "proc.session_keyring", "Leaves the session keyring, and the keys in it, for a new one.",
        shell: "keyctl session - ...", see: ["session-keyring(7)", "keyctl(2)"],
        fails: ["EDQUOT": "the user has too many keys"], example: "proc.session_keyring()"
    ) { _ in
        try SessionKeyring.renew()
        return []
    }
}

private func resetScheduling() -> Primitive {
    Primitive(
        "proc.reset_scheduling", "Goes back to the usual policy, I/O priority and personality.",
        shell: "chrt -o -p 0 $$ && ionice -c 0 -p $$",
        see: ["sched(7)", "ioprio_set(2)", "personality(2)"],
        fails: ["EPERM": "this process may not leave the policy that it has"],
        example: "proc.reset_scheduling()"
    ) { _ in
        try Scheduling.reset()
        return []
    }
}
