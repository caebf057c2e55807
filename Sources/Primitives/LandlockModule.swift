internal import Kernel
internal import LuaHost

/// `landlock`: which files and ports a process may touch, as an ordinary user too: landlock(7).
func landlockModule() -> Module {
    Module(
        "landlock", "Which files and ports a process may touch, without being root.",
        [Declaration("restrict", restrict()), Declaration("version", version())])
}

/// Rules as a script gives them: lists by name.
struct FileRuleTable: ArgumentType {
    let rules: FileRules

    static var typeName: String { "table of file rules" }
    static var annotation: String {
        "{ read: string[]?, write: string[]?, bind: integer[]?, connect: integer[]? }"
    }
    static var form: String? {
        "lists of paths to read (and execute) and to write (and read), and of TCP ports to bind and to connect to"
    }

    static func read(_ slot: Slot) throws -> FileRuleTable {
        var rules = FileRules()
        try slot.fields(known: ["read", "write", "bind", "connect"]) { name, field in
            switch name {
            case "read": rules.read = try [Path].read(field)
            case "write": rules.write = try [Path].read(field)
            case "bind": rules.bind = try field.elements(port)
            default: rules.connect = try field.elements(port)
            }
        }
        return FileRuleTable(rules: rules)
    }

    private static func port(_ slot: Slot) throws -> UInt16 {
        guard let number = slot.integer(), let port = UInt16(exactly: number) else {
            throw slot.wanted("a port's number from 0 to 65535")
        }
        return port
    }
}

private func restrict() -> Primitive {
    let table = Parameter<FileRuleTable>("rules", "What may be touched; nothing else may.")
    return Primitive(
        "landlock.restrict", "Lets this process touch only certain files and ports, for good.",
        positional: [table.any],
        see: ["landlock(7)", "landlock_restrict_self(2)"],
        fails: [
            "EPERM": "neither no_new_privileges nor CAP_SYS_ADMIN is there",
            "ENOSYS": "the kernel has no such rules",
            "EOPNOTSUPP": "they are switched off, or know nothing of ports", "ENOENT": "a path is missing",
        ],
        example: """
            proc.fork(function()
                proc.no_new_privileges()
                landlock.restrict { read = { "/usr", "/proc" }, write = { "/tmp" } }
                print(pcall(fs.read, "/etc/passwd"))
            end):wait()
            """
    ) { call in
        try call[table].rules.enforce()
        return []
    }
}

private func version() -> Primitive {
    Primitive(
        "landlock.version", "Tells which version of these rules the kernel has.",
        returns: "the number; 0 where it has none, or has them switched off", gives: ["integer"],
        see: ["landlock(7)"], example: "print(landlock.version())"
    ) { _ in [.value(.integer(Int64(FileRules.version)))] }
}
