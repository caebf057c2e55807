internal import CKernel
internal import Glibc

/// A program of classic BPF that decides on each system call: seccomp(2).
public struct SystemCallFilter: Sendable, Equatable {
    /// Instructions of `struct sock_filter`, eight bytes each, as this machine orders them.
    public let instructions: [UInt8]
    /// Whether what the filter refuses is noted in the audit log.
    public let isLogged: Bool

    /// A filter; nil where the bytes are no whole number of instructions, or more than the kernel takes.
    public init?(instructions: [UInt8], isLogged: Bool = false) {
        guard instructions.count % 8 == 0, (1...4096).contains(instructions.count / 8) else { return nil }
        self.instructions = instructions
        self.isLogged = isLogged
    }

    /// Those that a process is under, in the order in which they were laid on it: PTRACE_SECCOMP_GET_FILTER of ptrace(2).
    ///
    /// The process is stopped for a moment. EACCES without CAP_SYS_ADMIN in the first user namespace, EIO where the kernel
    /// has no such request.
    static func all(of pid: Int32) throws(SystemCallError) -> [SystemCallFilter] {
        // Room for as much as the kernel lets a process be under: it is read once the tracer has ended.
        let ends = try Descriptor.pipe(size: 1 << 19)
        let reading = Descriptor(owning: ends.reading)
        let writing = Descriptor(owning: ends.writing)
        // One whose end lets go of the process, whatever happens: a frozen one does not stop.
        guard let tracer = try Child.clone() else {
            try? writing.write(read(of: pid))
            _exit(0)
        }
        _ = consume writing
        let hasEnded = try tracer.wait(timeout: 2000) != nil
        try tracer.end()
        guard hasEnded else { throw SystemCallError("ptrace", ETIMEDOUT, [.init("pid", "\(pid)")]) }
        var rest = try reading.readToEnd()[...]
        guard rest.count >= 4 else { throw SystemCallError("ptrace", EIO, [.init("pid", "\(pid)")]) }
        func number() -> Int {
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let refusal = Int32(number())
        if refusal != 0 { throw SystemCallError("ptrace", refusal, [.init("pid", "\(pid)")]) }
        var filters: [SystemCallFilter] = []
        while rest.count >= 4 {
            let size = number() * 8
            if let filter = SystemCallFilter(instructions: Array(rest.prefix(size))) {
                filters.append(filter)
            }
            rest = rest.dropFirst(size)
        }
        return filters
    }

    /// In the tracer: an error's number or 0, then each filter's count of instructions and they themselves.
    private static func read(of pid: Int32) -> [UInt8] {
        func bytes(_ number: Int32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        guard ck_seccomp_stop(pid) == 0 else { return bytes(errno) }
        var found = bytes(0)
        var instructions = [UInt8](repeating: 0, count: 4096 * 8)
        for place in 0..<UInt32.max {
            let count = unsafe ck_seccomp_read(pid, place, &instructions)
            // ENOENT: there are no more.
            if count < 0, errno == ENOENT { break }
            if count < 0 { return bytes(errno) }
            found += bytes(count) + instructions.prefix(Int(count) * 8)
        }
        return found
    }

    /// Lays it on this process and its children for good. EACCES without CAP_SYS_ADMIN or no_new_privs.
    public func load() throws(SystemCallError) {
        try systemCall("seccomp") {
            unsafe instructions.withUnsafeBytes {
                unsafe ck_seccomp_load($0.baseAddress, UInt16($0.count / 8), isLogged ? 2 : 0)
            }
        }
    }
}
