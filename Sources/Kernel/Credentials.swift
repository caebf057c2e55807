internal import CKernel
internal import Glibc

/// Who this process is: credentials(7).
public enum Credentials {
    /// The effective user and group.
    public static var user: UInt32 { geteuid() }
    public static var group: UInt32 { getegid() }

    /// Whether a capability of capabilities(7), by its number, is in the effective set.
    public static func has(capability number: Int) -> Bool {
        var sets: [UInt64] = [0, 0, 0]
        guard unsafe ck_capget(0, &sets) == 0 else { return false }
        return (sets[0] >> UInt64(number)) & 1 != 0
    }

    /// CAP_SYS_ADMIN: mounts, namespaces, hostnames.
    public static var canAdministrate: Bool { has(capability: 21) }

    private static var parentDeathSignal: UInt? {
        var signal: Int32 = 0
        let result = unsafe withUnsafeMutablePointer(to: &signal) {
            ck_prctl(PR_GET_PDEATHSIG, UInt(bitPattern: $0))
        }
        return result == 0 && signal > 0 ? UInt(signal) : nil
    }

    /// Becomes another user for good: setgroups(2), setresgid(2), setresuid(2).
    public static func become(
        user: UInt32, group: UInt32, groups: [UInt32] = []
    ) throws(SystemCallError) {
        // The groups go first: afterwards the right to change them is gone.
        do {
            try systemCall("setgroups", [.init("user", "\(user)")]) { unsafe setgroups(groups.count, groups) }
        } catch let error where error.number == EPERM && groups.isEmpty && has(capability: 6) {
            // With CAP_SETGID only a user namespace refuses it, in which groups were given up for good.
        }
        try becomeKeepingGroups(user: user, group: group)
    }

    /// Becomes a user of the user namespace that this process has just come to, where groups may have been given up for
    /// good.
    static func becomeMapped(user: UInt32 = 0, group: UInt32 = 0) throws(SystemCallError) {
        do {
            try become(user: user, group: group)
        } catch let error where error.call == "setgroups" && error.number == EPERM {
            try becomeKeepingGroups(user: user, group: group)
        }
    }

    /// The same for root of a user namespace that was joined, which may have none.
    static func becomeRootWherePossible() throws(SystemCallError) {
        do { try becomeMapped() } catch let error where error.number == EINVAL {}
    }

    /// The same where supplementary groups cannot be given up: a user namespace that denies setgroups(2).
    private static func becomeKeepingGroups(user: UInt32, group: UInt32) throws(SystemCallError) {
        let signal = parentDeathSignal
        try systemCall("setresgid", [.init("group", "\(group)")]) { ck_setresgid(group) }
        try systemCall("setresuid", [.init("user", "\(user)")]) { ck_setresuid(user) }
        // The kernel forgets the signal of the parent's death with the old credentials.
        if let signal { try Processes.dieWithParent(by: signal) }
    }
}
