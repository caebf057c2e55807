internal import Kernel
internal import LuaHost

/// The limits of a group: the options of cgroup.create and group:set.
struct CgroupOptions {
    private let memory = Parameter<MemoryLimit?>(
        "memory", "The most memory, at least 4096 bytes.", shown: "no limit")
    private let swap = Parameter<AnySize?>(
        "swap", "The most swap beside the memory; 0 for none.", shown: "no limit")
    private let high = Parameter<MemoryLimit?>(
        "high", "Memory above which it is slowed down; version 2 only.", shown: "no limit")
    private let together = Parameter<Bool?>(
        "oom_group", "Kills all its processes where one must be for memory; version 2 only.", shown: "false")
    private let cpu = Parameter<CpuLimit?>(
        "cpu", "How many processors' time, from 0.01 on; 0.5 is half of one.", shown: "no limit")
    private let weight = Parameter<Int64?>(
        "weight", "Its share of the processors beside others, from 1 to 10000.", shown: "100")
    private let cpuset = Parameter<CpuSet?>(
        "cpuset", "The processors it may use, as in \"0-2,7\".", shown: "all")
    private let pids = Parameter<PidLimit?>("pids", "The most processes and threads.", shown: "no limit")
    private let io = Parameter<[DeviceLimit]>(
        "io", "How fast block devices may be used, a table each.", default: [])
    private let devices = Parameter<[DevicePermission]?>(
        "devices", "The devices it may use, and no others, as in \"c 1:3 rw\" or \"/dev/fuse rw\".",
        shown: "all")

    var all: [AnyParameter] {
        [
            memory.any, swap.any, high.any, together.any, cpu.any, weight.any, cpuset.any, pids.any, io.any,
            devices.any,
        ]
    }

    /// Read and checked, each by its name.
    func settings(_ call: Call) throws -> CgroupSettings {
        var settings = CgroupSettings()
        settings.memory = try call[memory]?.limit
        settings.swap = try call[swap]?.limit
        settings.high = try call[high]?.limit
        settings.killsTogether = try call[together]
        settings.cpu = try call[cpu]?.limit
        if let weight = try call[weight] {
            guard (1...10_000).contains(weight) else {
                throw ArgumentError("option 'weight': a number from 1 to 10000 wanted, got \(weight)")
            }
            settings.weight = weight
        }
        settings.processors = try call[cpuset]?.list
        settings.pids = try call[pids]?.limit
        settings.io = try call[io].map(\.speed)
        settings.devices = try call[devices]?.map(\.rule)
        return settings
    }
}

/// Whether a slot says that there is to be no limit.
private func isUnlimited(_ slot: Slot) -> Bool {
    slot.bytes().map { $0.elementsEqual("max".utf8) || $0.elementsEqual("unlimited".utf8) } == true
}

/// A size that a group can live with, or `"max"`.
private struct MemoryLimit: ArgumentType {
    let limit: CgroupLimit
    static var typeName: String { "memory limit" }
    static var annotation: String { "integer|string" }
    static var form: String? { "a size of at least 4096 bytes, or \"max\" for no limit" }
    static func read(_ slot: Slot) throws -> MemoryLimit {
        if isUnlimited(slot) { return MemoryLimit(limit: .none) }
        let size = try Size.read(slot)
        guard size.bytes >= 4096 else { throw slot.wanted("at least 4096 bytes, a page,") }
        return MemoryLimit(limit: .amount(size.bytes))
    }
}

/// A size, or `"max"`.
private struct AnySize: ArgumentType {
    let limit: CgroupLimit
    static var typeName: String { "size limit" }
    static var annotation: String { "integer|string" }
    static var form: String? { "a size, or \"max\" for no limit" }
    static func read(_ slot: Slot) throws -> AnySize {
        isUnlimited(slot) ? AnySize(limit: .none) : AnySize(limit: .amount(try Size.read(slot).bytes))
    }
}

/// A number of processors, or `"max"`.
private struct CpuLimit: ArgumentType {
    let limit: CgroupLimit
    static var typeName: String { "processor limit" }
    static var annotation: String { "number|string" }
    static var form: String? { "a number of processors from 0.01 to 10000, or \"max\" for no limit" }
    static func read(_ slot: Slot) throws -> CpuLimit {
        if isUnlimited(slot) { return CpuLimit(limit: .none) }
        // Less than a thousandth of a second in a span is refused by the kernel.
        guard let number = slot.number(), number >= 0.01, number <= 10_000 else {
            throw slot.wanted("a number of processors from 0.01 to 10000")
        }
        return CpuLimit(limit: .amount(Int64((number * Double(CgroupSettings.period)).rounded())))
    }
}

/// A number of processes, or `"max"`.
private struct PidLimit: ArgumentType {
    let limit: CgroupLimit
    static var typeName: String { "process limit" }
    static var annotation: String { "integer|string" }
    static var form: String? { "a number from 1 to 4194304, or \"max\" for no limit" }
    static func read(_ slot: Slot) throws -> PidLimit {
        if isUnlimited(slot) { return PidLimit(limit: .none) }
        guard let number = slot.integer(), (1...4_194_304).contains(number) else {
            throw slot.wanted("a number from 1 to 4194304")
        }
        return PidLimit(limit: .amount(number))
    }
}

