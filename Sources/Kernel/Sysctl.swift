internal import CKernel
internal import Glibc

/// A kernel parameter below /proc/sys.
public struct Sysctl: Sendable, Equatable {
    /// Its path below /proc/sys, as in `"net/ipv4/ip_forward"`.
    public let name: String

    /// The parameter.
    public init(_ name: String) { self.name = name }

    /// A parameter in the words of sysctl(8): parts by dots, or by slashes where the first mark is one.
    ///
    /// nil where a part is empty or has other signs than letters, digits, `_`, `-`, `:` and, in slash form, dots.
    public init?(parsing text: String) {
        let mark = text.first { $0 == "." || $0 == "/" }
        var path = text
        if mark == "." {
            // In dotted form a slash stands for a dot, as in the name of a link.
            path = String(text.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1, text.utf8.count < 256,
            parts.allSatisfy({ part in
                !part.isEmpty && part != "." && part != ".."
                    && part.utf8.allSatisfy {
                        (48...58).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                            || [45, 46, 95].contains($0)
                    }
            })
        else { return nil }
        name = path
    }

    private var path: String { "sys/\(name)" }

    /// Its value.
    public func read() throws(SystemCallError) -> String {
        let bytes = try ProcessFiles.read(path)
        return String(decoding: bytes.last == 10 ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }

    /// Sets it, and makes sure by reading back.
    public func write(_ value: String) throws(SystemCallError) {
        let file = try ProcessFiles.open(path, O_WRONLY)
        let subject = SystemCallError.Subject("path", "/proc/\(path)")
        do { try file.write(Array(value.utf8)) } catch {
            throw SystemCallError("write", error.number, [subject])
        }
        // The kernel puts tabs between numbers.
        func words(_ text: String) -> [Substring] { text.split(whereSeparator: \.isWhitespace) }
        let now = try read()
        if words(now) != words(value) {
            throw SystemCallError("write", EINVAL, [subject], detail: "it reads \(now) afterwards")
        }
    }

    /// The kind of namespace that has a value of its own of this parameter; nil where the whole machine has one.
    public var namespace: Namespace? {
        let ipc = ["msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced"]
        if name.hasPrefix("net/") { return .net }
        if name.hasPrefix("fs/mqueue/") || ipc.contains(where: { name == "kernel/" + $0 }) { return .ipc }
        if name == "kernel/hostname" || name == "kernel/domainname" { return .uts }
        return name.hasPrefix("user/max_") ? .user : nil
    }
}
