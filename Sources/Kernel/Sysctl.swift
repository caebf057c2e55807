internal import CKernel
internal import Glibc
internal import SystemPackage

/// A kernel parameter below /proc/sys.
public struct Sysctl: Sendable, Equatable {
    /// Its path below /proc/sys, as in `"net/ipv4/ip_forward"`.
    public let name: String

    /// The parameter.
    public init(_ name: String) { self.name = name }

    private var path: FilePath { FilePath("/proc/sys/\(name)") }

    /// Its value.
    public func read() throws(SystemCallError) -> String {
        try check()
        let bytes = try Descriptor.open(path, O_RDONLY).readToEnd()
        return String(decoding: bytes.filter { $0 != 10 }, as: UTF8.self)
    }

    /// Sets it, and makes sure by reading back.
    public func write(_ value: String) throws(SystemCallError) {
        try check()
        try Descriptor.open(path, O_WRONLY).write(Array(value.utf8))
        if try read() != value { throw SystemCallError("write", EINVAL, [.init("path", path.string)]) }
    }

    /// An image could put files of its own in the place of /proc (CVE-2019-16884).
    private func check() throws(SystemCallError) {
        let subject = SystemCallError.Subject("path", path.string)
        let type = try systemCall("statfs", [subject]) {
            unsafe path.withPlatformString { unsafe ck_filesystem_type($0) }
        }
        guard type == PROC_SUPER_MAGIC else { throw SystemCallError("statfs", ENOENT, [subject]) }
    }
}
