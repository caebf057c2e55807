internal import Kernel

/// Hints of the mount calls.
func mountHint(_ error: SystemCallError) -> String? {
    func subject(_ role: String) -> String? { error.subjects.first { $0.role == role }?.text }
    switch (error.call, error.code) {
    case ("fsopen", "ENODEV"):
        guard let type = subject("type"), let known = try? FilesystemTypes.contains(type), !known else {
            return nil
        }
        return "this kernel has no \(type) (not in /proc/filesystems); try: modprobe \(type)"
    case ("LOOP_CONFIGURE", "EINVAL"): return "only a regular file or a block device can be looped over"
    case ("fsconfig", "ENOTBLK"):
        guard let source = subject("source"),
            let status = try? FileStatus.read(RootPath(Path(source), in: nil), following: true),
            status.kind == .file
        else { return nil }
        return "a file is mounted with loop = true"
    case ("LOOP_CONFIGURE", "EBUSY") where error.detail != nil:
        return "mount it the same way, or let go of that device first: losetup -d"
    case ("openat2", "ELOOP") where error.detail == RootPath.refusal:
        return "the image has a link where a directory of its own belongs; remove it there"
    case ("openat2", "ELOOP"):
        return "name what the link leads to, or give root = DIRECTORY to stay inside it"
    case ("openat2", "ENOENT"): return "mkdir = true makes a missing target"
    case ("umount", "EBUSY"):
        let table = (try? MountTable.read()) ?? []
        let path = Path(subject("target") ?? "/")
        let below = table.filter { $0.target != path && $0.target.lies(in: path) }.map(\.target.string)
        if below.isEmpty { return "a process works in it; detach = true takes it out of sight all the same" }
        return "mounted below it: \(below.prefix(3).joined(separator: " ")); try recursive = true"
    case ("umount", "EINVAL"): return "nothing is mounted there, or it was mounted outside this namespace"
    case ("pivot_root", "EINVAL"):
        return "mounts must be private first: fs.propagation(\"/\", \"private\", { recursive = true })"
    case ("openat", "ENOENT") where subject("path") == "/dev/loop-control": return "try: modprobe loop"
    case ("statfs", "ENOENT") where subject("path") == "/proc":
        return "mount it: fs.mount{ type = \"proc\", target = \"/proc\" }"
    default: return nil
    }
}
