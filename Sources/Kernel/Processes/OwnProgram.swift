internal import CKernel
internal import Glibc

/// The file that this process runs, which a container must not get hold of: by way of /proc/PID/exe it could write to
/// it as soon as nobody runs it (CVE-2019-5736).
///
/// Before this process leaves the host's root, it takes hold of its file by a mount that it makes read-only: its own copy
/// of the one that the file lies on, where that is about to go, else one for the file alone, which takes the kernel ten
/// times as long to let go of. Before it first starts a process in there, which could look at it, it moves over to that
/// file. Who only becomes another program has nothing to move for. seal.c tells how.
enum OwnProgram {
    private final class Hold {
        let file: Descriptor
        /// The root of its mount, as long as that is yet to be made read-only: once it is nobody else's.
        var mount: Descriptor?

        init(_ file: consuming Descriptor, in mount: consuming Descriptor? = nil) {
            self.file = file
            self.mount = consume mount
        }
    }

    nonisolated(unsafe) private static var hold: Hold?
    nonisolated(unsafe) private static var process: Int32 = 0
    nonisolated(unsafe) private static var isSealed = false

    /// Takes hold of the file, while the host's root is in sight; `/` is about to be detached where `leavingRoot`.
    static func takeHold(leavingRoot: Bool = false) {
        if unsafe isSealed || (hold != nil && process == getpid()) { return }
        // Without the right to mount there is none to leave the root either.
        unsafe hold = try? open(leavingRoot: leavingRoot)
        unsafe process = getpid()
    }

    private static func open(leavingRoot: Bool) throws(SystemCallError) -> Hold {
        let running: Path = "/proc/self/exe"
        let path = try running.linkTarget()
        let file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW)
        var status = stat()
        try systemCall("stat", [.init("path", running.string)]) {
            unsafe running.withPlatformString { unsafe stat($0, &status) }
        }
        // Another file may have taken its place since.
        let found = try file.status()
        guard found.st_dev == status.st_dev, found.st_ino == status.st_ino else {
            throw SystemCallError("open", ESTALE, [.init("path", path.string)])
        }
        if leavingRoot, try Mount.identifier(at: path) == Mount.identifier(at: "/") {
            return Hold(file, in: try Descriptor.open("/", Descriptor.pathOnly | O_DIRECTORY))
        }
        let copy = try DetachedMount.copy(of: path)
        try copy.set(.readonly)
        return Hold(try Descriptor.open(Path("/proc/self/fd/\(copy.number)"), O_RDONLY))
    }

    /// Makes the old root read-only, which is about to be detached.
    static func protect() {
        guard let held = unsafe hold, let mount = held.mount?.number else { return }
        // AT_EMPTY_PATH
        let result = unsafe ck_mount_setattr(
            mount, "", 0x1000, UInt64(MountAttributes.readonly.rawValue), 0, 0)
        if result == 0 { held.mount = nil }
    }

    /// Moves over to the file, if hold was taken of it: before a process is started that might look at this one.
    static func seal() {
        guard !(unsafe isSealed), let held = unsafe hold else { return }
        unsafe hold = nil
        if unsafe process != getpid() { return }
        unsafe isSealed = true
        do { try move(to: held) } catch {
            // Then nobody without CAP_SYS_PTRACE may look.
            _ = ck_prctl(PR_SET_DUMPABLE, 0)
        }
    }

    private static func move(to held: Hold) throws(SystemCallError) {
        if held.mount?.number != nil { throw SystemCallError("mount_setattr", EBUSY) }
        let inode = "\(try held.file.status().st_ino)"
        // A /proc of our own: the one in sight, if any, is the container's.
        let processes = try FilesystemContext("proc").mount()
        func read(_ name: Path) throws(SystemCallError) -> String {
            let file = try Descriptor.open(name, O_RDONLY, at: processes.number)
            return String(decoding: try file.readToEnd(), as: UTF8.self)
        }
        let (maps, statistics) = (try read("self/maps"), try read("self/stat"))
        var (start, end): (UInt, UInt) = (0, 0)
        unsafe ck_program_data(&start, &end)
        for line in maps.split(separator: "\n") {
            guard let part = Part(line, inode: inode) else { continue }
            try systemCall("mmap") {
                part.start < end && part.end > start
                    ? ck_copy_in_place(part.start, part.end, part.protection)
                    : ck_map_again(held.file.number, part.start, part.end, part.protection, part.offset)
            }
        }
        // proc_pid_stat(5): the third field is the first after the name.
        guard let name = statistics.lastIndex(of: ")") else { throw SystemCallError("prctl", EINVAL) }
        let places = try Self.places(in: statistics[name...])
        try systemCall("prctl") { unsafe ck_program_becomes(held.file.number, places) }
    }

    private static func places(in text: Substring) throws(SystemCallError) -> [UInt64] {
        let fields = text.split(separator: " ").dropFirst().map(String.init)
        // startcode, endcode, startstack, start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end.
        let places = [26, 27, 28, 45, 46, 47, 48, 49, 50, 51].compactMap { number in
            number - 2 < fields.count ? UInt64(fields[number - 3]) : nil
        }
        guard places.count == 10 else { throw SystemCallError("prctl", EINVAL) }
        return places
    }

    /// One line of proc_pid_maps(5) that shows this program's own file.
    private struct Part {
        let start, end: UInt
        let protection: Int32
        let offset: Int

        init?(_ line: Substring, inode: String) {
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count > 4, fields[4] == inode else { return nil }
            let range = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard range.count == 2, let offset = Int(fields[2], radix: 16) else { return nil }
            (start, end, self.offset) = (range[0], range[1], offset)
            let flags = fields[1]
            protection =
                (flags.contains("r") ? PROT_READ : 0) | (flags.contains("w") ? PROT_WRITE : 0)
                | (flags.contains("x") ? PROT_EXEC : 0)
        }
    }
}
