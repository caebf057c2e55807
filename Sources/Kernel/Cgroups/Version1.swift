/// The files of version 1: the kernel's Documentation/admin-guide/cgroup-v1.
enum CgroupVersion1 {
    /// What a group's memory is limited to at the moment, without and with swap; nil where the kernel does not
    /// count swap.
    struct MemoryLimits: Equatable {
        var memory: Int64
        var withSwap: Int64?
    }

    /// What to write for some settings, in order; devices are not among them.
    ///
    /// Throws what version 1 has no file for.
    static func writes(
        _ settings: CgroupSettings, limits: MemoryLimits
    ) throws(CgroupUnsupported) -> [CgroupWrite] {
        if settings.high != nil { throw CgroupUnsupported("high", "version 1 of control groups has none") }
        if settings.killsTogether == true {
            throw CgroupUnsupported("oom_group", "version 1 of control groups kills single processes only")
        }
        var writes = try memory(settings, limits)
        func write(_ controller: CgroupController, _ file: String, _ value: String?) {
            if let value { writes.append(.init(controller, file, value)) }
        }
        write(.cpu, "cpu.cfs_period_us", settings.cpu.map { _ in "\(CgroupSettings.period)" })
        write(.cpu, "cpu.cfs_quota_us", settings.cpu?.text(none: "-1"))
        write(.cpu, "cpu.shares", settings.weight.map { "\(shares($0))" })
        write(.cpuset, "cpuset.cpus", settings.processors)
        write(.pids, "pids.max", settings.pids?.text)
        for device in settings.io {
            let limits = [
                ("read_bps", device.bytesRead), ("write_bps", device.bytesWritten),
                ("read_iops", device.reads), ("write_iops", device.writes),
            ]
            for (name, limit) in limits {
                // Zero takes a limit away.
                write(
                    .io, "blkio.throttle.\(name)_device",
                    limit.map { "\(device.major):\(device.minor) \($0.text(none: "0"))" })
            }
        }
        return writes
    }

    /// A weight of version 2 as shares, by the kernel's own rule: 100 is 1024.
    static func shares(_ weight: Int64) -> Int64 { max(2, (weight &* 1024 &+ 50) / 100) }

    /// Swap is limited together with memory here, and never below it: what is raised goes before what is not.
    private static func memory(
        _ settings: CgroupSettings, _ limits: MemoryLimits
    ) throws(CgroupUnsupported) -> [CgroupWrite] {
        guard settings.memory != nil || settings.swap != nil else { return [] }
        let memory: Int64 =
            switch settings.memory {
            case .amount(let amount): amount
            case .some(.none): .max
            case nil: limits.memory
            }
        let write = CgroupWrite(.memory, "memory.limit_in_bytes", text(memory))
        guard let before = limits.withSwap else {
            if settings.swap == nil { return [write] }
            throw CgroupUnsupported(
                "swap", "this kernel does not count swap by group; boot it with swapaccount=1")
        }
        let swap: Int64 =
            switch settings.swap {
            case .amount(let amount): amount
            case .some(.none): .max
            // What was allowed beside the memory stays allowed.
            case nil: before > unlimited || limits.memory > unlimited ? .max : max(0, before &- limits.memory)
            }
        let sum = memory.addingReportingOverflow(swap)
        let both = sum.overflow ? Int64.max : sum.partialValue
        if settings.swap != nil, settings.swap != CgroupLimit.none, memory > unlimited {
            throw CgroupUnsupported("swap", "version 1 of control groups limits it together with memory only")
        }
        let with = CgroupWrite(.memory, "memory.memsw.limit_in_bytes", text(both))
        return memory > before ? [with, write] : [write, with]
    }

    /// The kernel shows no limit as the most pages there can be.
    private static let unlimited: Int64 = 1 << 60

    private static func text(_ bytes: Int64) -> String { bytes > unlimited ? "-1" : "\(bytes)" }

