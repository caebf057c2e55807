internal import CKernel
internal import Glibc

/// The file that this process runs, which a container must not get hold of: by way of /proc/PID/exe, or as the
/// interpreter of a script that names /proc/self/exe for one, it could change the file, or write to it as soon as nobody
/// runs it (CVE-2019-5736).
///
/// Before this process leaves the host's root, it takes hold of its file by a mount that it makes read-only: its own copy
/// of the one that the file lies on, where that is about to go, else one for the file alone, which takes the kernel ten
/// times as long to let go of. Before it starts a process in there, which could look at it, it moves over to that file:
/// seal.c tells how. Who only becomes another program does so by way of a stage.
enum OwnProgram {
    private final class Hold {
        let file: Descriptor
        /// The root of its mount, as long as that is yet to be made read-only: once it is nobody else's.
        var mount: Descriptor?
        /// proc_pid_pagemap(5). The /proc in sight later, if any, is the container's.
        let pages: Descriptor

        init(_ file: consuming Descriptor, in mount: consuming Descriptor? = nil) throws(SystemCallError) {
            self.file = file
            self.mount = consume mount
            pages = try Descriptor.open("/proc/self/pagemap", O_RDONLY)
        }
    }

    nonisolated(unsafe) private static var hold: Hold?
    nonisolated(unsafe) private static var process: Int32 = 0
    nonisolated(unsafe) private static var hasMoved = false
    /// Whether this process, or who it is a copy of, has left the root that it was started in.
    nonisolated(unsafe) private(set) static var hasLeftHost = false

    /// Takes hold of the file, while the host's root is in sight; `/` is about to be detached where `leavingRoot`.
    static func takeHold(leavingRoot: Bool = false) {
        unsafe hasLeftHost = true
        if unsafe hasMoved || (hold != nil && process == getpid()) { return }
        do { unsafe hold = try open(leavingRoot: leavingRoot) } catch { hide() }
        unsafe process = getpid()
    }

    /// Before this process makes a copy that may leave the host: who makes several moves over itself, and its copies are
    /// spared that. An ordinary user's may mount, but not this process.
    static func prepareForCopy() {
        unsafe copies += 1
        guard unsafe copies == 2, unsafe !hasMoved, unsafe hold == nil,
            let held = try? open(leavingRoot: false)
        else { return }
        unsafe hold = held
        unsafe process = getpid()
        move()
    }

    nonisolated(unsafe) private static var copies = 0

    /// Where it cannot be done, nobody without CAP_SYS_PTRACE may look.
    private static func hide() { _ = ck_prctl(PR_SET_DUMPABLE, 0) }

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
            return try Hold(file, in: try Descriptor.open("/", Descriptor.pathOnly | O_DIRECTORY))
        }
        let copy = try DetachedMount.copy(of: path)
        try copy.set(.readonly)
        return try Hold(try Descriptor.open(Path("/proc/self/fd/\(copy.number)"), O_RDONLY))
    }

    /// Makes the old root read-only, which is about to be detached.
    static func protect() {
        guard let held = unsafe hold, let mount = held.mount?.number else { return }
        // AT_EMPTY_PATH
        let result = unsafe ck_mount_setattr(
            mount, "", 0x1000, UInt64(MountAttributes.readonly.rawValue), 0, 0)
        if result == 0 { held.mount = nil }
    }

    /// Moves over to the file, if hold was taken of it.
    static func move() {
        guard !(unsafe hasMoved), let held = unsafe hold else { return }
        unsafe hold = nil
        // What another process took hold of says nothing of this one's memory; it moved before it made this one.
        if unsafe process != getpid() { return }
        unsafe hasMoved = true
        do { try move(to: held) } catch { hide() }
    }

    private static func move(to held: Hold) throws(SystemCallError) {
        if held.mount?.number != nil { throw SystemCallError("mount_setattr", EBUSY) }
        try systemCall("prctl") { ck_program_moves(held.file.number, held.pages.number) }
    }
}
