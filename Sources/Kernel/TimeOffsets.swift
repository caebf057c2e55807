internal import CKernel
internal import Glibc

/// How far the clocks of a time namespace are from the machine's: time_namespaces(7).
public struct TimeOffsets: Sendable, Equatable {
    /// In seconds.
    public var monotonic, boottime: Double

    /// Offsets; nil where the kernel could not hold one.
    public init?(monotonic: Double = 0, boottime: Double = 0) {
        guard [monotonic, boottime].allSatisfy({ $0.isFinite && abs($0) < 1e12 }) else { return nil }
        self.monotonic = monotonic
        self.boottime = boottime
    }

    /// Moves this process into a new time namespace with these offsets.
    ///
    /// unshare(2) makes it for children only, and it takes offsets as long as nobody is in it: this process joins it
    /// afterwards. ERANGE where a clock would stand below zero.
    public func enter() throws(SystemCallError) {
        try Namespace.unshare([.time])
        let file = try ProcessFiles.open("self/timens_offsets", O_WRONLY)
        let text = "monotonic \(Self.text(monotonic))\nboottime \(Self.text(boottime))\n"
        do { try file.write(Array(text.utf8)) } catch {
            throw SystemCallError("write", error.number, [.init("path", "/proc/self/timens_offsets")])
        }
        let fresh = try Descriptor.open("/proc/self/ns/time_for_children", O_RDONLY)
        try systemCall("setns") { ck_setns(fresh.number, Namespace.time.flag) }
    }

    /// Seconds and nanoseconds, the latter never negative.
    private static func text(_ offset: Double) -> String {
        let whole = offset.rounded(.down)
        return "\(Int64(whole)) \(min(Int64((offset - whole) * 1e9), 999_999_999))"
    }
}
