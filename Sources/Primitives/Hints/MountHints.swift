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
    case ("open_tree", "EINVAL"):
        let source = Path(subject("source") ?? "/")
        let table = (try? MountTable.read()) ?? []
        guard let path = try? source.absolute(),
            table.contains(where: { $0.target != path && $0.target.lies(in: path) })
        else { return nil }
        return "what is mounted below it must come along: recursive = true"
    case ("fsopen", "EPERM"), ("fsmount", "EPERM"), ("fsconfig", "EPERM"):
        return kernelsMountHint(subject("type") ?? "")
    case ("pivot_root", "EINVAL"):
        return "mounts must be private first: fs.propagation(\"/\", \"private\", { recursive = true })"
    case ("openat", "ENOENT") where subject("path") == "/dev/loop-control": return "try: modprobe loop"
    case ("statfs", "ENOENT") where subject("path") == "/proc":
        return "mount it: fs.mount{ type = \"proc\", target = \"/proc\" }"
    default: return nil
    }
}

/// Why the kernel's own filesystems are not for a user namespace that does not own what they show.
private func kernelsMountHint(_ type: String) -> String? {
    let missing: String
    switch type {
    case "proc": missing = "pid"
    case "sysfs": missing = "net"
    case "mqueue": missing = "ipc"
    case "cgroup", "cgroup2": missing = "cgroup"
    default: return nil
    }
    guard Credentials.canAdministrate else { return nil }
    if let kind = Namespace(rawValue: missing), kind.isOwn {
        let table = (try? MountTable.read()) ?? []
        let shown = table.filter { $0.type == type }
        let covering = table.first { mount in
            shown.contains { $0.target != mount.target && mount.target.lies(in: $0.target) }
        }
        guard let covering else { return nil }
        return
            "the \(type) in sight is covered at \(covering.target.string), and a new one would show what is below"
    }
    return
        "the \(missing) namespace is the outer one's: make one along with the user namespace, { \"\(missing)\" }"
}
