internal import Kernel
internal import LuaHost

/// `sys`: the machine's names.
func systemModule() -> Module {
    Module("sys", "The machine's names.", [hostname(), domainname(), uname()])
}

private func hostname() -> Primitive {
    let name = Parameter<String?>("name", "The new name, at most 64 bytes.", shown: "unchanged")
    return Primitive(
        "sys.hostname", "Tells or sets the hostname of this UTS namespace.", positional: [name],
        returns: "the hostname", shell: "hostname [{name}]", see: ["sethostname(2)", "uts_namespaces(7)"]
    ) { call in
        if let name = try call[name] { try HostName.set(name) }
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
