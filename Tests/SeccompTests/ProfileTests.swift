import Kernel
import Testing

@testable import Seccomp

@Suite("Profile")
struct ProfileTests {
    /// Docker's fourteen.
    private let container = Circumstances(
        capabilities: Capabilities.container.names, kernel: "6.1.0-35-amd64")

    private func profile(_ text: String) throws -> Profile {
        try Profile(docker: try JSON(parsing: Array(text.utf8)))
    }

    private func decide(
        _ bytes: [UInt8], _ number: UInt32, _ arguments: [UInt64] = [],
        on architecture: Architecture = .native
    ) throws -> FilterAction {
        let instructions = stride(from: 0, to: bytes.count, by: 8).map { Instruction(bytes[$0..<$0 + 8]) }
        return try #require(
            decision(
                of: instructions,
                on: CallData(number: number, architecture: architecture.auditNumber, arguments: arguments)))
    }

    private func decide(_ profile: Profile, _ name: String, _ arguments: UInt64...) throws -> FilterAction {
        let number = try #require(Architecture.native.number(of: name)?.number)
        return try decide(
            profile.compile(for: container).instructions, UInt32(bitPattern: number), arguments)
    }

    @Test("the default profile refuses what Docker's documentation says that it refuses")
    func refused() throws {
        let standard = try Profile(docker: try JSON(parsing: Profile.standard))
        // https://docs.docker.com/engine/security/seccomp/ lists these for a container without further capabilities.
        for name in [
            "acct", "add_key", "bpf", "clock_settime", "create_module", "delete_module", "finit_module",
            "get_kernel_syms", "get_mempolicy", "init_module", "ioperm", "iopl", "kcmp", "kexec_file_load",
            "kexec_load", "keyctl", "lookup_dcookie", "mbind", "mount", "move_pages", "nfsservctl",
            "open_by_handle_at", "perf_event_open", "pivot_root", "query_module", "quotactl", "reboot",
            "request_key", "set_mempolicy", "setns", "settimeofday", "swapon", "swapoff", "_sysctl", "sysfs",
            "umount2", "unshare", "uselib", "userfaultfd", "ustat", "io_uring_setup", "io_uring_enter",
            "io_uring_register", "fsopen", "open_tree", "move_mount", "mount_setattr", "pidfd_getfd",
            "vhangup",
            "fanotify_init",
        ] {
            #expect(try decide(standard, name) == .errno(1), "\(name)")
        }
        for name in [
            "read", "execve", "ptrace", "chroot", "mknod", "setuid", "openat2", "landlock_create_ruleset",
        ] {
            #expect(try decide(standard, name) == .allow, "\(name)")
        }
        #expect(try decide(standard, "clone", 0x1000_0000) == .errno(1))
        #expect(try decide(standard, "clone", 17) == .allow)
        #expect(try decide(standard, "clone3") == .errno(38))
        #expect(try decide(standard, "personality", 0xffff_ffff) == .allow)
        #expect(try decide(standard, "personality", 0x4_0000) == .errno(1))
    }

    @Test(
        "the terminal's ioctls and two kinds of socket are refused whatever the high half of the argument says"
    )
    func masked() throws {
        let standard = try Profile(docker: try JSON(parsing: Profile.standard))
        for high in [0, 1, 0xffff_ffff] as [UInt64] {
            #expect(try decide(standard, "ioctl", 0, high << 32 | 0x5412) == .errno(1))
            #expect(try decide(standard, "ioctl", 0, high << 32 | 0x541c) == .errno(1))
            #expect(try decide(standard, "ioctl", 0, high << 32 | 0x5413) == .allow)
            #expect(try decide(standard, "socket", high << 32 | 38) == .errno(1))
            #expect(try decide(standard, "socket", high << 32 | 40) == .errno(1))
            #expect(try decide(standard, "socket", high << 32 | 39) == .allow)
        }
    }

    @Test("calls that are newer than the profile are not there, those that it leaves out are refused")
    func newer() throws {
        let standard = try Profile(docker: try JSON(parsing: Profile.standard))
        let bytes = try standard.compile(for: container).instructions
        for architecture in Architecture.usual {
            let bit: UInt32 = architecture.isX32 ? 0x4000_0000 : 0
            #expect(try decide(bytes, 600 | bit, on: architecture) == .errno(38), "\(architecture.name)")
            #expect(try decide(bytes, bit | 0x3fff_ffff, on: architecture) == .errno(38))
            let keyctl = try #require(architecture.number(of: "keyctl")?.number)
            #expect(try decide(bytes, UInt32(bitPattern: keyctl), on: architecture) == .errno(1))
        }
        #expect(try decide(bytes, .max) == .errno(38))
    }

    @Test("capabilities open what belongs to them")
    func capabilities() throws {
        let standard = try Profile(docker: try JSON(parsing: Profile.standard))
        var mighty = container
        mighty.capabilities += ["SYS_ADMIN", "SYS_TIME"]
        let bytes = try standard.compile(for: mighty).instructions
        for name in ["mount", "clone3", "setns", "settimeofday", "bpf"] {
            let number = try #require(Architecture.native.number(of: name)?.number)
            #expect(try decide(bytes, UInt32(bitPattern: number)) == .allow, "\(name)")
        }
    }

    @Test("what ranges decide is what libseccomp decides of the whole, for every number")
    func ranges() throws {
        let standard = try Profile(docker: try JSON(parsing: Profile.standard))
        let plan = try FilterPlan(standard, container)
        let (own, whole) = (try standard.compile(for: container).instructions, try plan.library(whole: true))
        for architecture in Architecture.usual {
            let part = try #require(plan.prologue().parts.first { $0.architecture == architecture })
            let known = Set(standard.rules.flatMap(\.names))
            // Calls that this libseccomp does not know, and those that are decided before, are no matter of its.
            let beyond = Set(
                known.compactMap { architecture.number(of: $0) }.filter { !$0.isKnown }.map(\.number))
            for number in 0...(part.highest ?? 0) & 0x3fff_ffff {
                let call = architecture.isX32 ? number | 0x4000_0000 : number
                if beyond.contains(Int32(bitPattern: call)) { continue }
                #expect(
                    try decide(own, call, [2, 0], on: architecture)
                        == decide(whole, call, [2, 0], on: architecture),
                    "\(architecture.name) \(number)")
            }
        }
    }

    @Test(
        "a wrong profile is refused with the place",
        arguments: [
            ("[]", "a profile is an object"), ("{}", "defaultAction is missing"),
            (#"{"defaultAction":"ALLOW"}"#, "defaultAction: \"ALLOW\" is no action"),
            (#"{"defaultAction":"SCMP_ACT_NOTIFY"}"#, "needs a listener"),
            (#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{}]}"#, "syscalls[0]: names is missing"),
            (
                #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"]}]}"#,
                "syscalls[0]: action is missing"
            ),
            (
                #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":6,"op":"SCMP_CMP_EQ"}]}]}"#,
                "syscalls[0].args[0]: index from 0 to 5"
            ),
            (
                #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"op":"EQ"}]}]}"#,
                "op such as SCMP_CMP_EQ"
            ),
            (#"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":5000}"#, "error number below 4096"),
            (#"{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_VAX"]}"#, "is no architecture"),
            (#"{"defaultAction":"SCMP_ACT_ERRNO","archMap":[],"architectures":[]}"#, "exclude each other"),
            (
                #"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"name":"a","names":["b"],"action":"SCMP_ACT_ALLOW"}]}"#,
                "name and names exclude each other"
            ),
        ])
    func wrong(text: String, message: String) throws {
        let error = try #require(throws: ProfileError.self) { try profile(text) }
        #expect(error.message.contains(message), "\(error.message)")
    }

    @Test(
        "a profile that allows by default refuses single calls, with conditions and error numbers of its own")
    func denying() throws {
        let own = try profile(
            """
            {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
              {"name":"chmod","action":"SCMP_ACT_ERRNO","errnoRet":13},
              {"names":["kill"],"action":"SCMP_ACT_KILL_PROCESS","args":[{"index":1,"value":9,"op":"SCMP_CMP_EQ"}]},
              {"names":["nosuchcall"],"action":"SCMP_ACT_ERRNO"},
              {"names":["dup"],"action":"SCMP_ACT_ERRNO","args":[
                {"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":0,"value":2,"op":"SCMP_CMP_EQ"}]}]}
            """)
        #expect(try decide(own, "chmod") == .errno(13))
        #expect(try decide(own, "kill", 1, 9) == .killProcess)
        #expect(try decide(own, "kill", 1, 15) == .allow)
        #expect(try decide(own, "dup", 2) == .errno(1))
        #expect(try decide(own, "dup", 3) == .allow)
        #expect(try decide(own, "read") == .allow)
    }

    @Test("a small profile allows what it names and nothing else")
    func small() throws {
        let own = try profile(
            #"{"defaultAction":"SCMP_ACT_KILL_PROCESS","syscalls":[{"names":["read","exit_group"],"action":"SCMP_ACT_ALLOW"}]}"#
        )
        #expect(try decide(own, "read") == .allow)
        #expect(try decide(own, "exit_group") == .allow)
        for name in ["write", "close", "exit", "socket", "statmount"] {
            #expect(try decide(own, name) == .killProcess, "\(name)")
        }
    }

    @Test("two rules about one call that differ are refused")
    func twice() throws {
        let own = try profile(
            """
            {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO"},
            {"names":["read"],"action":"SCMP_ACT_TRAP"}]}
            """)
        #expect(throws: ProfileError.self) { try own.compile(for: container) }
    }
}
