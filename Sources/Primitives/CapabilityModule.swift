internal import Kernel
internal import LuaHost

/// `cap`: what root may do, in parts: capabilities(7).
func capabilityModule() -> Module {
    Module(
        "cap", "What root may do, in parts: capabilities.",
        [
            Declaration("get", get()), Declaration("set", set()), Declaration("drop", drop()),
            Declaration("keep", keep()),
        ],
        constants: [
            ("names", .list(Capabilities.known.names.map(Value.text))),
            ("default", .list(Capabilities.container.names.map(Value.text))),
        ])
}

private func get() -> Primitive {
    let pid = Parameter<ProcessTarget?>("pid", "Whose.", shown: "this process's")
    return Primitive(
        "cap.get", "Tells the five sets of capabilities of a process.", positional: [pid.any],
        returns:
            "a table of lists: effective, permitted, inheritable, bounding, ambient; securebits of this process",
        gives: [
            "{ effective: string[], permitted: string[], inheritable: string[], bounding: string[], ambient: string[], securebits: string[]? }"
        ], shell: "getpcaps {pid|$$}", see: ["capabilities(7)", "proc_pid_status(5)"],
        fails: ["ENOENT": "there is no such process, or no /proc in sight"],
        example: #"print(table.concat(cap.get().effective, " "))"#
    ) { call in
        if let pid = try call[pid]?.pid { return [.value(try CapabilitySets.read(of: pid).value())] }
        return [.value(try CapabilitySets.current().value(bits: SecureBits.current()))]
    }
}

private func set() -> Primitive {
    let shown = "as it is"
    let effective = Parameter<CapabilityList?>("effective", "What is checked.", shown: shown)
    let permitted = Parameter<CapabilityList?>("permitted", "What can be made effective.", shown: shown)
    let inheritable = Parameter<CapabilityList?>(
        "inheritable", "What programs with file capabilities can take along.", shown: shown)
    let bounding = Parameter<CapabilityList?>(
        "bounding", "The most that programs started from here can gain.", shown: shown)
    let ambient = Parameter<CapabilityList?>(
        "ambient", "What programs take along without being root; must be permitted and inheritable.",
        shown: shown)
    let bits = Parameter<SecureBitList?>(
        "securebits", "How capabilities change with the user; by name, as in \"noroot\".", shown: shown)
    return Primitive(
        "cap.set", "Sets the sets of capabilities of this process exactly.",
        options: [effective.any, permitted.any, inheritable.any, bounding.any, ambient.any, bits.any],
        shell: """
            capsh [--secbits={securebits}] [--inh={inheritable}] [--addamb={ambient}] [--drop={bounding}] \
            [--caps={effective}]
            """, see: ["capset(2)", "capabilities(7)"],
        fails: ["EPERM": "a capability is not in the permitted set, or CAP_SETPCAP is missing"],
        example: "cap.set { inheritable = {}, ambient = {} }"
    ) { call in
        var sets = try CapabilitySets.current()
        sets.effective = try call[effective]?.capabilities ?? sets.effective
        sets.permitted = try call[permitted]?.capabilities ?? sets.permitted
        sets.inheritable = try call[inheritable]?.capabilities ?? sets.inheritable
        sets.bounding = try call[bounding]?.capabilities ?? sets.bounding
        sets.ambient = try call[ambient]?.capabilities ?? sets.ambient
        // Only what is permitted can be effective: a smaller permitted set takes the other along unless both are said.
        if try call[effective] == nil { sets.effective.formIntersection(sets.permitted) }
        if try call[ambient] == nil {
            sets.ambient.formIntersection(sets.permitted.intersection(sets.inheritable))
        }
        // While CAP_SETPCAP is still there.
        try call[bits]?.bits.apply()
        try sets.apply()
        return []
    }
}

private func drop() -> Primitive {
    let names = Parameter<CapabilityList>("names", "The capabilities, or \"ALL\".")
    return Primitive(
        "cap.drop", "Gives up capabilities for good, in all five sets.", positional: [names.any],
        shell: "capsh --drop={names*,}", see: ["capabilities(7)"], fails: ["EPERM": "no CAP_SETPCAP"],
        example: #"cap.drop { "SYS_ADMIN", "SYS_PTRACE" }"#
    ) { call in
        try CapabilitySets.current().removing(try call[names].capabilities).apply()
        return []
    }
}

private func keep() -> Primitive {
    let names = Parameter<CapabilityList>("names", "The capabilities; cap.default for those of a container.")
    return Primitive(
        "cap.keep", "Gives up all capabilities but some, and leaves none to inherit.",
        positional: [names.any],
        shell: "capsh --inh= --drop=...", see: ["capabilities(7)"], fails: ["EPERM": "no CAP_SETPCAP"],
        example: "cap.keep(cap.default)"
    ) { call in
        try CapabilitySets.current().keeping(try call[names].capabilities).apply()
        return []
    }
}

extension CapabilitySets {
    /// As Lua sees it.
    fileprivate func value(bits: SecureBits? = nil) -> Value {
        func list(_ set: Capabilities) -> Value { .list(set.names.map(Value.text)) }
        return .record([
            "effective": list(effective), "permitted": list(permitted), "inheritable": list(inheritable),
            "bounding": list(bounding), "ambient": list(ambient),
            "securebits": bits.map { .list($0.names.map(Value.text)) } ?? .absent,
        ])
    }
}