    /// A count of bytes; nil for no limit.
    private static func limit(_ number: UInt64?) -> UInt64? {
        number.flatMap { $0 > UInt64(unlimited) ? nil : $0 }
    }

    /// The limits of a group now.
    static func limits(_ files: CgroupFiles) -> MemoryLimits {
        func amount(_ file: String) -> Int64? { files.number(file).map { Int64(clamping: $0) } }
        return MemoryLimits(
            memory: amount("memory.limit_in_bytes") ?? .max, withSwap: amount("memory.memsw.limit_in_bytes"))
    }

    /// What a group has used and met, out of the hierarchy of one controller or another.
    static func add(
        _ files: CgroupFiles, _ parts: [CgroupStatistics.Part], to statistics: inout CgroupStatistics
    ) {
        if parts.contains(.memory), let memory = memory(files) { statistics.memory = memory }
        if parts.contains(.cpu) { cpu(files, &statistics) }
        if parts.contains(.pids), let current = files.number("pids.current") {
            statistics.pids = .init(
                current: current, limit: files.number("pids.max"), peak: files.number("pids.peak"),
                refused: files.fields("pids.events")["max"])
        }
        let io = parts.contains(.io) ? io(files) : []
        if !io.isEmpty { statistics.io = io }
    }

    private static func memory(_ files: CgroupFiles) -> CgroupStatistics.Memory? {
        guard let current = files.number("memory.usage_in_bytes") else { return nil }
        let parts = files.fields("memory.stat")
        var memory = CgroupStatistics.Memory(current: current)
        memory.limit = limit(files.number("memory.limit_in_bytes"))
        memory.peak = files.number("memory.max_usage_in_bytes")
        if let both = files.number("memory.memsw.usage_in_bytes") {
            memory.swap = both > current ? both &- current : 0
        }
        memory.anonymous = parts["total_rss"] ?? parts["rss"]
        memory.file = parts["total_cache"] ?? parts["cache"]
        memory.timesAtLimit = files.number("memory.failcnt")
        memory.killed = files.fields("memory.oom_control")["oom_kill"]
        return memory
    }

    /// cpuacct counts in nanoseconds.
    private static func cpu(_ files: CgroupFiles, _ statistics: inout CgroupStatistics) {
        func seconds(_ number: UInt64?) -> Double? { number.map { Double($0) / 1e9 } }
        var cpu = statistics.cpu ?? .init()
        if let usage = seconds(files.number("cpuacct.usage")) {
            cpu.usage = usage
            cpu.user = seconds(files.number("cpuacct.usage_user"))
            cpu.system = seconds(files.number("cpuacct.usage_sys"))
        }
        let fields = files.fields("cpu.stat")
        if let periods = fields["nr_periods"] {
            cpu.periods = periods
            cpu.throttled = fields["nr_throttled"]
            cpu.throttledTime = seconds(fields["throttled_time"])
        }
        if cpu != .init() { statistics.cpu = cpu }
    }

    /// `"8:0 Read 4096"` a line.
    private static func io(_ files: CgroupFiles) -> [CgroupStatistics.Device] {
        var devices: [CgroupStatistics.Device] = []
        func add(_ file: String, _ path: (String) -> WritableKeyPath<CgroupStatistics.Device, UInt64>?) {
            for words in files.lines(file) where words.count == 3 {
                guard let path = path(words[1]), let number = UInt64(words[2]) else { continue }
                let index = devices.firstIndex { $0.device == words[0] } ?? devices.count
                if index == devices.count { devices.append(.init(device: words[0])) }
                devices[index][keyPath: path] = number
            }
        }
        add("blkio.throttle.io_service_bytes") { ["Read": \.bytesRead, "Write": \.bytesWritten][$0] }
        add("blkio.throttle.io_serviced") { ["Read": \.reads, "Write": \.writes][$0] }
        return devices
    }
}
