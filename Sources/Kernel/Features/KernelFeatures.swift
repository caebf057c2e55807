internal import CKernel
internal import Glibc

/// What this kernel and this process's rights make possible, found out without changing anything.
public enum KernelFeatures {
    /// Whether the kernel has a system call, of those that came late.
    public static func has(call: String) -> Bool { unsafe ck_has_call(call) != 0 }

    /// What a seccomp(2) filter can answer; empty where there is none.
    public static var filterActions: [String] { words("/proc/sys/kernel/seccomp/actions_avail") }

    /// The words of a small file of the kernel; none where it is missing.
    public static func words(_ path: String) -> [String] {
        text(path).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// A small file of the kernel; empty where it is missing.
    public static func text(_ path: String) -> String {
        let bytes = try? Files.read(RootPath(Path(path), in: nil), limit: 1 << 20)
        return String(decoding: bytes ?? [], as: UTF8.self)
    }

    /// Whether a file can be opened for reading and writing.
    public static func opens(_ path: String) -> Bool { (try? Descriptor.open(Path(path), O_RDWR)) != nil }

    /// Whether a program of the system is found.
    public static func findsProgram(_ name: String) -> Bool { path(ofSystemProgram: name) != nil }

    /// Where a program of the system is: on the way of PATH, or in the usual directories; nil for nowhere.
    static func path(ofSystemProgram name: String) -> String? {
        path(of: name, in: searchPath) ?? path(of: name, in: usualPath)
    }

    private static let usualPath = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

    private static var searchPath: String {
        let path = EnvironmentVariables.all().first { $0.name == Array("PATH".utf8) }?.value
        return path.map { String(decoding: $0, as: UTF8.self) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
    }

    private static func path(of name: String, in directories: String) -> String? {
        directories.split(separator: ":").map { "\($0)/\(name)" }.first { path in
            unsafe path.withCString { unsafe access($0, X_OK) } == 0
        }
    }

    /// What a try in a child with namespaces of its own came to.
    public enum Trial: Sendable, Equatable {
        /// The child left with this status.
        case ended(Int32)
        /// It could not be made: the code of the refusal.
        case refused(String)
    }

    /// Does something in a child with namespaces of its own, which go with it; what it returns is a status below 128.
    public static func trial(in namespaces: NamespaceSet, _ body: () -> Int32) -> Trial {
        do throws(SystemCallError) {
            guard let child = try Child.clone(into: namespaces) else { Processes.leave(body()) }
            guard case .code(let status)? = try child.wait(timeout: 10_000) else {
                try child.end()
                return .refused("ETIMEDOUT")
            }
            return .ended(status)
        } catch { return .refused(error.code) }
    }
}
