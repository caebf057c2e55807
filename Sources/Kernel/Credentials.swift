internal import CKernel
internal import Glibc

/// Who this process is: credentials(7).
public enum Credentials {
    /// The effective user and group.
    public static var user: UInt32 { geteuid() }
    public static var group: UInt32 { getegid() }

    /// Whether a capability of capabilities(7), by its number, is in the effective set.
    public static func has(capability number: Int) -> Bool {
        var capabilities: UInt64 = 0
        guard unsafe ck_effective_capabilities(&capabilities) == 0 else { return false }
        return (capabilities >> UInt64(number)) & 1 != 0
    }

    /// CAP_SYS_ADMIN: mounts, namespaces, hostnames.
    public static var canAdministrate: Bool { has(capability: 21) }

    /// Becomes another user for good, without supplementary groups: setgroups(2), setresgid(2), setresuid(2).
    public static func become(user: UInt32, group: UInt32) throws(SystemCallError) {
        // The groups go first: afterwards the right to change them is gone.
        try systemCall("setgroups") { setgroups(0, nil) }
        try systemCall("setresgid", [.init("group", "\(group)")]) { ck_setresgid(group) }
        try systemCall("setresuid", [.init("user", "\(user)")]) { ck_setresuid(user) }
    }
}
