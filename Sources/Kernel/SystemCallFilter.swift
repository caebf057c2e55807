internal import CKernel

/// A program of classic BPF that decides on each system call: seccomp(2).
public struct SystemCallFilter: Sendable, Equatable {
    /// Instructions of `struct sock_filter`, eight bytes each, as this machine orders them.
    public let instructions: [UInt8]
    /// Whether what the filter refuses is noted in the audit log.
    public let isLogged: Bool

    /// A filter; nil where the bytes are no whole number of instructions, or more than the kernel takes.
    public init?(instructions: [UInt8], isLogged: Bool = false) {
        guard instructions.count % 8 == 0, (1...4096).contains(instructions.count / 8) else { return nil }
        self.instructions = instructions
        self.isLogged = isLogged
    }

    /// Lays it on this process and its children for good. EACCES without CAP_SYS_ADMIN or no_new_privs.
    public func load() throws(SystemCallError) {
        try systemCall("seccomp") {
            unsafe instructions.withUnsafeBytes {
                unsafe ck_seccomp_load($0.baseAddress, UInt16($0.count / 8), isLogged ? 2 : 0)
            }
        }
    }
}
