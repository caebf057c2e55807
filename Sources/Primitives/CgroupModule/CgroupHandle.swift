public import Kernel
public import LuaHost

/// A control group.
final class CgroupHandle: HeldHandle {
    static let kindName = "group"
    let group: Cgroup
    let holding: Holding

    init(_ group: Cgroup, _ holdings: Holdings) {
        self.group = group
        holding = holdings.hold(
            "control group \(group.name)", notes: group.notes, shell: group.shellToRemove
        ) {
            try group.remove()
        }
    }

    /// One that was there before.
    init(found group: Cgroup) {
        self.group = group
        holding = .nothing
    }

    var label: String { group.name }

    func field(_ name: String) -> Value? {
        switch name {
        case "name": .text(group.name)
        case "path": group.branches.first.map { .bytes($0.path.bytes) }
        case "paths": .list(group.branches.map { .bytes($0.path.bytes) })
        case "version": group.branches.first.map { .integer($0.hierarchy.version.rawValue) }
        default: nil
        }
    }

    static var kind: Kind {
        Kind(
            kindName, "A control group; removed when released, and what runs in it killed.",
            fields: [
                ("name", "string", "Its name."),
                ("path", "string", "Its directory, in version 2 where that is mounted."),
                ("paths", "string[]", "Its directories, one for each hierarchy."),
                ("version", "integer", "The version of control groups that `path` is of."),
            ], methods())
    }

    /// A line that makes one, for examples.
    fileprivate static let made = #"local group <close> = cgroup.create("demo" .. proc.self(), { pids = 8 })"#

    private static func methods() -> [Declaration] {
        let held = holdingMethods(CgroupHandle.self, made: made).filter { $0.shortName != "keep" }
        return [
            Declaration("add", add()), Declaration("set", set()), Declaration("stats", stats()),
            Declaration("processes", processes()),
            method(
                "freeze", "Stops all its processes where they are.", "echo 1 > {self}/cgroup.freeze",
                traced: { $0.shellToFreeze(true) }
            ) { try $0.freeze() },
            method(
                "thaw", "Lets its processes go on.", "echo 0 > {self}/cgroup.freeze",
                traced: { $0.shellToFreeze(false) }
            ) { try $0.thaw() },
            method(
                "kill", "Kills all its processes, and returns when they are gone.",
                "echo 1 > {self}/cgroup.kill", traced: { $0.shellToKill }
            ) { try $0.kill() },
            Declaration("delete", delete()), Declaration("keep", keep()),
        ] + held
    }
}

private func method(
    _ name: String, _ summary: String, _ shell: ShellLine, traced: @escaping (Cgroup) -> String?,
    _ body: @escaping (Cgroup) throws -> Void
) -> Declaration {
    Declaration(
        name,
        Primitive(
            "group:\(name)", summary, returns: "the group", gives: ["tupper.group"], shell: shell,
            traced: { traced(try $0.receiver(CgroupHandle.self).group) },
            see: ["cgroups(7)"], fails: ["ETIMEDOUT": "a process waits for a device and does not answer"],
            example: "\(CgroupHandle.made)\ngroup:\(name)()"
        ) { call in
            let handle = try call.receiver(CgroupHandle.self)
            try body(handle.group)
            return [.handle(handle)]
        })
}

private func add() -> Primitive {
    let process = Parameter<ProcessTarget>("process", "A pid, or a handle of a process.")
    return Primitive(
        "group:add", "Moves a process into it, with what it starts from then on.", positional: [process.any],
        returns: "the group", gives: ["tupper.group"], shell: "echo {process} > {self}/cgroup.procs",
        traced: { try $0.receiver(CgroupHandle.self).group.shellToAdd(try $0[process].pid) },
        see: ["cgroups(7)", "ns.spawn"],
        fails: ["ESRCH": "the process has ended", "EBUSY": "groups below it have controllers of their own"],
        example: "\(CgroupHandle.made)\nlocal box <close> = proc.spawn { \"sleep\", 9 }\ngroup:add(box)"
    ) { call in
        let handle = try call.receiver(CgroupHandle.self)
        try handle.group.add(try call[process].pid)
        return [.handle(handle)]
    }
}

private func set() -> Primitive {
    let options = CgroupOptions()
    return Primitive(
        "group:set", "Changes its limits; what is not named stays.", options: options.all,
        returns: "the group", gives: ["tupper.group"],
        shell: "true [&& echo {memory} > {self}/memory.max] [&& echo {pids} > {self}/pids.max]",
        traced: { try $0.receiver(CgroupHandle.self).group.shellToSet(try options.settings($0)) },
        see: ["cgroups(7)", "cgroup.create"],
        fails: ["EBUSY": "on version 1, more memory is in use than the limit would allow"],
        example: "\(CgroupHandle.made)\ngroup:set { pids = 16 }"
    ) { call in
        let handle = try call.receiver(CgroupHandle.self)
        try handle.group.set(try options.settings(call))
        return [.handle(handle)]
    }
}

private func processes() -> Primitive {
    Primitive(
        "group:processes", "Lists the processes in it and in groups below it.",
        returns: "a list of pids, as this process sees them", gives: ["integer[]"],
        shell: "cat {self}/cgroup.procs",
        traced: { try $0.receiver(CgroupHandle.self).group.shellToList }, see: ["cgroups(7)"],
        fails: ["ENODEV": "the group is gone"],
        example: "\(CgroupHandle.made)\nprint(#group:processes())"
    ) { call in
        let pids = try call.receiver(CgroupHandle.self).group.processes()
        return [.value(.list(pids.map { .integer(Int64($0)) }))]
    }
}

