internal import Kernel
internal import LuaHost
internal import Seccomp

/// `seccomp`: which system calls may be made: seccomp(2).
func seccompModule() -> Module {
    Module(
        "seccomp", "Which system calls a process may make.",
        [Declaration("load", load()), Declaration("compile", compile()), Declaration("explain", explain())],
        kinds: [FilterHandle.kind])
}

/// A compiled filter, to be loaded any number of times.
final class FilterHandle: Handle {
    static let kindName = "filter"
    let filter: SystemCallFilter
    private let wasThere: Bool

    init(_ filter: SystemCallFilter, wasThere: Bool) {
        self.filter = filter
        self.wasThere = wasThere
    }

    var label: String { "of \(filter.instructions.count / 8) instructions" }

    func field(_ name: String) -> Value? {
        switch name {
        case "instructions": .integer(Int64(filter.instructions.count / 8))
        case "cached": .boolean(wasThere)
        default: nil
        }
    }

    static var kind: Kind {
        Kind(
            kindName, "A compiled filter of system calls.",
            fields: [
                ("instructions", "integer", "How long it is."),
                ("cached", "boolean", "Whether it lay on disk already."),
            ], [])
    }
}

/// What a profile is compiled for, as scripts say it.
private struct CircumstanceOptions {
    let capabilities = Parameter<CapabilityList?>(
        "capabilities", "Those that the program can have, which rules may ask for.",
        shown: "this process's bounding set")

    func circumstances(_ call: Call) throws -> Circumstances {
        try .here(capabilities: try call[capabilities]?.capabilities)
    }
}

extension Circumstances {
    /// This machine, and the capabilities given or those of this process's bounding set.
    static func here(capabilities: Capabilities?) throws -> Circumstances {
        Circumstances(
            capabilities: try (capabilities ?? CapabilitySets.current().bounding).names,
            kernel: try HostName.current().release)
    }
}

private let page = "https://docs.docker.com/engine/security/seccomp/"

private func load() -> Primitive {
    let profile = Parameter<FilterProfile?>("profile", "What may be called.", shown: "\"default\"")
    let options = CircumstanceOptions()
    return Primitive(
        "seccomp.load", "Lets this process make only the calls of a profile, for good.",
        positional: [profile.any],
        options: [options.capabilities.any], see: ["seccomp(2)", page],
        fails: [
            "EACCES": "neither no_new_privileges nor CAP_SYS_ADMIN is there",
            "EINVAL": "the kernel has no such filters",
        ],
        example: """
            proc.fork(function()
                proc.no_new_privileges()
                seccomp.load { base = "default", deny = { "chmod", "fchmod", "fchmodat" } }
            end):wait()
            """
    ) { call in
        let wanted = try call[profile] ?? .document(Profile.standard)
        try wanted.filter(options.circumstances(call)).filter.load()
        return []
    }
}

private func compile() -> Primitive {
    let profile = Parameter<FilterProfile?>("profile", "What may be called.", shown: "\"default\"")
    let options = CircumstanceOptions()
    return Primitive(
        "seccomp.compile", "Makes a filter of a profile; it is kept on disk.", positional: [profile.any],
        options: [options.capabilities.any], returns: "a filter, to be given in the place of a profile",
        gives: ["tupper.filter"],
        leaves: "the filter, in $XDG_CACHE_HOME/tupper, /var/cache/tupper or ~/.cache/tupper",
        see: ["seccomp(2)", page],
        example: """
            local filter = seccomp.compile("default", { capabilities = cap.default })
            print(filter.instructions, filter.cached)
            """
    ) { call in
        let wanted = try call[profile] ?? .document(Profile.standard)
        let (filter, wasThere) = try wanted.filter(options.circumstances(call))
        return [.handle(FilterHandle(filter, wasThere: wasThere))]
    }
}

/// A system call by its name.
private struct CallName: ArgumentType {
    let name: String
    static var typeName: String { "system call" }
    static var annotation: String { "string" }
    static func read(_ slot: Slot) throws -> CallName {
        let name = String(decoding: slot.bytes()?.prefix(64) ?? [], as: UTF8.self)
        guard slot.bytes() != nil, SystemCalls.contains(name) else {
            throw slot.wanted(choice: name, among: SystemCalls.names, "a system call")
        }
        return CallName(name: name)
    }
}

private func explain() -> Primitive {
    let profile = Parameter<FilterProfile>("profile", "What may be called.")
    let name = Parameter<CallName>("call", "The system call.")
    let arguments = Parameter<[Int64]?>("arguments", "Its arguments.", shown: "zeros")
    let options = CircumstanceOptions()
    return Primitive(
        "seccomp.explain", "Tells what a profile does to a system call, and why.",
        positional: [profile.any, name.any],
        options: [options.capabilities.any], list: arguments.any,
        returns:
            "a table: action (\"allow\", \"kill\", an error's name, ...), reason, call, number, architecture",
        gives: ["{ action: string, reason: string, call: string, number: integer, architecture: string }"],
        see: ["seccomp(2)", page, "seccomp.load"],
        example: """
            local told = seccomp.explain("default", "clone", { 0x10000000, capabilities = cap.default })
            print(told.action, told.reason)
            """
    ) { call in
        let circumstances = try options.circumstances(call)
        let given = try call[profile]
        guard let rules = try given.profile() else {
            throw ArgumentError(
                "argument 1 (profile): a compiled filter has no reasons; give the profile itself")
        }
        let told = try rules.explain(
            try call[name].name, arguments: try call[arguments]?.map { UInt64(bitPattern: $0) } ?? [],
            filter: try given.filter(circumstances).filter, circumstances)
        return [
            .value(
                .record([
                    "action": .text(told.action.word), "reason": .text(told.reason), "call": .text(told.name),
                    "number": .integer(Int64(told.number)), "architecture": .text(told.architecture),
                ]))
        ]
    }
}
