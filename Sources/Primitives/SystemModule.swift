internal import Kernel
internal import LuaHost

/// `sys`: the machine's names, and this process.
func systemModule(_ holdings: Holdings) -> Module {
    Module(
        "sys", "The machine's names, and this process's own state.",
        [
            Declaration("hostname", hostname(holdings)), Declaration("domainname", domainname(holdings)),
            Declaration("uname", uname()), Declaration("uid", user()), Declaration("gid", group()),
            Declaration("env", environment()), Declaration("chdir", chdir()), Declaration("cwd", cwd()),
            Declaration("umask", umask()), Declaration("sleep", sleep()), Declaration("time", time()),
            Declaration("interactive", interactive()), Declaration("sysctl", sysctl()),
            Declaration("account", account()),
        ] + keptPrimitives(holdings))
}

private var keepName: Parameter<Bool> {
    Parameter(
        "keep", "Leaves it when the script ends, also where the script did not make the namespace.",
        default: false)
}

private func hostname(_ holdings: Holdings) -> Primitive {
    let name = Parameter<String?>("name", "The new name, at most 64 bytes.", shown: "unchanged")
    let keep = keepName
    return Primitive(
        "sys.hostname", "Tells or sets the hostname of this UTS namespace.", positional: [name.any],
        options: [keep.any], returns: "the hostname", gives: ["string"], shell: "hostname [{name}]",
        see: ["sethostname(2)", "uts_namespaces(7)"],
        fails: ["EPERM": "no CAP_SYS_ADMIN over this UTS namespace", "EINVAL": "the name is too long"],
        example: """
            sys.hostname "tupperware"
            print(sys.hostname())
            """
    ) { call in
        if let name = try call[name] { try holdings.set(.hostname, to: name, keep: try call[keep]) }
        return [.value(.text(try HostName.current().node))]
    }
}

private func domainname(_ holdings: Holdings) -> Primitive {
    let name = Parameter<String?>("name", "The new name, at most 64 bytes.", shown: "unchanged")
    let keep = keepName
    return Primitive(
        "sys.domainname", "Tells or sets the NIS domain name of this UTS namespace.", positional: [name.any],
        options: [keep.any], returns: "the domain name", gives: ["string"], shell: "domainname [{name}]",
        see: ["setdomainname(2)"],
        fails: ["EPERM": "no CAP_SYS_ADMIN over this UTS namespace", "EINVAL": "the name is too long"],
        example: "print(sys.domainname())"
    ) { call in
        if let name = try call[name] { try holdings.set(.domainname, to: name, keep: try call[keep]) }
        return [.value(.text(try HostName.current().domain))]
    }
}

private func uname() -> Primitive {
    Primitive(
        "sys.uname", "Tells what kernel runs.", returns: "a table: system, node, release, version, machine",
        gives: ["{ system: string, node: string, release: string, version: string, machine: string }"],
        shell: "uname -a", see: ["uname(2)"], example: "print(sys.uname().release)"
    ) { _ in
        let names = try HostName.current()
        return [
            .value(
                .record([
                    "system": .text(names.system), "node": .text(names.node), "release": .text(names.release),
                    "version": .text(names.version), "machine": .text(names.machine),
                ]))
        ]
    }
}

private func user() -> Primitive {
    Primitive(
        "sys.uid", "Tells the effective user's number.", returns: "the number", gives: ["integer"],
        shell: "id -u",
        see: ["geteuid(2)"], example: #"if sys.uid() ~= 0 then print "not root" end"#
    ) { _ in [.value(.integer(Int64(Credentials.user)))] }
}

private func group() -> Primitive {
    Primitive(
        "sys.gid", "Tells the effective group's number.", returns: "the number", gives: ["integer"],
        shell: "id -g",
        see: ["getegid(2)"], example: "print(sys.gid())"
    ) { _ in [.value(.integer(Int64(Credentials.group)))] }
}

