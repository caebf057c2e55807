internal import CKernel
internal import Glibc

/// The file that this process runs, which a container must not get hold of: by way of /proc/PID/exe, or as the
/// interpreter of a script that names /proc/self/exe for one, it could change the file, or write to it as soon as nobody
/// runs it (CVE-2019-5736).
///
/// So this process comes to run the same file from a mount of its own that refuses writing, before it makes a process in
/// a new mount namespace, which inherits that, or leaves the host's root itself. seal.c tells how.
enum OwnProgram {
    nonisolated(unsafe) private static var hasMoved = false

    /// Moves over, while the host's root and /proc are in sight; once is enough.
    ///
    /// Throws EPERM where this process may not mount, as an ordinary user: in a user namespace it may.
    static func moveOver() throws(SystemCallError) {
        if unsafe hasMoved { return }
        try move()
        unsafe hasMoved = true
    }

    /// The same before the host's root is left. Where it cannot be done, nobody without CAP_SYS_PTRACE may look.
    static func leaveHost() {
        do { try moveOver() } catch { _ = ck_prctl(PR_SET_DUMPABLE, 0) }
    }

    private static func move() throws(SystemCallError) {
        let running: Path = "/proc/self/exe"
        let copy = try DetachedMount.copy(of: try running.linkTarget())
        try copy.set(.readonly)
        let file = try Descriptor.open(Path("/proc/self/fd/\(copy.number)"), O_RDONLY)
        var status = stat()
        try systemCall("stat", [.init("path", running.string)]) {
            unsafe running.withPlatformString { unsafe stat($0, &status) }
        }
        // Another file may have taken its place since.
        let found = try file.status()
        guard found.st_dev == status.st_dev, found.st_ino == status.st_ino else {
            throw SystemCallError("open", ESTALE, [.init("path", running.string)])
        }
        let maps = try Descriptor.open("/proc/self/maps", O_RDONLY).readToEnd()
        let pages = try Descriptor.open("/proc/self/pagemap", O_RDONLY)
        var (start, end): (UInt, UInt) = (0, 0)
        unsafe ck_program_data(&start, &end)
        var rest = maps[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            rest = rest[line.endIndex...].dropFirst()
            guard let part = Part(line, inode: found.st_ino) else { continue }
            try systemCall("mmap") {
                let isData = part.start < end && part.end > start
                return ck_map_again(
                    file.number, isData ? pages.number : -1, part.start, part.end, part.protection,
                    part.offset)
            }
        }
        try tell(file)
    }

    /// Tells the kernel, with the places that it knows of this program already.
    private static func tell(_ file: borrowing Descriptor) throws(SystemCallError) {
        let statistics = try Descriptor.open("/proc/self/stat", O_RDONLY).readToEnd()
        // proc_pid_stat(5): the third field is the first after the name, which is in parentheses.
        guard let name = statistics.lastIndex(of: UInt8(ascii: ")")) else {
            throw SystemCallError("prctl", EINVAL)
        }
        var fields = Fields(statistics[name...])
        _ = fields.next()
        let result = unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 52) { places in
            for number in 3...51 { unsafe places[number] = fields.next().flatMap { $0.number(10) } ?? 0 }
            return unsafe places.baseAddress.map { unsafe ck_program_becomes(file.number, $0) } ?? -1
        }
        try systemCall("prctl") { result }
    }

    /// One line of proc_pid_maps(5) that shows this program's own file.
    private struct Part {
        let start, end: UInt
        let protection: Int32
        let offset: Int

        init?(_ line: ArraySlice<UInt8>, inode: ino_t) {
            var fields = Fields(line)
            guard let range = fields.next(), let flags = fields.next(),
                let offset = fields.next()?.number(16),
                fields.next() != nil, fields.next()?.number(10) == UInt64(inode),
                let dash = range.firstIndex(of: UInt8(ascii: "-")),
                let start = range[..<dash].number(16), let end = range[(dash + 1)...].number(16)
            else { return nil }
            (self.start, self.end, self.offset) = (UInt(start), UInt(end), Int(offset))
            func has(_ letter: Unicode.Scalar) -> Bool { flags.contains(UInt8(ascii: letter)) }
            protection = (has("r") ? PROT_READ : 0) | (has("w") ? PROT_WRITE : 0) | (has("x") ? PROT_EXEC : 0)
        }
    }

    /// What stands between spaces.
    private struct Fields {
        private var rest: ArraySlice<UInt8>
        init(_ line: ArraySlice<UInt8>) { rest = line }

        mutating func next() -> ArraySlice<UInt8>? {
            rest = rest.drop { $0 == UInt8(ascii: " ") }
            if rest.isEmpty { return nil }
            defer { rest = rest.drop { $0 != UInt8(ascii: " ") } }
            return rest.prefix { $0 != UInt8(ascii: " ") }
        }
    }
}

extension ArraySlice<UInt8> {
    /// As an unsigned number in lower-case digits; nil where it is none.
    fileprivate func number(_ radix: UInt64) -> UInt64? {
        var number: UInt64 = 0
        for digit in self {
            let value = digit > 57 ? UInt64(digit) &- 87 : UInt64(digit) &- 48
            if value >= radix { return nil }
            number = number &* radix &+ value
        }
        return isEmpty ? nil : number
    }
}
