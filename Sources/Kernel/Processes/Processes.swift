internal import CKernel
internal import Glibc

/// The processes in sight, and what this one can do to itself.
public enum Processes {
    nonisolated(unsafe) private static var copies = 0
    /// How many copies of copies this process is: unlike its pid, it differs from that of every process it came from,
    /// since the first process of a pid namespace is 1 like that of the one around it.
    public static var generation: Int { unsafe copies }

    /// The pid of this run's first process, in the pid namespace that it is in; nil where this is that process.
    nonisolated(unsafe) static private(set) var first: Int32?

    /// To be called in a copy of this process first, with the pid of the copied one.
    static func beginCopy(of pid: Int32) {
        if unsafe first == nil { unsafe first = pid }
        unsafe copies += 1
    }

    /// This process's pid in its pid namespace.
    public static var current: Int32 { getpid() }

    /// The pid of the process that made this one; 0 where it is out of sight.
    public static var parent: Int32 { getppid() }

    /// One process as proc_pid_stat(5) has it.
    public struct Entry: Sendable, Equatable {
        public let pid: Int32
        public let parent: Int32
        /// The first 15 bytes of the program's name.
        public let name: String
        /// The arguments.
        public let command: [[UInt8]]
        /// One letter: R running, S sleeping, D waiting for a disk, Z ended, T stopped.
        public let state: String
        /// The effective user.
        public let user: UInt32
    }

    /// All processes that the mounted /proc shows, by pid.
    public static func list() throws(SystemCallError) -> [Entry] {
        try checkProc()
        guard let directory = unsafe opendir("/proc") else {
            throw SystemCallError("open", errno, [.init("path", "/proc")])
        }
        defer { unsafe closedir(directory) }
        var pids: [Int32] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let pid = Int32(name) { pids.append(pid) }
        }
        // One that ends meanwhile is no longer there.
        return pids.sorted().compactMap { try? read($0) }
    }

    /// A process by its pid. ENOENT where there is none.
    public static func read(_ pid: Int32) throws(SystemCallError) -> Entry {
        let stat = String(
            decoding: try Descriptor.open(Path("/proc/\(pid)/stat"), 0).readToEnd(), as: UTF8.self)
        let directory = try Descriptor.open(Path("/proc/\(pid)"), O_DIRECTORY)
        let command = try Descriptor.open(Path("/proc/\(pid)/cmdline"), 0).readToEnd()
        // The name stands in parentheses and may contain some.
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")") else {
            throw SystemCallError("read", EINVAL, [.init("pid", "\(pid)")])
        }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        return Entry(
            pid: pid, parent: fields.count > 1 ? Int32(fields[1]) ?? 0 : 0,
            name: String(stat[stat.index(after: open)..<close]),
            command: command.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init),
            state: fields.first.map(String.init) ?? "?", user: try directory.status().st_uid)
    }

    /// What tells a process by its number below /proc from others, whichever pid namespace that /proc numbers for: its pid
    /// in its own, and when it began.
    public static func identity(_ number: Int32) throws(SystemCallError) -> [UInt64] {
        let status = String(decoding: try ProcessFiles.read("\(number)/status"), as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }
        let own = line?.split(separator: "\t").last.flatMap { UInt64($0) }
        return [own ?? UInt64(number), ProcessStart.read(number) ?? 0]
    }

    /// What tells the procfs in sight from others, which may number processes otherwise.
    public static func numbering() throws(SystemCallError) -> UInt64 {
        UInt64(try Descriptor.open("/proc", O_DIRECTORY).status().st_dev)
    }

    /// ENOENT where no procfs is mounted at /proc: an image could put files of its own there.
    private static func checkProc() throws(SystemCallError) {
        let proc = [SystemCallError.Subject("path", "/proc")]
        let type = try systemCall("statfs", proc) {
            unsafe "/proc".withCString { unsafe ck_filesystem_type($0) }
        }
        guard type == PROC_SUPER_MAGIC else {
            throw SystemCallError(
                "statfs", ENOENT, [.init("path", "/proc")], detail: "no procfs is mounted there")
        }
    }

    /// Sends a signal by way of a pidfd.
    public static func signal(_ pid: Int32, _ number: Int32) throws(SystemCallError) {
        let subject = SystemCallError.Subject("pid", "\(pid)")
        let pidfd = Descriptor(owning: try systemCall("pidfd_open", [subject]) { ck_pidfd_open(pid) })
        try systemCall("pidfd_send_signal", [subject]) { ck_pidfd_send_signal(pidfd.number, number) }
    }

    /// Is killed when the parent ends: PR_SET_PDEATHSIG. Where it has ended already there is nothing left to wait for.
    public static func dieWithParent() throws(SystemCallError) { try dieWithParent(by: UInt(SIGKILL)) }

    static func dieWithParent(by signal: UInt) throws(SystemCallError) {
        try systemCall("prctl") { ck_prctl(PR_SET_PDEATHSIG, signal) }
        if ck_parent_has_ended() != 0 { leave(128 + SIGKILL) }
    }

    /// PR_SET_DUMPABLE: who becomes another user, but was not to be hidden from anybody, stays so. Else what /proc has of
    /// this process would be the machine's root's from then on.
    public static func stayingDumpable(_ change: () throws(SystemCallError) -> Void) throws(SystemCallError) {
        let isShown = ck_prctl(PR_GET_DUMPABLE, 0) == 1
        try change()
        if isShown { try systemCall("prctl") { ck_prctl(PR_SET_DUMPABLE, 1) } }
    }

    /// setsid(2): out of the session of who started it, whose terminal it could type into, and out of its process group.
    ///
    /// Nothing changes for who leads a session already.
    public static func leaveSession() { _ = setsid() }

    /// Ends this process at once, after what was printed is written.
    public static func leave(_ status: Int32) -> Never {
        ck_flush()
        _exit(status)
    }

    /// Sleeps; EINTR when a stop signal arrives.
    public static func sleep(milliseconds: Int32) throws(SystemCallError) {
        try systemCall("poll", retry: false) { ck_poll(-1, 0, milliseconds) }
    }
}
