internal import Kernel

/// Hints of the calls that change what this process may do.
func capabilityHint(_ error: SystemCallError) -> String? {
    func subject(_ role: String) -> String? { error.subjects.first { $0.role == role }?.text }
    switch (error.call, error.code) {
    case ("prctl", "EPERM") where subject("option") == "PR_SET_SECUREBITS" || subject("capability") != nil:
        // CAP_SETPCAP
        if !Credentials.has(capability: 8) {
            return "this needs CAP_SETPCAP; drop it last, or make a user namespace first"
        }
        return error.detail == nil ? "the secure bits, or the permitted and inheritable sets, forbid it" : nil
    case ("capset", "EPERM"):
        return "a capability that was given up does not come back; cap.get() tells what is left"
    case ("setrlimit", "EPERM"):
        if !Credentials.has(capability: 24) {
            return
                "\(error.detail ?? "the limit is lower"); raising it needs CAP_SYS_RESOURCE, which this process lacks"
        }
        return subject("limit") == "open_files" ? "the most of all is in /proc/sys/fs/nr_open" : nil
    case ("setrlimit", "EINVAL"): return error.detail
    case ("setpriority", "EACCES"), ("setpriority", "EPERM"):
        return "a lower niceness needs CAP_SYS_NICE, or the limit nice"
    case ("write", "EACCES") where subject("path") == "/proc/self/oom_score_adj":
        return "a score lower than the lowest so far needs CAP_SYS_RESOURCE"
    case ("setgroups", "EPERM"), ("setresgid", "EPERM"), ("setresuid", "EPERM"):
        return "becoming somebody else needs root (CAP_SETUID and CAP_SETGID)"
    case ("setresgid", "EINVAL"), ("setresuid", "EINVAL"):
        return "the user namespace has no such number; its map must cover it: users = { ... }"
    case ("getcwd", "EXDEV"): return "go inside first: sys.chdir \"/\""
    case ("landlock_create_ruleset", "ENOSYS"): return "this kernel has no landlock (Linux 5.13 and newer)"
    case ("landlock_create_ruleset", "EOPNOTSUPP"):
        return error.detail ?? "landlock is switched off; the kernel parameter lsm= must name it"
    case ("seccomp", "EACCES"), ("landlock_restrict_self", "EPERM"):
        return "this needs no_new_privileges = true, or root (CAP_SYS_ADMIN)"
    case ("openat2", "EXDEV") where subject("path")?.hasPrefix("/proc/") == true:
        return "something is mounted over it"
    default: return nil
    }
}