/// What a variable is set to; without bytes it is taken away.
private struct VariableValue: ArgumentType {
    let bytes: [UInt8]?
    static var typeName: String { "string or false" }
    static var annotation: String { "string|integer|false" }
    static func read(_ slot: Slot) throws -> VariableValue {
        if slot.boolean() == false { return VariableValue(bytes: nil) }
        return VariableValue(bytes: try Word.read(slot).bytes)
    }
}

private func environment() -> Primitive {
    let name = Parameter<Word?>("name", "The variable.", shown: "all of them")
    let value = Parameter<VariableValue?>(
        "value", "What to set it to; false takes it away.", shown: "unchanged")
    return Primitive(
        "sys.env", "Tells, sets or takes away an environment variable.", positional: [name.any, value.any],
        returns: "the value, nil where it is not set; a table by name where no name is given",
        gives: ["string|table<string, string>|nil"], shell: "printenv [{name}]", see: ["environ(7)"],
        example: """
            sys.env("LANG", "C")
            print(sys.env "PATH")
            """
    ) { call in
        guard let name = try call[name]?.bytes else {
            let all = EnvironmentVariables.all().map { Value.Entry(.bytes($0.name), .bytes($0.value)) }
            return [.value(.table(all))]
        }
        if let value = try call[value] {
            guard !name.isEmpty, !name.contains(UInt8(ascii: "=")) else {
                throw ArgumentError("argument 1 (name): a name without '=' wanted")
            }
            if let bytes = value.bytes {
                try EnvironmentVariables.set(.init(name: name, value: bytes))
            } else {
                try EnvironmentVariables.remove(name)
            }
        }
        let found = EnvironmentVariables.all().first { $0.name == name }
        return [.value(found.map { .bytes($0.value) } ?? .absent)]
    }
}

private func chdir() -> Primitive {
    let path = Parameter<Path>("path", "The directory.")
    return Primitive(
        "sys.chdir", "Goes to another working directory.", positional: [path.any], shell: "cd {path}",
        see: ["chdir(2)"],
        fails: [
            "ENOENT": "nothing stands at the path", "EACCES": "this user may not",
            "ENOTDIR": "it is no directory",
        ],
        example: """
            sys.chdir "tree"
            print(fs.read "notes.txt")
            """
    ) { call in
        try WorkingDirectory.change(to: try call[path])
        return []
    }
}

private func cwd() -> Primitive {
    Primitive(
        "sys.cwd", "Tells the working directory.", returns: "an absolute path", gives: ["string"],
        shell: "pwd",
        see: ["getcwd(2)"], fails: ["ENOENT": "the directory has been removed"], example: "print(sys.cwd())"
    ) { _ in [.value(.bytes(try WorkingDirectory.current().bytes))] }
}

private func umask() -> Primitive {
    let mask = Parameter<Mode?>("mask", "The bits that new files lack.", shown: "unchanged")
    return Primitive(
        "sys.umask", "Tells or sets the permission bits that new files lack.", positional: [mask.any],
        returns: "the mask before, octal text", gives: ["string"], shell: "umask [{mask}]", see: ["umask(2)"],
        example: """
            local before = sys.umask "077"
            fs.write("secret", "")
            sys.umask(before)
            """
    ) { call in
        [.value(.text(Mode(bits: FileCreationMask.exchange(try call[mask]?.bits)).description))]
    }
}

private func sleep() -> Primitive {
    let duration = Parameter<Seconds>("duration", "How long.")
    return Primitive(
        "sys.sleep", "Does nothing for a while.", positional: [duration.any], shell: "sleep {duration}",
        see: ["poll(2)"], example: #"sys.sleep "10ms""#
    ) { call in
        try Processes.sleep(milliseconds: try call[duration].milliseconds)
        return []
    }
}

private func time() -> Primitive {
    Primitive(
        "sys.time", "Tells the time.", returns: "seconds since 1970 with a fraction", gives: ["number"],
        shell: "date +%s.%N",
        see: ["clock_gettime(2)"],
        example: """
            local start = sys.time()
            sys.sleep(0.01)
            assert(sys.time() > start)
            """
    ) { _ in [.value(.number(Clock.now))] }
}

