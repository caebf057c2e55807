internal import CKernel
internal import Glibc

/// What a program may do, and how it fares: laid on the process that becomes it, right before execve(2).
public struct Privileges: Sendable {
    /// Whom it becomes; nil for the same user.
    public var user: UInt32?
    /// Its group; the user's own number where only the user is given.
    public var group: UInt32?
    /// Its supplementary groups, where it becomes somebody.
    public var groups: [UInt32] = []
    /// The most that it can have, with nothing to inherit; nil for what this process has.
    public var capabilities: Capabilities?
    /// What it has even where it is not root.
    public var ambient: Capabilities = []
    /// Whether execve(2) can never give it more: PR_SET_NO_NEW_PRIVS.
    public var gainsNothing = false
    /// What it may use.
    public var limits: [ResourceLimit] = []
    /// From -20 to 19.
    public var niceness: Int32?
    /// From -1000 to 1000.
    public var outOfMemoryScore: Int32?
    /// The permission bits that its new files lack.
    public var fileCreationMask: UInt32?
    /// The files and ports that it may touch.
    public var rules: FileRules?
    /// The system calls that it may make: each of these has a say.
    public var filters: [SystemCallFilter] = []

    /// This process's own.
    public init() {}

    /// Lays them on this process.
    ///
    /// Resources come before the capabilities that raising them needs; groups before the user, since afterwards the
    /// right to change them is gone; the bounding set while CAP_SETPCAP is there. The filter of system calls comes last,
    /// so that it need not allow what happens here; without no_new_privs it needs CAP_SYS_ADMIN and must come before
    /// that is given up.
    public func apply() throws(SystemCallError) {
        try ResourceLimit.apply(limits)
        if let outOfMemoryScore { try Scheduling.setOutOfMemoryScore(outOfMemoryScore) }
        if let niceness { try Scheduling.setNiceness(niceness) }
        if let fileCreationMask { _ = FileCreationMask.exchange(fileCreationMask) }
        if gainsNothing { try Self.gainNothing() }
        if !gainsNothing { try restrict() }
        try changeIdentity()
        if gainsNothing { try restrict() }
    }

    private func restrict() throws(SystemCallError) {
        try rules?.enforce()
        for filter in filters { try filter.load() }
    }

    private func changeIdentity() throws(SystemCallError) {
        guard let capabilities = capabilities.map({ $0.union(ambient) }) else {
            if ambient.isEmpty { return try becomeUser() }
            let sets = try CapabilitySets.current()
            return try become(keeping: sets, since: sets)
        }
        var sets = try CapabilitySets.current()
        try CapabilitySets.drop(sets.bounding.subtracting(capabilities), from: sets.bounding)
        sets.bounding.formIntersection(capabilities)
        try become(keeping: sets.keeping(capabilities), since: sets)
    }

    /// Becomes the user, and has `sets` afterwards, as far as the change of the user leaves them.
    private func become(
        keeping sets: CapabilitySets, since before: CapabilitySets
    ) throws(SystemCallError) {
        // The kernel takes capabilities away from whom stops being root, unless told so; execve forgets that again.
        let isNobody = user.map { $0 != 0 } ?? (Credentials.user != 0)
        if !ambient.isEmpty { try systemCall("prctl") { ck_prctl(PR_SET_KEEPCAPS, 1) } }
        try becomeUser()
        var wanted = sets
        wanted.inheritable = ambient
        wanted.ambient = ambient
        if user != nil, isNobody {
            wanted.permitted = ambient
            wanted.effective = ambient
        }
        if user == nil { try wanted.apply(since: before) } else { try wanted.apply() }
    }

    private func becomeUser() throws(SystemCallError) {
        guard let user else { return }
        try Credentials.become(user: user, group: group ?? user, groups: groups)
    }

    /// prctl(2), PR_SET_NO_NEW_PRIVS: for good, and for all children.
    public static func gainNothing() throws(SystemCallError) {
        try systemCall("prctl") { ck_prctl(PR_SET_NO_NEW_PRIVS, 1) }
    }
}
