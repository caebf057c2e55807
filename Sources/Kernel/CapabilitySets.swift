internal import CKernel
internal import Glibc

/// The five sets that say what a thread may do and what programs it becomes may: capabilities(7).
public struct CapabilitySets: Sendable, Equatable {
    /// What is checked.
    public var effective: Capabilities
    /// What can be made effective.
    public var permitted: Capabilities
    /// What a program with file capabilities can take along.
    public var inheritable: Capabilities
    /// The most that any program started from here can gain.
    public var bounding: Capabilities
    /// What a program without file capabilities takes along.
    public var ambient: Capabilities

    /// Those of this process.
    public static func current() throws(SystemCallError) -> CapabilitySets {
        var sets: [UInt64] = [0, 0, 0]
        try systemCall("capget") { unsafe ck_capget(0, &sets) }
        return CapabilitySets(
            effective: Capabilities(rawValue: sets[0]), permitted: Capabilities(rawValue: sets[1]),
            inheritable: Capabilities(rawValue: sets[2]),
            bounding: bounding(),
            // Only what is inheritable can be ambient.
            ambient: Capabilities(
                Capabilities(rawValue: sets[2]).numbers.filter {
                    ck_prctl_pair(PR_CAP_AMBIENT, UInt(PR_CAP_AMBIENT_IS_SET), UInt($0)) == 1
                }.map(Capabilities.init)))
    }

    private static func bounding() -> Capabilities {
        var bounding: UInt64 = 0
        for number in 0..<64 {
            let isSet = ck_prctl(PR_CAPBSET_READ, UInt(number))
            // The kernel has no more than that.
            if isSet < 0 { break }
            bounding |= UInt64(isSet) << UInt64(number)
        }
        return Capabilities(rawValue: bounding)
    }

    /// Those of another process: proc_pid_status(5).
    public static func read(of pid: Int32) throws(SystemCallError) -> CapabilitySets {
        let status = try ProcessFiles.read("\(pid)/status")
        let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
        func set(_ name: String) -> Capabilities {
            let line = lines.first { $0.hasPrefix(name + ":") }
            let digits = line?.split(whereSeparator: \.isWhitespace).last ?? ""
            return Capabilities(rawValue: UInt64(digits, radix: 16) ?? 0)
        }
        return CapabilitySets(
            effective: set("CapEff"), permitted: set("CapPrm"), inheritable: set("CapInh"),
            bounding: set("CapBnd"), ambient: set("CapAmb"))
    }

    /// Makes these the sets of this process. EPERM where one is asked for that it has given up.
    ///
    /// The bounding set goes first, while CAP_SETPCAP is still there; the ambient set last, since it must lie in the
    /// permitted and inheritable ones.
    public func apply() throws(SystemCallError) { try apply(since: Self.current()) }

    /// The same where it is known what they are.
    func apply(since before: CapabilitySets) throws(SystemCallError) {
        try Self.drop(before.bounding.subtracting(bounding), from: before.bounding)
        if let missing = bounding.subtracting(before.bounding).names.first {
            throw SystemCallError(
                "prctl", EPERM, [.init("capability", missing)],
                detail: "nothing comes back into the bounding set")
        }
        let sets: InlineArray<3, UInt64> = [effective.rawValue, permitted.rawValue, inheritable.rawValue]
        try systemCall("capset", subjects(since: before)) {
            unsafe sets.span.withUnsafeBufferPointer { unsafe ck_capset($0.baseAddress) }
        }
        // Nothing comes into the ambient set by itself.
        if ambient.isEmpty, before.ambient.isEmpty { return }
        for number in ambient.symmetricDifference(try Self.current().ambient).numbers {
            let change = ambient.contains(Capabilities(number: number))
            try systemCall("prctl", [.init("capability", Capabilities(number: number).names.joined())]) {
                ck_prctl_pair(
                    PR_CAP_AMBIENT, UInt(change ? PR_CAP_AMBIENT_RAISE : PR_CAP_AMBIENT_LOWER), UInt(number))
            }
        }
    }

    /// What is asked for and was not there: the likely cause of a refusal.
    private func subjects(since before: CapabilitySets) -> [SystemCallError.Subject] {
        let more = permitted.subtracting(before.permitted).union(
            effective.subtracting(permitted)
        ).union(inheritable.subtracting(before.inheritable.union(before.bounding)))
        return more.names.prefix(1).map { .init("capability", $0) }
    }

    /// Takes capabilities out of the bounding set, for good.
    static func drop(_ unwanted: Capabilities, from bounding: Capabilities) throws(SystemCallError) {
        for number in unwanted.intersection(bounding).numbers {
            try systemCall("prctl", [.init("capability", Capabilities(number: number).names.joined())]) {
                ck_prctl(PR_CAPBSET_DROP, UInt(number))
            }
        }
    }

    /// These without `others`, in every set.
    public func removing(_ others: Capabilities) -> CapabilitySets {
        CapabilitySets(
            effective: effective.subtracting(others), permitted: permitted.subtracting(others),
            inheritable: inheritable.subtracting(others), bounding: bounding.subtracting(others),
            ambient: ambient.subtracting(others))
    }

    /// At most `others`, with nothing to inherit: neither by file capabilities nor without.
    public func keeping(_ others: Capabilities) -> CapabilitySets {
        CapabilitySets(
            effective: permitted.intersection(others), permitted: permitted.intersection(others),
            inheritable: [], bounding: bounding.intersection(others), ambient: [])
    }
}
