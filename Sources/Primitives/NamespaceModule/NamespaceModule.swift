public import Kernel
public import LuaHost

/// `ns`: namespaces, as in namespaces(7).
func namespaceModule(_ holdings: Holdings) -> Module {
    Module(
        "ns", "Namespaces: what a process sees of the machine.",
        [Declaration("id", identifier()), Declaration("list", list())] + movingPrimitives(holdings)
            + spawningPrimitives(holdings),
        kinds: [ProcessBox.kind, ParentHandle.kind])
}

extension Namespace: ArgumentType {
    public static var typeName: String { "namespace" }
    public static var form: String? { "a kind of namespace, as in namespaces(7)" }

    /// By names that other tools and /proc have for them, too, it is told which one is meant.
    public static func read(_ slot: Slot) throws -> Namespace {
        if let word = slot.bytes(), let kind = others[String(decoding: word, as: UTF8.self)] {
            throw ArgumentError(
                "\(slot.place): \(quoted(word)) is no kind of namespace, did you mean \"\(kind.rawValue)\"?")
        }
        return try read(
            slot, choices: "one of \(allCases.map(\.rawValue).joined(separator: ", "))")
    }

    private static var others: [String: Namespace] {
        [
            "mnt": .mount, "mounts": .mount, "fs": .mount, "filesystem": .mount, "network": .net,
            "hostname": .uts, "process": .pid, "userns": .user, "cgroups": .cgroup, "clock": .time,
        ]
    }
}

private func identifier() -> Primitive {
    let kind = Parameter<Namespace>("kind", "The kind of namespace.")
    let pid = Parameter<ProcessTarget?>("pid", "Whose namespace.", shown: "this process")
    return Primitive(
        "ns.id", "Tells which namespace a process is in.", positional: [kind.any, pid.any],
        returns: "the namespace's inode number, used again once the namespace has gone", gives: ["integer"],
        shell: "lsns -p {pid|$$}",
        see: ["namespaces(7)"],
        fails: [
            "ENOENT": "there is no such process, or no /proc in sight",
            "EACCES": "the process is another user's",
        ], example: #"print(ns.id "net", ns.id("net", proc.parent()))"#
    ) { call in
        [.value(.count(try call[kind].identifier(of: try call[pid]?.pid)))]
    }
}

private func list() -> Primitive {
    let pid = Parameter<ProcessTarget?>("pid", "Whose namespaces.", shown: "this process")
    return Primitive(
        "ns.list", "Tells all namespaces a process is in.", positional: [pid.any],
        returns: "a table of inode numbers by kind; one is used again once its namespace has gone",
        gives: ["table<tupper.namespace, integer>"],
        shell: "lsns -p {pid|$$}", see: ["namespaces(7)"],
        fails: [
            "ENOENT": "there is no such process, or no /proc in sight",
            "EACCES": "the process is another user's",
        ], example: "for kind, id in pairs(ns.list()) do print(kind, id) end"
    ) { call in
        let process = try call[pid]?.pid
        return [
            .value(
                .table(
                    try Namespace.allCases.map {
                        .init(.text($0.rawValue), .count(try $0.identifier(of: process)))
                    }))
        ]
    }
}
