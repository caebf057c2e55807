internal import CKernel
internal import Glibc

/// How this process fares against others: sched(7), proc_pid_oom_score_adj(5).
public enum Scheduling {
    /// The niceness, from -20 for the most favoured to 19: getpriority(2).
    public static func niceness() throws(SystemCallError) -> Int32 {
        var niceness: Int32 = 0
        try systemCall("getpriority") { unsafe ck_get_niceness(&niceness) }
        return niceness
    }

    /// setpriority(2). EACCES below the present one without CAP_SYS_NICE.
    public static func setNiceness(_ niceness: Int32) throws(SystemCallError) {
        try systemCall("setpriority", [.init("niceness", "\(niceness)")]) { ck_set_niceness(niceness) }
    }

    /// How readily the kernel kills this process when memory runs out, from -1000 for never to 1000.
    public static func outOfMemoryScore() throws(SystemCallError) -> Int32 {
        try outOfMemoryScore(numbered: "self")
    }

    /// The same of a process by its number below /proc.
    static func outOfMemoryScore(numbered number: String) throws(SystemCallError) -> Int32 {
        let text = String(decoding: try ProcessFiles.read("\(number)/oom_score_adj"), as: UTF8.self)
        return Int32(text.prefix { !$0.isWhitespace }) ?? 0
    }

    /// Sets it. EACCES below the lowest so far without CAP_SYS_RESOURCE.
    public static func setOutOfMemoryScore(_ score: Int32) throws(SystemCallError) {
        let file = try ProcessFiles.open("self/oom_score_adj", O_WRONLY)
        do { try file.write(Array("\(score)".utf8)) } catch {
            throw SystemCallError("write", error.number, [.init("path", "/proc/self/oom_score_adj")])
        }
        guard try outOfMemoryScore() == score else {
            throw SystemCallError("write", EINVAL, [.init("path", "/proc/self/oom_score_adj")])
        }
    }

    /// Goes back to the usual policy, priority of input and output, and personality: sched(7), ioprio_set(2),
    /// personality(2).
    public static func reset() throws(SystemCallError) {
        try systemCall("sched_setscheduler") { ck_reset_scheduling() }
    }

    /// The numbers of the processors that this process may run on: sched_getaffinity(2).
    public static func processors() throws(SystemCallError) -> [Int] {
        var mask = [UInt64](repeating: 0, count: 128)
        try systemCall("sched_getaffinity") { unsafe ck_get_affinity(&mask, mask.count * 8) }
        var numbers: [Int] = []
        for (index, word) in mask.enumerated() where word != 0 {
            for bit in 0..<64 where word >> UInt64(bit) & 1 != 0 { numbers.append(index * 64 + bit) }
        }
        return numbers
    }

    /// The numbers in a list as the kernel writes them: `"0-3,7"`.
    static func processors(listed text: Substring) -> [Int] {
        text.split(separator: ",").flatMap { run -> [Int] in
            let ends = run.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last, last < 8192 else { return [] }
            return Array(first...last)
        }
    }

    /// sched_setaffinity(2): these, or all that the cpuset allows where nil.
    public static func setProcessors(_ numbers: [Int]?) throws(SystemCallError) {
        var mask = [UInt64](repeating: numbers == nil ? .max : 0, count: 128)
        for number in numbers ?? [] where (0..<mask.count * 64).contains(number) {
            mask[number / 64] |= 1 << UInt64(number % 64)
        }
        try systemCall("sched_setaffinity") { unsafe ck_set_affinity(mask, mask.count * 8) }
    }
}

/// The keys that a login leaves to its processes: session-keyring(7).
public enum SessionKeyring {
    /// Joins a new one, so that no key of the old one is at hand: keyctl(2).
    public static func renew() throws(SystemCallError) {
        try systemCall("keyctl") { ck_new_session_keyring() }
    }
}