/// Processors by number: ranges with commas between.
private struct CpuSet: ArgumentType {
    let list: String
    static var typeName: String { "list of processors" }
    static var annotation: String { "string" }
    static var form: String? { "numbers and ranges of processors, as in \"0-2,7\"" }
    static func read(_ slot: Slot) throws -> CpuSet {
        func wanted() -> ArgumentError { slot.wanted("processors such as \"0-2,7\", each below 8192") }
        guard let bytes = slot.bytes(), (1...1024).contains(bytes.count) else { throw wanted() }
        let text = String(decoding: bytes, as: UTF8.self)
        for range in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = range.split(separator: "-", omittingEmptySubsequences: false)
            let numbers = ends.compactMap { end in
                end.utf8.allSatisfy { (48...57).contains($0) }
                    ? Int(end).flatMap { $0 < 8192 ? $0 : nil } : nil
            }
            guard numbers.count == ends.count, (1...2).contains(ends.count),
                numbers[0] <= numbers[ends.count - 1]
            else { throw wanted() }
        }
        return CpuSet(list: text)
    }
}

/// How fast one block device may be used.
private struct DeviceLimit: ArgumentType, CustomStringConvertible {
    let speed: CgroupSettings.DeviceSpeed
    var description: String { "\(speed.major):\(speed.minor)" }

    static var typeName: String { "device limit" }
    static var fields: [AnyParameter] {
        [
            Parameter<Path>("device", "A block device's file.").any,
            Parameter<AnySize?>("read", "Bytes a second.", shown: "no limit").any,
            Parameter<AnySize?>("write", "Bytes a second.", shown: "no limit").any,
            Parameter<PidLimit?>("reads", "Requests a second.", shown: "no limit").any,
            Parameter<PidLimit?>("writes", "Requests a second.", shown: "no limit").any,
        ]
    }
    static var annotation: String { "table" }

    static func read(_ slot: Slot) throws -> DeviceLimit {
        var path: Path?
        var limits: [String: CgroupLimit] = [:]
        try slot.fields(known: ["device", "read", "write", "reads", "writes"]) { name, field in
            switch name {
            case "device": path = try Path.read(field)
            case "reads", "writes": limits[name] = try PidLimit.read(field).limit
            default:
                guard let limit = try? AnySize.read(field).limit, limit != .amount(0) else {
                    throw field.wanted("a size that is not 0, or \"max\"")
                }
                limits[name] = limit
            }
        }
        guard let path else { throw slot.wanted("{ device =, read =, write =, reads =, writes = }") }
        guard let numbers = try DeviceNumbers.read(path), numbers.kind == .block else {
            throw slot.wanted("a block device as `device`")
        }
        var speed = CgroupSettings.DeviceSpeed(major: numbers.major, minor: numbers.minor)
        (speed.bytesRead, speed.bytesWritten) = (limits["read"], limits["write"])
        (speed.reads, speed.writes) = (limits["reads"], limits["writes"])
        return DeviceLimit(speed: speed)
    }
}

/// A device and what may be done with it.
private struct DevicePermission: ArgumentType {
    let rule: DeviceRule
    static var typeName: String { "device rule" }
    static var annotation: String { "string" }
    static var form: String? {
        """
        a kind (c or b), numbers or stars, and letters of r, w and m (make its file), as in "c 1:3 rw" or "b *:* m"; \
        or a device's file and letters, as in "/dev/fuse rw"
        """
    }
    static func read(_ slot: Slot) throws -> DevicePermission {
        func wanted() -> ArgumentError {
            slot.wanted("a device rule such as \"c 1:3 rw\", \"b *:* m\" or \"/dev/fuse rw\"")
        }
        guard let bytes = slot.bytes(), bytes.count < 4096, !bytes.contains(0) else { throw wanted() }
        if let rule = DeviceRule(bytes) { return DevicePermission(rule: rule) }
        guard bytes.first == UInt8(ascii: "/"), let space = bytes.lastIndex(of: UInt8(ascii: " ")),
            let access = DeviceRule.access(bytes[(space + 1)...]),
            let numbers = try DeviceNumbers.read(Path(bytes: Array(bytes[..<space])))
        else { throw wanted() }
        return DevicePermission(
            rule: DeviceRule(numbers.kind, major: numbers.major, minor: numbers.minor, access))
    }
}

/// The name of a group.
struct CgroupName: ArgumentType {
    let text: String
    static var typeName: String { "group name" }
    static var annotation: String { "string" }
    static var form: String? { "letters, digits and _+-.@: with slashes between groups" }
    static func read(_ slot: Slot) throws -> CgroupName {
        guard let bytes = slot.bytes() else { throw slot.wanted("a group's name") }
        let text = String(decoding: bytes.prefix(2048), as: UTF8.self)
        if let problem = Cgroup.problem(with: text) { throw slot.wanted(problem) }
        return CgroupName(text: text)
    }
}

/// Whom a group is handed to.
struct CgroupOwner: ArgumentType {
    let user: UInt32
    let group: UInt32
    static var typeName: String { "owner of a group" }
    static var annotation: String { "integer|string" }
    static var form: String? { "a user's number, with a group's after a colon as in \"1000:100\"" }
    static func read(_ slot: Slot) throws -> CgroupOwner {
        let text = slot.integer().map { "\($0)" } ?? String(decoding: slot.bytes() ?? [], as: UTF8.self)
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.first?.isNumber == true ? UInt32($0) : nil }
        guard numbers.count == parts.count, (1...2).contains(parts.count), !numbers.contains(.max) else {
            throw slot.wanted("a user's number, or \"user:group\" in numbers")
        }
        return CgroupOwner(user: numbers[0], group: numbers[numbers.count - 1])
    }
}