private func interactive() -> Primitive {
    Primitive(
        "sys.interactive", "Tells whether a person sits at standard input and output.",
        returns: "true or false",
        gives: ["boolean"], shell: "test -t 0 && test -t 1", see: ["isatty(3)"],
        example: #"if sys.interactive() then print "hello, whoever you are" end"#
    ) { _ in [.value(.boolean(Terminal.isInteractive))] }
}

private func sysctl() -> Primitive {
    let name = Parameter<Word>("name", "The parameter, as in net.ipv4.ip_forward.")
    let value = Parameter<Word?>("value", "What to set it to.", shown: "unchanged")
    return Primitive(
        "sys.sysctl",
        "Tells a kernel parameter; sets those of namespaces of one's own.",
        positional: [name.any, value.any], returns: "the value", gives: ["string"],
        shell: "sysctl -w {name}[={value}]",
        see: ["sysctl(8)", "proc_sys(5)", "namespaces(7)"],
        fails: [
            "EINVAL": "the kernel takes no such value",
            "ENOENT": "there is no such parameter, or no /proc in sight",
            "EXDEV": "something is mounted over the parameter",
        ],
        example: """
            ns.spawn({ "net" }, function() print(sys.sysctl("net.ipv4.ip_forward", 1)) end):wait()
            """
    ) { call in
        let text = try call[name].bytes
        guard let sysctl = Sysctl(parsing: String(decoding: text, as: UTF8.self)) else {
            throw ArgumentError(
                "argument 1 (name): a parameter such as net.ipv4.ip_forward wanted, got \(quoted(text))")
        }
        guard let bytes = try call[value]?.bytes else { return [.value(.text(try sysctl.read()))] }
        guard bytes.count < 4096, bytes.allSatisfy({ (32...126).contains($0) || $0 == 9 }) else {
            throw ArgumentError("argument 2 (value): printable text on one line wanted")
        }
        guard let kind = sysctl.namespace else {
            throw ArgumentError(
                "\(quoted(text)) belongs to the whole machine",
                hint:
                    "what a namespace has of its own can be set: net.*, fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm*, kernel.hostname, kernel.domainname, user.max_*"
            )
        }
        guard try !kind.isOriginal() else {
            throw ArgumentError(
                "\(quoted(text)) belongs to the \(kind.rawValue) namespace that this script was started in",
                hint:
                    "ns.spawn({ \"\(kind.rawValue)\" }, ...) or ns.unshare{ \"\(kind.rawValue)\" } makes one of its own"
            )
        }
        try sysctl.write(String(decoding: bytes, as: UTF8.self))
        return [.value(.text(try sysctl.read()))]
    }
}

private func account() -> Primitive {
    let text = Parameter<Word>("user", "A name or number, and a group after a colon.")
    let root = Parameter<Path>("root", "Whose /etc/passwd and /etc/group.", default: "/")
    return Primitive(
        "sys.account", "Looks a user up in the /etc/passwd and /etc/group of a root.", positional: [text.any],
        options: [root.any],
        returns: "a table: uid, gid, groups, and where the file tells: name, home; nil where there is none",
        gives: ["{ uid: integer, gid: integer, groups: integer[], name: string?, home: string? }?"],
        shell: "id {user}", see: ["passwd(5)", "group(5)"],
        fails: [
            "ELOOP": "the file is a symbolic link, which is not followed",
            "ENOENT": "the root has no such file",
            "ESPIPE": "it is no regular file", "EFBIG": "it is longer than a megabyte",
        ],
        example: #"print(sys.account("root").home, sys.account("1000:1000", { root = "rootfs" }).uid)"#
    ) { call in
        let place = try call[root]
        guard let account = try Accounts.find(try call[text].bytes, in: place) else {
            return [.value(.absent)]
        }
        let groups = try account.name.map { try Accounts.groups(of: $0, in: place) } ?? []
        return [
            .value(
                .record([
                    "uid": .integer(Int64(account.user)), "gid": .integer(Int64(account.group)),
                    "groups": .list(groups.map { .integer(Int64($0)) }),
                    "name": account.name.map(Value.bytes) ?? .absent,
                    "home": account.home.map(Value.bytes) ?? .absent,
                ]))
        ]
    }
}
