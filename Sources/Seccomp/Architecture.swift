internal import CSeccomp
internal import Glibc

/// An architecture whose system calls a filter knows.
public struct Architecture: Sendable, Equatable {
    /// As in `"SCMP_ARCH_X86_64"`.
    public let name: String
    /// AUDIT_ARCH_... of linux/audit.h, with a mark for x32, as libseccomp has it.
    let token: UInt32
    /// As Docker's conditions name it.
    let goName: String

    private static let all = [
        Architecture(name: "SCMP_ARCH_X86", token: 0x4000_0003, goName: "x86"),
        Architecture(name: "SCMP_ARCH_X86_64", token: 0xc000_003e, goName: "amd64"),
        Architecture(name: "SCMP_ARCH_X32", token: 0x4000_003e, goName: "x32"),
        Architecture(name: "SCMP_ARCH_ARM", token: 0x4000_0028, goName: "arm"),
        Architecture(name: "SCMP_ARCH_AARCH64", token: 0xc000_00b7, goName: "arm64"),
        Architecture(name: "SCMP_ARCH_MIPS", token: 0x0000_0008, goName: "mips"),
        Architecture(name: "SCMP_ARCH_MIPSEL", token: 0x4000_0008, goName: "mipsel"),
        Architecture(name: "SCMP_ARCH_MIPS64", token: 0x8000_0008, goName: "mips64"),
        Architecture(name: "SCMP_ARCH_MIPSEL64", token: 0xc000_0008, goName: "mipsel64"),
        Architecture(name: "SCMP_ARCH_MIPS64N32", token: 0xa000_0008, goName: "mips64n32"),
        Architecture(name: "SCMP_ARCH_MIPSEL64N32", token: 0xe000_0008, goName: "mipsel64n32"),
        Architecture(name: "SCMP_ARCH_PARISC", token: 0x0000_000f, goName: "parisc"),
        Architecture(name: "SCMP_ARCH_PARISC64", token: 0x8000_000f, goName: "parisc64"),
        Architecture(name: "SCMP_ARCH_PPC", token: 0x0000_0014, goName: "ppc"),
        Architecture(name: "SCMP_ARCH_PPC64", token: 0x8000_0015, goName: "ppc64"),
        Architecture(name: "SCMP_ARCH_PPC64LE", token: 0xc000_0015, goName: "ppc64le"),
        Architecture(name: "SCMP_ARCH_S390", token: 0x0000_0016, goName: "s390"),
        Architecture(name: "SCMP_ARCH_S390X", token: 0x8000_0016, goName: "s390x"),
        Architecture(name: "SCMP_ARCH_RISCV64", token: 0xc000_00f3, goName: "riscv64"),
        Architecture(name: "SCMP_ARCH_LOONGARCH64", token: 0xc000_0102, goName: "loong64"),
    ]

    private init(name: String, token: UInt32, goName: String) {
        self.name = name
        self.token = token
        self.goName = goName
    }

    /// The one with a name as in `"SCMP_ARCH_X86"` or `"x86"`; nil for none.
    public init?(named name: String) {
        guard let known = Self.all.first(where: { $0.name == name || $0.goName == name }) else { return nil }
        self = known
    }

    /// Every name.
    public static var names: [String] { all.map(\.name) }

    /// This machine's.
    public static var native: Architecture {
        let token = seccomp_arch_native()
        return all.first { $0.token == token }
            ?? Architecture(name: "native", token: token, goName: "native")
    }

    /// Those that this machine also runs, itself first.
    static var usual: [Architecture] {
        let others =
            [0xc000_003e: [0x4000_0003, 0x4000_003e], 0xc000_00b7: [0x4000_0028]] as [UInt32: [UInt32]]
        return [native] + all.filter { others[native.token]?.contains($0.token) == true }
    }

    /// Calls of x32 come with the architecture of x86-64, and a bit of their own in the number.
    var isX32: Bool { token == 0x4000_003e }
    /// As seccomp(2) hands it to a filter.
    var auditNumber: UInt32 { isX32 ? 0xc000_003e : token }

