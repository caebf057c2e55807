internal import Kernel

/// Control groups.
func cgroupHint(_ error: SystemCallError) -> String? {
    func subject(_ role: String) -> String { error.subjects.first { $0.role == role }?.text ?? "" }
    let path = subject("path")
    switch (error.call, error.code) {
    case ("open", "ENOENT") where subject("controller") != "":
        return
            "cgroup.controllers() tells what there is; a kernel may need cgroup_enable=\(subject("controller"))"
    case ("statfs", "ENOENT") where path == "/sys/fs/cgroup":
        return "try: mount -t cgroup2 cgroup2 /sys/fs/cgroup"
    case ("mkdir", "EEXIST") where isCgroup(path):
        return "a run that was killed may have left it: tupper clean; cgroup.find tells more"
    case ("mkdir", "EACCES") where isCgroup(path), ("mkdir", "EPERM") where isCgroup(path):
        return
            "no group is delegated to this user; try: systemd-run --user --scope -p Delegate=yes tupper ..."
    case ("mkdir", "EROFS") where isCgroup(path):
        return "control groups are mounted read-only here, as in most containers"
    case ("write", "EBUSY") where path.hasSuffix("cgroup.subtree_control"),
        ("write", "EOPNOTSUPP") where path.hasSuffix("cgroup.subtree_control"):
        return
            "a group of version 2 with processes of its own cannot hand controllers on; move them into one below"
    case ("write", "EBUSY") where path.hasSuffix("limit_in_bytes"):
        return "more is in use than that, and it cannot be taken away"
    case ("write", "ENODEV") where path.contains("io.") || path.contains("blkio."):
        return "a whole disk wanted, not a partition"
    case ("bpf", "EPERM"): return "device rules on version 2 need root (CAP_BPF and CAP_NET_ADMIN)"
    default: return nil
    }
}

private func isCgroup(_ path: String) -> Bool { path.hasPrefix("/sys/fs/cgroup/") }
