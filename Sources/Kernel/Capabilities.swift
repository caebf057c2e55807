internal import CKernel
internal import Glibc

/// Some of the capabilities of capabilities(7).
public struct Capabilities: OptionSet, Sendable, Equatable {
    public let rawValue: UInt64

    /// A bit for each, by its number.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Their names without `CAP_`, by number.
    public static let names = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK",
        "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN",
        "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE",
        "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND",
        "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ]

    /// All that have a name here.
    public static let all = Capabilities(rawValue: 1 << UInt64(names.count) &- 1)

    /// What root in a container has unless asked otherwise: the fourteen that Docker leaves it.
    public static let container = Capabilities(
        [
            "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
            "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
        ].compactMap { Capabilities(named: $0) })

    /// Those that this kernel has: PR_CAPBSET_READ refuses others.
    public static var known: Capabilities {
        // The kernel has them by number, up to its last one.
        let last = names.indices.last { ck_prctl(PR_CAPBSET_READ, UInt($0)) >= 0 }
        return Capabilities(rawValue: last.map { 2 << UInt64($0) &- 1 } ?? 0)
    }

    /// The one with a number.
    public init(number: Int) { rawValue = 1 << UInt64(truncatingIfNeeded: number) }

    /// The one with a name, with or without `CAP_`, in capitals or not; nil for none.
    public init?(named name: String) {
        let upper = name.uppercased()
        let short = upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
        guard let number = Self.names.firstIndex(of: short) else { return nil }
        self.init(number: number)
    }

    /// Their numbers, rising; those without a name among them.
    public var numbers: [Int] { (0..<64).filter { rawValue >> UInt64($0) & 1 != 0 } }

    /// Their names by rising number; the number where there is no name.
    public var names: [String] { numbers.map { $0 < Self.names.count ? Self.names[$0] : "\($0)" } }
}

/// How capabilities change when a process changes its user or becomes a program: PR_SET_SECUREBITS.
public struct SecureBits: OptionSet, Sendable, Equatable {
    public let rawValue: UInt

    /// The bits of linux/securebits.h.
    public init(rawValue: UInt) { self.rawValue = rawValue }

    /// Their names by bit; each is followed by the one that locks it.
    public static let names = [
        "noroot", "noroot_locked", "no_setuid_fixup", "no_setuid_fixup_locked", "keep_caps",
        "keep_caps_locked", "no_cap_ambient_raise", "no_cap_ambient_raise_locked",
    ]

    /// The one with a name; nil for none.
    public init?(named name: String) {
        guard let bit = Self.names.firstIndex(of: name) else { return nil }
        rawValue = 1 << UInt(bit)
    }

    /// Their names.
    public var names: [String] {
        Self.names.enumerated().filter { rawValue >> UInt($0.offset) & 1 != 0 }.map(\.element)
    }

    /// Those of this process.
    public static func current() throws(SystemCallError) -> SecureBits {
        SecureBits(rawValue: UInt(try systemCall("prctl") { ck_prctl(PR_GET_SECUREBITS, 0) }))
    }

    /// Sets those of this process.
    public func apply() throws(SystemCallError) {
        try systemCall("prctl", [.init("option", "PR_SET_SECUREBITS")]) {
            ck_prctl(PR_SET_SECUREBITS, rawValue)
        }
    }
}