private func delete() -> Primitive {
    Primitive(
        "group:delete", "Kills what runs in it and removes it, whoever made it.",
        shell: "echo 1 > {self}/cgroup.kill && rmdir {self}",
        traced: { try $0.receiver(CgroupHandle.self).group.shellToRemove }, see: ["cgroups(7)"],
        fails: ["EBUSY": "a process in it does not end"],
        example: """
            cgroup.create("demo" .. proc.self(), { pids = 8 }):keep()
            cgroup.find("demo" .. proc.self()):delete()
            """
    ) { call in
        let handle = try call.receiver(CgroupHandle.self)
        try handle.group.remove()
        handle.holding.keep()
        return []
    }
}

private func keep() -> Primitive {
    Primitive(
        "group:keep", "Hands it over: the script's end leaves it.", returns: "the group",
        gives: ["tupper.group"], leaves: "The group, and what runs in it.",
        example: "local group = cgroup.create(\"demo\" .. proc.self(), { pids = 8 }):keep()\ngroup:delete()"
    ) { call in
        let handle = try call.receiver(CgroupHandle.self)
        try handle.holding.handOver()
        return [.handle(handle)]
    }
}

extension CgroupStatistics.Part: ArgumentType {
    public static var typeName: String { "part of the figures" }
}

private func stats() -> Primitive {
    let part = Parameter<CgroupStatistics.Part?>("part", "Which part alone to tell.", shown: "all of them")
    return Primitive(
        "group:stats", "Tells what it has used and met so far.", positional: [part.any],
        returns: """
            a table, or that part of it: memory { current, limit, high, peak, swap, anonymous, file: bytes; high_times, limit_times, \
            oom, oom_kills }, cpu { usage, user, system, throttled_time: seconds; periods, throttled }, \
            pids { current, limit, peak, refused }, io: a list of { device, read, written, reads, writes }, \
            pressure: by resource { some, full: { avg10, avg60, avg300: percent; total: seconds } }; \
            a part is missing where its controller is not in use
            """,
        gives: ["table"], shell: "cat {self}/memory.stat {self}/cpu.stat {self}/pids.current",
        traced: { try $0.receiver(CgroupHandle.self).group.shellToMeasure },
        see: ["cgroups(7)", "https://docs.kernel.org/accounting/psi.html"],
        example: "\(CgroupHandle.made)\nprint(group:stats().pids.limit, group:stats \"pids\".current)"
    ) { call in
        let part = try call[part]
        let figures = try call.receiver(CgroupHandle.self).group.statistics(of: part).value
        guard let part, case .table(let parts) = figures else { return [.value(figures)] }
        return [.value(parts.first { $0.key == .text(part.rawValue) }?.value ?? .absent)]
    }
}

extension CgroupStatistics {
    /// As Lua sees it.
    var value: Value {
        .record([
            "memory": memory?.value ?? .absent, "cpu": cpu?.value ?? .absent, "pids": pids?.value ?? .absent,
            "io": io.isEmpty ? .absent : .list(io.map(\.value)),
            "pressure": pressure.isEmpty ? .absent : pressures,
        ])
    }

    private var pressures: Value {
        .table(
            ["cpu", "memory", "io"].compactMap { resource in
                let own = pressure.filter { $0.resource == resource }
                return own.isEmpty
                    ? nil
                    : .init(.text(resource), .table(own.map { .init(.text($0.extent), $0.value) }))
            })
    }
}

private func count(_ number: UInt64?) -> Value { number.map(Value.count) ?? .absent }
private func seconds(_ number: Double?) -> Value { number.map(Value.number) ?? .absent }

extension CgroupStatistics.Memory {
    fileprivate var value: Value {
        .record([
            "current": .count(current), "limit": count(limit), "high": count(high), "peak": count(peak),
            "swap": count(swap), "anonymous": count(anonymous), "file": count(file),
            "high_times": count(timesHigh), "limit_times": count(timesAtLimit), "oom": count(outOfMemory),
            "oom_kills": count(killed),
        ])
    }
}

extension CgroupStatistics.Processors {
    fileprivate var value: Value {
        .record([
            "usage": seconds(usage), "user": seconds(user), "system": seconds(system),
            "periods": count(periods), "throttled": count(throttled),
            "throttled_time": seconds(throttledTime),
        ])
    }
}

extension CgroupStatistics.Processes {
    fileprivate var value: Value {
        .record([
            "current": .count(current), "limit": count(limit), "peak": count(peak), "refused": count(refused),
        ])
    }
}

extension CgroupStatistics.Device {
    fileprivate var value: Value {
        .record([
            "device": .text(device), "read": .count(bytesRead), "written": .count(bytesWritten),
            "reads": .count(reads), "writes": .count(writes),
        ])
    }
}

extension CgroupStatistics.Pressure {
    fileprivate var value: Value {
        .record([
            "avg10": .number(tenSeconds), "avg60": .number(minute), "avg300": .number(fiveMinutes),
            "total": .number(total),
        ])
    }
}

/// A handle of a group, as an option.
struct CgroupReference: ArgumentType {
    let group: Cgroup
    static var typeName: String { "group" }
    static var annotation: String { "tupper.group" }
    static func read(_ slot: Slot) throws -> CgroupReference {
        CgroupReference(group: try slot.handle(CgroupHandle.self).group)
    }
}