    /// Numbers that libseccomp of Debian 12 does not know: those since 424 are the same everywhere but for x32's bit.
    private static let newer: [(name: String, number: Int32)] = [
        ("cachestat", 451), ("fchmodat2", 452), ("map_shadow_stack", 453), ("futex_wake", 454),
        ("futex_wait", 455), ("futex_requeue", 456), ("statmount", 457), ("listmount", 458),
        ("lsm_get_self_attr", 459), ("lsm_set_self_attr", 460), ("lsm_list_modules", 461), ("mseal", 462),
        ("setxattrat", 463), ("getxattrat", 464), ("listxattrat", 465), ("removexattrat", 466),
        ("open_tree_attr", 467), ("file_getattr", 468), ("file_setattr", 469),
    ]

    /// Calls of 32-bit x86 that have had a number of their own since Linux 4.3 and 5.1, beside one as part of socketcall(2)
    /// or ipc(2), from a first number on.
    private static let parted: [(first: Int32, names: [String])] = [
        (
            359,
            [
                "socket", "socketpair", "bind", "connect", "listen", "accept4", "getsockopt", "setsockopt",
                "getsockname", "getpeername", "sendto", "sendmsg", "recvfrom", "recvmsg", "shutdown",
            ]
        ),
        (
            393,
            [
                "semget", "semctl", "shmget", "shmctl", "shmat", "shmdt", "msgget", "msgsnd", "msgrcv",
                "msgctl",
            ]
        ),
    ]

    /// The call that a call is also a part of, and which part; nil for most.
    ///
    /// The arguments of a part lie in memory, where no filter sees them.
    func whole(of name: String) -> (number: Int32, part: ArgumentCondition)? {
        let number = unsafe name.withCString { unsafe seccomp_syscall_resolve_name_arch(token, $0) }
        // libseccomp's own numbers: from -100 down for socketcall(2), from -200 for ipc(2).
        guard (-299...(-100)).contains(number) else { return nil }
        let whole = number > -200 ? "socketcall" : "ipc"
        let found = unsafe whole.withCString { unsafe seccomp_syscall_resolve_name_arch(token, $0) }
        // ipc(2) has a version in the upper half.
        let mask: UInt64 = number > -200 ? 0xffff_ffff : 0xffff
        return found < 0 ? nil : (found, .init(index: 0, .maskedEqual, UInt64(-number % 100), mask: mask))
    }

    /// A call's number here, and whether libseccomp knows it; nil where there is no such call.
    func number(of name: String) -> (number: Int32, isKnown: Bool)? {
        let number = unsafe name.withCString { unsafe seccomp_syscall_resolve_name_arch(token, $0) }
        if number >= 0 { return (number, true) }
        if token == 0x4000_0003 {
            for part in Self.parted {
                if let place = part.names.firstIndex(of: name) { return (part.first + Int32(place), true) }
            }
        }
        if name == "uretprobe", token == 0xc000_003e { return (335, false) }
        guard let found = Self.newer.first(where: { $0.name == name }) else { return nil }
        return (isX32 ? found.number | 0x4000_0000 : found.number, false)
    }

    /// Whether any architecture has a call of this name: negative numbers are libseccomp's own for those that others have.
    fileprivate static func isCall(_ name: String) -> Bool {
        unsafe name.withCString { unsafe seccomp_syscall_resolve_name($0) } != -1
            || native.number(of: name) != nil
    }

    /// The names of this architecture's calls.
    fileprivate func callNames() -> [String] {
        (0..<512).compactMap { number -> String? in
            guard let name = unsafe seccomp_syscall_resolve_num_arch(token, Int32(number)) else { return nil }
            defer { unsafe free(name) }
            return unsafe String(cString: name)
        } + Self.newer.map(\.name)
    }
}

/// The names of system calls.
public enum SystemCalls {
    /// Whether any architecture has such a call.
    public static func contains(_ name: String) -> Bool { Architecture.isCall(name) }
    /// Those of this machine.
    public static var names: [String] { Architecture.native.callNames() }
}
