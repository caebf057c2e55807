internal import Kernel

/// What the user can do about a refused call. The first row that matches wins; a wrong guess is worse
/// than none.
func hint(for error: SystemCallError) -> String? {
    switch (error.call, error.code) {
    case ("unshare", "EPERM"), ("sethostname", "EPERM"), ("setdomainname", "EPERM"):
        "this needs root (CAP_SYS_ADMIN); try: sudo tupper ..."
    case ("unshare", "ENOSPC"):
        "the limit on nested or counted namespaces is reached; see /proc/sys/user"
    default: networkHint(for: error)
    }
}
