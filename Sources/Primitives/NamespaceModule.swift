public import Kernel
public import LuaHost

/// `ns`: namespaces, as in namespaces(7).
func namespaceModule() -> Module {
    Module("ns", "Namespaces: what a process sees of the machine.", [identifier(), list(), unshare()])
}

extension Namespace: ArgumentType {
    public static var typeName: String { "namespace" }
    public static func read(_ slot: Slot) throws -> Namespace {
        guard let text = slot.bytes().map({ String(decoding: $0, as: UTF8.self) }),
            let kind = Namespace(rawValue: text)
        else { throw slot.wanted("one of \(Namespace.allCases.map(\.rawValue).joined(separator: ", "))") }
        return kind
    }
}

private func identifier() -> Primitive {
    let kind = Parameter<Namespace>("kind", "The kind of namespace.")
    let pid = Parameter<Int64?>("pid", "Whose namespace.", shown: "this process")
    return Primitive(
        "ns.id", "Tells which namespace a process is in.", positional: [kind, pid],
        returns: "the namespace's inode number", shell: "readlink /proc/self/ns/{kind}",
        see: ["namespaces(7)"]
    ) { call in
        [.value(.count(try call[kind].identifier(of: try processIdentifier(try call[pid]))))]
    }
}

private func list() -> Primitive {
    let pid = Parameter<Int64?>("pid", "Whose namespaces.", shown: "this process")
    return Primitive(
        "ns.list", "Tells all namespaces a process is in.", positional: [pid],
        returns: "a table of inode numbers by kind", shell: "lsns -p {pid}", see: ["namespaces(7)"]
    ) { call in
        let process = try processIdentifier(try call[pid])
        return [
            .value(
                .table(
                    try Namespace.allCases.map {
                        .init(.text($0.rawValue), .count(try $0.identifier(of: process)))
                    }))
        ]
    }
}

private func unshare() -> Primitive {
    let kinds = Parameter<[Namespace]>("kinds", "The kinds of namespace to make anew.")
    return Primitive(
        "ns.unshare", "Moves this interpreter into new namespaces.", list: kinds,
        shell: "unshare {--kinds}", see: ["unshare(2)"]
    ) { call in
        let wanted = Set(try call[kinds])
        guard wanted.isDisjoint(with: [.pid, .user, .time]) else {
            throw ArgumentError("pid, user and time namespaces are for processes yet to be born")
        }
        try Namespace.unshare(wanted)
        return []
    }
}

/// A pid that fits the kernel's type.
func processIdentifier(_ number: Int64?) throws -> Int32? {
    guard let number else { return nil }
    guard let pid = Int32(exactly: number), pid > 0 else { throw ArgumentError("no pid: \(number)") }
    return pid
}
