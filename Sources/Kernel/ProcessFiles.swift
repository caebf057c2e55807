internal import CKernel
internal import Glibc

/// Files below /proc that are the kernel's and nobody else's: an image could put files, links or mounts of its own
/// there (CVE-2019-16884, CVE-2025-52881).
public enum ProcessFiles {
    /// Opens a file by its path below /proc. ENOENT where no procfs is mounted there, EXDEV where something is
    /// mounted over the file.
    static func open(_ path: String, _ flags: Int32) throws(SystemCallError) -> Descriptor {
        let subject = SystemCallError.Subject("path", "/proc/" + path)
        let root = try Descriptor.open("/proc", Descriptor.pathOnly | O_DIRECTORY | O_NOFOLLOW)
        let type = try systemCall("fstatfs", [subject]) { ck_filesystem_type_of(root.number) }
        // 1 is the inode of a procfs's own root; a directory inside one could be bound there.
        let number = try root.status().st_ino
        guard type == PROC_SUPER_MAGIC, number == 1 else {
            throw SystemCallError(
                "statfs", ENOENT, [.init("path", "/proc")], detail: "no procfs is mounted there")
        }
        let resolution: PathResolution = [.noMounts, .noMagicLinks]
        return Descriptor(
            owning: try systemCall("openat2", [subject]) {
                unsafe path.withCString {
                    unsafe Descriptor.openResolved($0, flags, in: root.number, resolution)
                }
            })
    }

    /// The number below /proc of the process that a pidfd stands for: the /proc in sight may belong to another pid
    /// namespace than this process is in. ESRCH where it is not in sight there.
    static func number(of pidfd: Int32) throws(SystemCallError) -> Int32 {
        let text = String(decoding: try read("self/fdinfo/\(pidfd)"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("Pid:") }
        guard let number = line.flatMap({ Int32($0.dropFirst(4).drop { $0 == "\t" }) }), number > 0 else {
            throw SystemCallError(
                "open", ESRCH, [.init("path", "/proc")],
                detail: "the /proc in sight does not show the process")
        }
        return number
    }

    /// A file's whole content.
    static func read(_ path: String) throws(SystemCallError) -> [UInt8] {
        try open(path, O_RDONLY).readToEnd(limit: 1 << 20)
    }
}
