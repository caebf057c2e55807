internal import CKernel
internal import Glibc

/// The names and the kernel of the UTS namespace: uname(2), sethostname(2).
public struct HostName: Sendable {
    /// The five texts of uname(2), in its order, and the domain name.
    public let system, node, release, version, machine, domain: String

    /// What uname(2) says now.
    public static func current() throws(SystemCallError) -> HostName {
        var names = utsname()
        try systemCall("uname") { unsafe uname(&names) }
        func text<Characters>(_ characters: Characters) -> String {
            unsafe withUnsafeBytes(of: characters) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        return HostName(
            system: text(names.sysname), node: text(names.nodename), release: text(names.release),
            version: text(names.version), machine: text(names.machine), domain: text(names.__domainname))
    }

    /// sethostname(2), at most 64 bytes.
    public static func set(_ name: String) throws(SystemCallError) {
        try systemCall("sethostname", [.init("name", name)]) {
            unsafe name.withCString { unsafe ck_sethostname($0, name.utf8.count) }
        }
    }

    /// setdomainname(2), at most 64 bytes.
    public static func setDomain(_ name: String) throws(SystemCallError) {
        try systemCall("setdomainname", [.init("name", name)]) {
            unsafe name.withCString { unsafe ck_setdomainname($0, name.utf8.count) }
        }
    }
}
