import Kernel
import Testing

@testable import struct Kernel.CgroupFiles
@testable import enum Kernel.CgroupVersion1
@testable import enum Kernel.CgroupVersion2
@testable import struct Kernel.CgroupWrite

@Suite("Control groups")
struct CgroupsTests {
    private func settings(_ change: (inout CgroupSettings) -> Void) -> CgroupSettings {
        var settings = CgroupSettings()
        change(&settings)
        return settings
    }

    private func lines(_ writes: [CgroupWrite]) -> [String] { writes.map { "\($0.file) \($0.value)" } }

    private let everything: (inout CgroupSettings) -> Void = {
        $0.memory = .amount(64 << 20)
        $0.swap = .amount(0)
        $0.cpu = .amount(50_000)
        $0.weight = 100
        $0.processors = "0-1"
        $0.pids = .amount(32)
        var disk = CgroupSettings.DeviceSpeed(major: 8, minor: 16)
        disk.bytesRead = .amount(1000)
        disk.writes = CgroupLimit.none
        $0.io = [disk]
    }

    @Test("version 2 is written in its own words")
    func version2() {
        let all = settings {
            everything(&$0)
            $0.high = .amount(48 << 20)
            $0.killsTogether = true
        }
        #expect(
            lines(CgroupVersion2.writes(all)) == [
                "memory.high 50331648", "memory.max 67108864", "memory.swap.max 0", "memory.oom.group 1",
                "cpu.max 50000 100000", "cpu.weight 100", "cpuset.cpus 0-1", "pids.max 32",
                "io.max 8:16 rbps=1000 wiops=max",
            ])
        #expect(
            lines(CgroupVersion2.writes(settings { $0.cpu = CgroupLimit.none })) == ["cpu.max max 100000"])
    }

    @Test("version 1 has other names, and counts swap with memory")
    func version1() throws {
        let limits = CgroupVersion1.MemoryLimits(memory: .max, withSwap: .max)
        #expect(
            try lines(CgroupVersion1.writes(settings(everything), limits: limits)) == [
                "memory.limit_in_bytes 67108864", "memory.memsw.limit_in_bytes 67108864",
                "cpu.cfs_period_us 100000", "cpu.cfs_quota_us 50000", "cpu.shares 1024", "cpuset.cpus 0-1",
                "pids.max 32", "blkio.throttle.read_bps_device 8:16 1000",
                "blkio.throttle.write_iops_device 8:16 0",
            ])
    }

    @Test("on version 1 more memory than the sum allows comes after the sum, less before it")
    func order() throws {
        let limits = CgroupVersion1.MemoryLimits(memory: 10 << 20, withSwap: 30 << 20)
        func order(_ change: (inout CgroupSettings) -> Void) throws -> [String] {
            try lines(CgroupVersion1.writes(settings(change), limits: limits))
        }
        #expect(
            try order { $0.memory = .amount(40 << 20) } == [
                "memory.memsw.limit_in_bytes 62914560", "memory.limit_in_bytes 41943040",
            ])
        #expect(
            try order { $0.memory = .amount(5 << 20) } == [
                "memory.limit_in_bytes 5242880", "memory.memsw.limit_in_bytes 26214400",
            ])
        #expect(
            try order {
                $0.memory = CgroupLimit.none
                $0.swap = CgroupLimit.none
            } == ["memory.memsw.limit_in_bytes -1", "memory.limit_in_bytes -1"])
    }

    @Test("what version 1 has no file for is refused by its name")
    func unsupported() {
        let limits = CgroupVersion1.MemoryLimits(memory: .max, withSwap: nil)
        func option(_ change: (inout CgroupSettings) -> Void) -> String? {
            do {
                _ = try CgroupVersion1.writes(settings(change), limits: limits)
                return nil
            } catch { return error.option }
        }
        #expect(option { $0.high = .amount(1 << 20) } == "high")
        #expect(option { $0.killsTogether = true } == "oom_group")
        #expect(option { $0.killsTogether = false } == nil)
        #expect(option { $0.swap = .amount(0) } == "swap")
    }

    @Test("shares are a weight by the kernel's rule", arguments: [(1, 10), (100, 1024), (10_000, 102_400)])
    func shares(weight: Int64, shares: Int64) {
        #expect(CgroupVersion1.shares(weight) == shares)
    }

    // Recorded from Linux 6.1 and 6.18 by cat.
    @Test("the figures of version 2 are read")
    func statistics2() {
        let files = CgroupFiles {
            [
                "memory.current": "4096\n", "memory.max": "max\n", "memory.high": "8192\n",
                "memory.stat": "anon 300\nfile 200\nkernel 1\n",
                "memory.events": "low 0\nhigh 2\nmax 7\noom 1\noom_kill 3\noom_group_kill 0\n",
                "cpu.stat": "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnr_throttled 4\n",
                "io.stat": "8:0 rbytes=18446744073709551615 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n8:16 \n",
                "pids.current": "3\n", "pids.max": "32\n", "pids.events": "max 5\n",
                "memory.pressure":
                    "some avg10=1.50 avg60=0.00 avg300=0.10 total=2000000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
            ][$0]
        }
        let read = CgroupVersion2.statistics(files, CgroupStatistics.Part.allCases)
        let part = CgroupVersion2.statistics(files, [.pids])
        #expect(part.pids == read.pids && part.memory == nil && part.pressure == [])
        #expect(read.memory?.current == 4096 && read.memory?.limit == nil && read.memory?.high == 8192)
        #expect(read.memory?.anonymous == 300 && read.memory?.killed == 3 && read.memory?.outOfMemory == 1)
        #expect(read.cpu?.usage == 1.5 && read.cpu?.system == 0.5 && read.cpu?.throttled == 4)
        #expect(read.pids?.current == 3 && read.pids?.limit == 32 && read.pids?.refused == 5)
        #expect(
            read.io.map(\.device) == ["8:0", "8:16"] && read.io[0].bytesRead == .max && read.io[1].reads == 0)
        #expect(read.pressure.count == 2 && read.pressure[0].tenSeconds == 1.5 && read.pressure[0].total == 2)
    }

    @Test("names that aim elsewhere, or hide the kernel's files, are refused")
    func names() {
        for bad in [
            "", "/", "/a", "a/", "a//b", "..", "a/..", "../a", ".", "a/./b", ".a", "a b", "a\n", "é",
            "cgroup.procs",
            "memory.max", "tasks", "a/release_agent", String(repeating: "a", count: 256),
        ] { #expect(Cgroup.problem(with: bad) != nil, "\(bad)") }
        for good in ["a", "demo", "a/b-c_d", "user@1000.service/x", "memory", "box.1"] {
            #expect(Cgroup.problem(with: good) == nil, "\(good)")
        }
    }

    @Test("device rules are read in version 1's form, and nothing else")
    func rules() {
        #expect(
            DeviceRule(Array("c 1:3 rw".utf8)) == DeviceRule(.character, major: 1, minor: 3, [.read, .write]))
        #expect(DeviceRule(Array("b *:* m".utf8)) == DeviceRule(.block, major: nil, minor: nil, .make))
        for bad in [
            "a *:* rwm", "c 1:3", "c 1:3 ", "c 1:3 rr", "c 1 rw", "c -1:3 r", "c 1:1048576 r", "c 1:3 rwx",
            " c 1:3 r",
        ] {
            #expect(DeviceRule(Array(bad.utf8)) == nil, "\(bad)")
        }
    }

    /// What the program answers, by an interpreter of the few instructions that it uses.
    private func run(_ program: [UInt64], _ context: [UInt32]) -> UInt64? {
        var registers = [UInt64](repeating: 0, count: 10)
        var index = 0
        while index < program.count {
            let word = program[index]
            let (to, from) = (Int(word >> 8 & 15), Int(word >> 12 & 15))
            let jump = Int(Int16(truncatingIfNeeded: word >> 16))
            let constant = word >> 32
            index += 1
            switch word & 0xff {
            case 0x61: registers[to] = UInt64(context[jump / 4])
            case 0xbf: registers[to] = registers[from]
            case 0xb7: registers[to] = constant
            case 0x57: registers[to] &= constant
            case 0x77: registers[to] >>= constant
            case 0x55: if registers[to] != constant { index += jump }
            case 0x5d: if registers[to] != registers[from] { index += jump }
            case 0x95: return registers[0]
            default: return nil
            }
        }
        return nil
    }

    @Test("the device program allows what a rule allows, and nothing else")
    func deviceProgram() {
        let rules = ["c 1:3 rw", "b *:* m", "c 10:* r"].compactMap { DeviceRule(Array($0.utf8)) }
        let program = DeviceProgram.assemble(rules)
        func allows(_ access: UInt32, _ type: UInt32, _ major: UInt32, _ minor: UInt32) -> Bool {
            run(program, [access << 16 | type, major, minor]) == 1
        }
        #expect(allows(2, 2, 1, 3) && allows(4, 2, 1, 3) && allows(6, 2, 1, 3))
        #expect(!allows(1, 2, 1, 3) && !allows(7, 2, 1, 3) && !allows(2, 2, 1, 5) && !allows(2, 1, 1, 3))
        #expect(allows(1, 1, 8, 0) && !allows(2, 1, 8, 0) && !allows(1, 2, 8, 0))
        #expect(allows(2, 2, 10, 229) && !allows(4, 2, 10, 229))
        #expect(run(DeviceProgram.assemble([]), [2 << 16 | 2, 1, 3]) == 0)
    }
}
