internal import Kernel
internal import LuaHost

/// Hints of the mount calls.
func mountHint(_ error: SystemCallError, _ primitive: Primitive) -> String? {
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
        if isDevice(subject("path")) {
            return primitive.hint(
                at: "loop", "without loop, a device is mounted as it is, also a second time")
        }
        return "mount it the same way, or let go of that device first: losetup -d"
    case ("openat2", "ELOOP") where error.detail == RootPath.refusal:
        return "the image has a link where a directory of its own belongs; remove it there"
    case ("openat2", "ELOOP"):
        let inside = primitive.hint(at: "root", ", or give root = DIRECTORY to stay inside it") ?? ""
        return "name what the link leads to\(inside)"
    case ("openat2", "ENOENT"): return primitive.hint(at: "mkdir", "mkdir = true makes a missing target")
    case ("umount", "EBUSY"):
        return busyHint(Path(subject("target") ?? "/"), primitive)
    case ("umount", "EINVAL"): return "nothing is mounted there, or it was mounted outside this namespace"
    case ("open_tree", "EINVAL"):
        let source = Path(subject("source") ?? "/")
        let table = (try? MountTable.read()) ?? []
        guard let path = try? source.absolute(),
            table.contains(where: { $0.target != path && $0.target.lies(in: path) })
        else { return nil }
        return primitive.hint(at: "recursive", "what is mounted below it must come along: recursive = true")
    case ("fsopen", "EPERM"), ("fsmount", "EPERM"), ("fsconfig", "EPERM"):
        return kernelsMountHint(subject("type") ?? "")
    case ("pivot_root", "EINVAL"):
        switch RootChange.Obstacle(rawValue: error.detail ?? "") {
        case .shared:
            return "mounts must be private first: fs.propagation(\"/\", \"private\", { recursive = true })"
        case .noMount: return "fs.chroot changes the root there; or do it before the chroot"
        case .initial: return "fs.chroot changes the root of this process and of its children"
        case .elsewhere, nil: return nil
        }
    case ("pivot_root", "EBUSY"): return "that directory is the root, or the old root's place, already"
    case ("openat2", "EXDEV") where primitive.name == "fs.pivot":
        return "the old root goes inside the new one"
    case ("mount_setattr", "EINVAL"):
        guard let target = subject("target"), (try? Mount.isMountPoint(Path(target))) == false else {
            return nil
        }
        return
            "it is no mount point; fs.bind(\(quoted(Array(target.utf8))), \(quoted(Array(target.utf8)))) makes it one"
    case ("fsconfig", "EBUSY"): return usedDeviceHint(subject("source") ?? "")
    case ("fsconfig", "EROFS") where isDevice(subject("source")),
        ("fsconfig", "EACCES") where isDevice(subject("source")),
        ("openat", "EROFS") where primitive.name == "fs.mount":
        return primitive.hint(at: "readonly", "what cannot be written to is mounted with readonly = true")
    case ("openat", "EISDIR") where primitive.name == "fs.mount": return "fs.bind shows a directory"
    case ("openat", "ENOENT") where subject("path") == "/dev/loop-control": return "try: modprobe loop"
    case ("statfs", "ENOENT") where subject("path") == "/proc":
        return "mount it: fs.mount{ type = \"proc\", target = \"/proc\" }"
    default: return nil
    }
}

/// What keeps a mount from being unmounted.
private func busyHint(_ path: Path, _ primitive: Primitive) -> String? {
    let place = (try? path.absolute()) ?? path
    let table = (try? MountTable.read()) ?? []
    let below = table.filter { $0.target != place && $0.target.lies(in: place) }.map(\.target.string)
    if !below.isEmpty {
        let way = primitive.hint(at: "recursive", "; try recursive = true") ?? ""
        return "mounted below it: \(below.prefix(3).joined(separator: " "))\(way)"
    }
    let way = primitive.hint(at: "detach", "; detach = true takes it out of sight all the same") ?? ""
    return (MountUsers.first(of: path) ?? "a process that is not in sight uses it") + way
}

private func isDevice(_ source: String?) -> Bool {
    guard let source, let status = try? FileStatus.read(RootPath(Path(source)), following: true) else {
        return false
    }
    return status.kind == .block
}

/// Where the filesystem of a device is mounted already.
private func usedDeviceHint(_ source: String) -> String? {
    guard let status = try? FileStatus.read(RootPath(Path(source)), following: true), status.kind == .block
    else { return nil }
    let number = FileStatus.parts(of: status.special)
    let table = (try? MountTable.read()) ?? []
    let place = table.first { $0.device == "\(number.major):\(number.minor)" }?.target.string
    return place.map { "it is mounted at \($0), in another way" }
        ?? "the device is in use, perhaps in another mount namespace"
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
