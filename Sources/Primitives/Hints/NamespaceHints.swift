internal import Kernel

/// Why a namespace cannot be made or joined: what machines restrict, by what can be read of them.
func namespaceHint(_ error: SystemCallError) -> String? {
    func subject(_ role: String) -> String? { error.subjects.first { $0.role == role }?.text }
    func sysctl(_ name: String) -> String? { KernelFeatures.words("/proc/sys/" + name).first }
    let kinds = subject("namespaces")?.split(separator: " ").map(String.init) ?? []
    let path = subject("path") ?? ""
    switch (error.call, error.code) {
    case ("clone", "EPERM") where kinds.contains("user"), ("unshare", "EPERM") where kinds.contains("user"):
        if sysctl("kernel/unprivileged_userns_clone") == "0" {
            return
                "user namespaces are for root only here; try: sudo sysctl kernel.unprivileged_userns_clone=1"
        }
        return RootChange.hasHappened
            ? "a process that was chrooted may make no user namespace; fs.pivot changes the root without that"
            : nil
    case ("clone", "ENOSPC"), ("unshare", "ENOSPC"), ("clone", "EUSERS"), ("unshare", "EUSERS"):
        let names = kinds.map { "max_\($0 == "mount" ? "mnt" : $0)_namespaces" }
        if let none = names.first(where: { sysctl("user/\($0)") == "0" }) {
            return "user.\(none) is 0 here; try: sudo sysctl user.\(none)=15000"
        }
        return "the limit on namespaces is reached: 32 deep, and as many of a kind as /proc/sys/user says"
    case ("clone", "EACCES") where kinds.contains("user"), ("unshare", "EACCES") where kinds.contains("user"),
        ("openat2", "EPERM") where path.hasSuffix("/uid_map"),
        ("write", "EPERM") where path.hasSuffix("/uid_map"),
        ("fsopen", "EPERM"), ("mount_setattr", "EACCES"), ("open_tree", "EACCES"), ("fsmount", "EACCES"):
        guard sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" else { return nil }
        return "AppArmor takes capabilities away in user namespaces of ordinary users here; try: sudo sysctl "
            + "kernel.apparmor_restrict_unprivileged_userns=0"
    case ("newuidmap", "EPERM"): return error.detail
    case ("open", "ENOENT") where path == "/etc/subuid" || path == "/etc/subgid",
        ("openat", "ENOENT") where path == "/etc/subuid" || path == "/etc/subgid":
        let name = Accounts.name(of: Credentials.user) ?? "\(Credentials.user)"
        return "\(error.detail ?? "the file is missing"); try: sudo usermod --add-subuids 100000-165535 "
            + "--add-subgids 100000-165535 \(name)"
    case ("setns", "EPERM"):
        guard let pid = subject("pid").flatMap({ Int32($0) }),
            let other = try? Namespace.user.identifier(of: pid), let own = try? Namespace.user.identifier(),
            other != own
        else { return nil }
        return "it is in another user namespace; join that as well: { \"user\", ... }"
    case ("write", "ERANGE") where path.hasSuffix("timens_offsets"):
        return "a clock would stand below zero, or beyond what the kernel can count"
    default: return nil
    }
}
