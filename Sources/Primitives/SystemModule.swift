internal import Kernel
internal import LuaHost
internal import SystemPackage

/// `sys`: the machine's names, and this process.
func systemModule(_ holdings: Holdings) -> Module {
    Module(
        "sys", "The machine's names, and this process's own state.",
        [
            Declaration("hostname", hostname(holdings)), Declaration("domainname", domainname()),
            Declaration("uname", uname()), Declaration("uid", user()), Declaration("gid", group()),
            Declaration("env", environment()), Declaration("chdir", chdir()), Declaration("cwd", cwd()),
            Declaration("umask", umask()), Declaration("sleep", sleep()), Declaration("time", time()),
            Declaration("interactive", interactive()),
        ])
}

private func hostname(_ holdings: Holdings) -> Primitive {
    let name = Parameter<String?>("name", "The new name, at most 64 bytes.", shown: "unchanged")
    return Primitive(
        "sys.hostname", "Tells or sets the hostname of this UTS namespace.", positional: [name],
        returns: "the hostname", shell: "hostname [{name}]", see: ["sethostname(2)", "uts_namespaces(7)"]
    ) { call in
        if let name = try call[name] {
            let before = try HostName.current().node
            try HostName.set(name)
            holdings.noteHostname(before: before)
        }
        return [.value(.text(try HostName.current().node))]
    }
}

private func domainname() -> Primitive {
    let name = Parameter<String?>("name", "The new name, at most 64 bytes.", shown: "unchanged")
    return Primitive(
        "sys.domainname", "Tells or sets the NIS domain name of this UTS namespace.", positional: [name],
        returns: "the domain name", shell: "domainname [{name}]", see: ["setdomainname(2)"]
    ) { call in
        if let name = try call[name] { try HostName.setDomain(name) }
        return [.value(.text(try HostName.current().domain))]
    }
}

private func uname() -> Primitive {
    Primitive(
        "sys.uname", "Tells what kernel runs.", returns: "a table: system, node, release, version, machine",
        shell: "uname -a", see: ["uname(2)"]
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
        "sys.uid", "Tells the effective user's number.", returns: "the number", shell: "id -u",
        see: ["geteuid(2)"]
    ) { _ in [.value(.integer(Int64(Credentials.user)))] }
}

private func group() -> Primitive {
    Primitive(
        "sys.gid", "Tells the effective group's number.", returns: "the number", shell: "id -g",
        see: ["getegid(2)"]
    ) { _ in [.value(.integer(Int64(Credentials.group)))] }
}

private func environment() -> Primitive {
    let name = Parameter<Word?>("name", "The variable.", shown: "all of them")
    let value = Parameter<Word?>("value", "What to set it to.", shown: "unchanged")
    return Primitive(
        "sys.env", "Tells or sets an environment variable.", positional: [name, value],
        returns: "the value, nil where it is not set; a table by name where no name is given",
        shell: "printenv [{name}]", see: ["environ(7)"]
    ) { call in
        guard let name = try call[name]?.bytes else {
            let all = EnvironmentVariables.all().map { Value.Entry(.bytes($0.name), .bytes($0.value)) }
            return [.value(.table(all))]
        }
        if let value = try call[value]?.bytes {
            guard !name.isEmpty, !name.contains(UInt8(ascii: "=")) else {
                throw ArgumentError("argument 1 (name): a name without '=' wanted")
            }
            try EnvironmentVariables.set(.init(name: name, value: value))
        }
        let found = EnvironmentVariables.all().first { $0.name == name }
        return [.value(found.map { .bytes($0.value) } ?? .absent)]
    }
}

private func chdir() -> Primitive {
    let path = Parameter<FilePath>("path", "The directory.")
    return Primitive(
        "sys.chdir", "Goes to another working directory.", positional: [path], shell: "cd {path}",
        see: ["chdir(2)"]
    ) { call in
        try WorkingDirectory.change(to: try call[path])
        return []
    }
}

private func cwd() -> Primitive {
    Primitive(
        "sys.cwd", "Tells the working directory.", returns: "an absolute path", shell: "pwd",
        see: ["getcwd(2)"]
    ) { _ in [.value(.bytes(try WorkingDirectory.current().bytes))] }
}

private func umask() -> Primitive {
    let mask = Parameter<Mode?>("mask", "The bits that new files lack.", shown: "unchanged")
    return Primitive(
        "sys.umask", "Tells or sets the permission bits that new files lack.", positional: [mask],
        returns: "the mask before, octal text", shell: "umask [{mask}]", see: ["umask(2)"]
    ) { call in
        [.value(.text(Mode(bits: FileCreationMask.exchange(try call[mask]?.bits)).description))]
    }
}

private func sleep() -> Primitive {
    let duration = Parameter<Seconds>("duration", "How long.")
    return Primitive(
        "sys.sleep", "Does nothing for a while.", positional: [duration], shell: "sleep {duration}",
        see: ["poll(2)"]
    ) { call in
        try Processes.sleep(milliseconds: try call[duration].milliseconds)
        return []
    }
}

private func time() -> Primitive {
    Primitive(
        "sys.time", "Tells the time.", returns: "seconds since 1970 with a fraction", shell: "date +%s.%N",
        see: ["clock_gettime(2)"]
    ) { _ in [.value(.number(Clock.now))] }
}

private func interactive() -> Primitive {
    Primitive(
        "sys.interactive", "Tells whether a person sits at standard input and output.",
        returns: "true or false",
        shell: "[ -t 0 ] && [ -t 1 ]", see: ["isatty(3)"]
    ) { _ in [.value(.boolean(Terminal.isInteractive))] }
}
