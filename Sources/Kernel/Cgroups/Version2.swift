/// The files of version 2: the kernel's Documentation/admin-guide/cgroup-v2.rst.
enum CgroupVersion2 {
    /// What to write for some settings, in order; devices are not among them.
    static func writes(_ settings: CgroupSettings) -> [CgroupWrite] {
        var writes: [CgroupWrite] = []
        func write(_ controller: CgroupController, _ file: String, _ value: String?) {
            if let value { writes.append(.init(controller, file, value)) }
        }
        write(.memory, "memory.high", settings.high?.text)
        write(.memory, "memory.max", settings.memory?.text)
        write(.memory, "memory.swap.max", settings.swap?.text)
        write(.memory, "memory.oom.group", settings.killsTogether.map { $0 ? "1" : "0" })
        write(.cpu, "cpu.max", settings.cpu.map { "\($0.text) \(CgroupSettings.period)" })
        write(.cpu, "cpu.weight", settings.weight.map(String.init))
        write(.cpuset, "cpuset.cpus", settings.processors)
        write(.pids, "pids.max", settings.pids?.text)
        for device in settings.io {
            let limits = [
                ("rbps", device.bytesRead), ("wbps", device.bytesWritten), ("riops", device.reads),
                ("wiops", device.writes),
            ].compactMap { name, limit in limit.map { "\(name)=\($0.text)" } }
            write(.io, "io.max", (["\(device.major):\(device.minor)"] + limits).joined(separator: " "))
        }
        return writes
    }

    /// What a group of version 2 has used and met.
    static func statistics(_ files: CgroupFiles, _ parts: [CgroupStatistics.Part]) -> CgroupStatistics {
        var statistics = CgroupStatistics()
        if parts.contains(.memory) { statistics.memory = memory(files) }
        if parts.contains(.cpu) { statistics.cpu = cpu(files) }
        if parts.contains(.pids), let current = files.number("pids.current") {
            statistics.pids = .init(
                current: current, limit: files.number("pids.max"), peak: files.number("pids.peak"),
                refused: files.fields("pids.events")["max"])
        }
        if parts.contains(.io) { statistics.io = io(files) }
        if parts.contains(.pressure) { statistics.pressure = pressure(files) }
        return statistics
    }

    private static func memory(_ files: CgroupFiles) -> CgroupStatistics.Memory? {
        guard let current = files.number("memory.current") else { return nil }
        let (parts, events) = (files.fields("memory.stat"), files.fields("memory.events"))
        var memory = CgroupStatistics.Memory(current: current)
        memory.limit = files.number("memory.max")
        memory.high = files.number("memory.high")
        memory.peak = files.number("memory.peak")
        memory.swap = files.number("memory.swap.current")
        memory.anonymous = parts["anon"]
        memory.file = parts["file"]
        memory.timesHigh = events["high"]
        memory.timesAtLimit = events["max"]
        memory.outOfMemory = events["oom"]
        memory.killed = events["oom_kill"]
        return memory
    }

    private static func cpu(_ files: CgroupFiles) -> CgroupStatistics.Processors? {
        let fields = files.fields("cpu.stat")
        func seconds(_ name: String) -> Double? { fields[name].map { Double($0) / 1e6 } }
        if fields.isEmpty { return nil }
        return CgroupStatistics.Processors(
            usage: seconds("usage_usec"), user: seconds("user_usec"), system: seconds("system_usec"),
            periods: fields["nr_periods"], throttled: fields["nr_throttled"],
            throttledTime: seconds("throttled_usec"))
    }

    /// `"8:0 rbytes=1 wbytes=2 rios=3 wios=4 ..."` a device.
    private static func io(_ files: CgroupFiles) -> [CgroupStatistics.Device] {
        files.lines("io.stat").compactMap { words in
            guard let device = words.first else { return nil }
            let fields = CgroupFiles.assignments(words.dropFirst())
            return .init(
                device: device, bytesRead: fields["rbytes"] ?? 0, bytesWritten: fields["wbytes"] ?? 0,
                reads: fields["rios"] ?? 0, writes: fields["wios"] ?? 0)
        }
    }

    private static func pressure(_ files: CgroupFiles) -> [CgroupStatistics.Pressure] {
        ["cpu", "memory", "io"].flatMap { resource in
            files.lines("\(resource).pressure").compactMap { words in
                guard let extent = words.first else { return nil }
                let fields = CgroupFiles.decimals(words.dropFirst())
                guard let ten = fields["avg10"], let sixty = fields["avg60"], let longest = fields["avg300"],
                    let total = fields["total"]
                else { return nil }
                return CgroupStatistics.Pressure(
                    resource: resource, extent: extent, tenSeconds: ten, minute: sixty, fiveMinutes: longest,
                    total: total / 1e6)
            }
        }
    }
}
