internal import Kernel
internal import LuaHost

/// What the user can do about a refused call of a primitive. The first table that knows it wins; a wrong guess is worse
/// than none.
func hint(for error: SystemCallError, in primitive: Primitive) -> String? {
    for table in [
        namespaceHint, privilegeHint, cgroupHint, capabilityHint, { mountHint($0, primitive) },
        networkHint(for:), programHint, { fileHint($0, primitive) },
    ] as [(SystemCallError) -> String?] {
        if let hint = table(error) { return hint }
    }
    return nil
}

extension Primitive {
    /// A hint at one of its options; nil where it has none of that name.
    func hint(at option: String, _ text: @autoclosure () -> String) -> String? {
        options.contains { $0.name == option } ? text() : nil
    }
}

private func privilegeHint(_ error: SystemCallError) -> String? {
    let calls = [
        "unshare", "clone", "setns", "sethostname", "setdomainname", "fsopen", "fsmount", "fsconfig",
        "open_tree",
        "move_mount", "mount_setattr", "umount", "pivot_root", "chroot", "sendto", "mknod",
    ]
    let fileCalls = [
        "openat", "openat2", "mkdirat", "unlinkat", "rename", "symlinkat", "fstatat", "stat", "chdir",
        "chroot",
        "readlink", "mknod", "linkat",
    ]
    switch (error.call, error.code) {
    case (let call, "EPERM")
    where calls.contains(call) && !Credentials.canAdministrate:
        return "this needs root (CAP_SYS_ADMIN); try: sudo tupper ..., or a user namespace: "
            + "ns.unshare{ users = \"root\" }"
    case (let call, "EACCES") where fileCalls.contains(call) && Credentials.user != 0,
        (let call, "EPERM") where ["chown", "chmod"].contains(call) && Credentials.user != 0:
        return "user \(Credentials.user) may not; try: sudo tupper ..."
    case ("pidfd_send_signal", "EPERM") where Credentials.user != 0:
        return "the process belongs to another user than \(Credentials.user); try: sudo tupper ..."
    case ("unshare", "ENOSPC"), ("clone", "ENOSPC"):
        return "the limit on nested or counted namespaces is reached; see /proc/sys/user"
    default: return nil
    }
}
