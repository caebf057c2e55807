internal import Kernel

/// Who this is, and in which user namespace.
func privilegeFindings() -> [Finding] {
    let user = Credentials.user
    let map = KernelFeatures.text("/proc/self/uid_map").split(separator: "\n").map { line in
        line.split(separator: " ").map(String.init)
    }
    let isFirst = map == [["0", "0", "4294967295"]]
    let place =
        isFirst
        ? "in the machine's first user namespace"
        : "in a user namespace of \(map.count) ranges"
            + (map.first { $0.first == "0" }.map {
                ", its root is user \($0.count > 1 ? $0[1] : "?") outside"
            } ?? "")
    let rights = Credentials.canAdministrate
    let trial = KernelFeatures.trial(in: [.user]) { 0 }
    return [
        Finding(
            "root", rights, "user \(user)\(rights ? "" : " without CAP_SYS_ADMIN") \(place)",
            without:
                "the demo; mounts, namespaces and links but in a user namespace: ns.spawn{ users = \"root\" }",
            remedy: "sudo tupper ...", isNeeded: true),
        Finding(
            "user namespaces", trial == .ended(0), userNamespaceDetail(trial),
            without: "containers without root: users = \"root\" or \"auto\"", remedy: userNamespaceRemedy()),
        subordinateFinding(),
    ]
}

private func userNamespaceDetail(_ trial: KernelFeatures.Trial) -> String {
    let most = KernelFeatures.words("/proc/sys/user/max_user_namespaces").first
    switch trial {
    case .ended: return "can be made" + (most.map { ", \($0) at most" } ?? "")
    case .refused(let code): return "refused: \(code)"
    }
}

/// What forbids user namespaces, as far as a file tells.
private func userNamespaceRemedy() -> String {
    func value(_ path: String) -> String? { KernelFeatures.words("/proc/sys/\(path)").first }
    if value("user/max_user_namespaces") == "0" { return "sysctl user.max_user_namespaces=10000" }
    if value("kernel/unprivileged_userns_clone") == "0" { return "sysctl kernel.unprivileged_userns_clone=1" }
    if value("kernel/apparmor_restrict_unprivileged_userns") == "1" {
        return "sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    }
    return ""
}

private func subordinateFinding() -> Finding {
    let (without, user) = (
        "users = \"auto\": more than one user in a container without root", Credentials.user
    )
    let name = Accounts.name(of: user) ?? "\(user)"
    do {
        let map = try IdentityMap.automatic()
        let count = map.users.dropFirst().reduce(0) { $0 + Int($1.count) }
        return Finding("subordinate users", true, "\(count) for \(name) in /etc/subuid", without: without)
    } catch {
        return Finding(
            "subordinate users", false, "none for \(name) in /etc/subuid and /etc/subgid", without: without,
            remedy: "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \(name)")
    }
}
