internal import CKernel
internal import Glibc

/// A network namespace as a place to do something in, whatever namespace this process is in then.
///
/// An index names a link within one namespace only; the same index in another is another link.
public final class NetworkNamespace {
    /// What tells it from all others since the machine started.
    private let cookie: UInt64
    /// The namespace, or a process in it; -1 where the kernel allows no way back.
    private let way: Descriptor
    /// One descriptor serves all that was made here.
    nonisolated(unsafe) private static weak var latest: NetworkNamespace?

    private init(cookie: UInt64, way: consuming Descriptor) {
        self.cookie = cookie
        self.way = way
    }

    /// What tells the one that this process is in, asked once as long as it stays there.
    nonisolated(unsafe) private static var here: UInt64?

    /// To be called when this process may be in another.
    static func moved() { unsafe here = nil }

    /// The namespace that this process is in; holding it keeps it alive.
    public static func current() throws(SystemCallError) -> NetworkNamespace {
        if let latest = unsafe latest, unsafe latest.cookie == here { return latest }
        let socket = try RouteSocket()
        let cookie = try socket.namespaceCookie()
        unsafe here = cookie
        if let latest = unsafe latest, latest.cookie == cookie { return latest }
        // Without CAP_NET_ADMIN there is no way back here, and none is needed while one stays.
        let way = (try? socket.namespace()) ?? Descriptor(owning: -1)
        let namespace = NetworkNamespace(cookie: cookie, way: way)
        unsafe latest = namespace
        return namespace
    }

    /// The namespace of a process. It is not kept alive: it goes when the processes in it have gone.
    public static func of(_ pid: Int32) throws(SystemCallError) -> NetworkNamespace {
        let subjects = [SystemCallError.Subject("pid", "\(pid)")]
        let pidfd = Descriptor(owning: try systemCall("pidfd_open", subjects) { ck_pidfd_open(pid) })
        let home = try RouteSocket()
        var cookie: UInt64 = 0
        try visit(pidfd.number, from: home, subjects) { () throws(SystemCallError) in
            cookie = try RouteSocket().namespaceCookie()
        }
        return NetworkNamespace(cookie: cookie, way: pidfd)
    }

    /// Its number, which none has had before since the machine started.
    public var number: UInt64 { cookie }

    /// The namespace with a number, if this process or another one that /proc shows is in it.
    static func find(_ cookie: UInt64) -> NetworkNamespace? {
        if let current = try? current(), current.cookie == cookie { return current }
        guard let home = try? RouteSocket(), let processes = try? Processes.list() else { return nil }
        var seen: Set<UInt64> = []
        for process in processes {
            guard let way = try? Descriptor.open(Path("/proc/\(process.pid)/ns/net"), O_RDONLY),
                let inode = try? way.status().st_ino, seen.insert(UInt64(inode)).inserted
            else { continue }
            var found: UInt64?
            try? visit(way.number, from: home, []) { () throws(SystemCallError) in
                found = try RouteSocket().namespaceCookie()
            }
            if found == cookie { return NetworkNamespace(cookie: cookie, way: way) }
        }
        return nil
    }

    /// Does something in each namespace but this process's own that processes are in, by their numbers below /proc; with
    /// its inode number. One that this process may not go to is left out.
    public static func visitOthers(of numbers: [Int32], _ body: (UInt64) -> Void) {
        guard let home = try? RouteSocket(), let own = try? Namespace.net.identifier() else { return }
        var seen: Set<UInt64> = [own]
        for number in numbers {
            guard let way = try? Descriptor.open(Path("/proc/\(number)/ns/net"), O_RDONLY),
                let inode = try? UInt64(way.status().st_ino), seen.insert(inode).inserted
            else { continue }
            try? visit(way.number, from: home, []) { () throws(SystemCallError) in body(inode) }
        }
    }

    /// Whether both are one namespace.
    public func isSame(as other: NetworkNamespace) -> Bool { cookie == other.cookie }

    /// Does something there. Throws ESRCH where the namespace is gone, or its process is elsewhere.
    public func perform<Result>(_ body: () throws(SystemCallError) -> Result) throws(SystemCallError)
        -> Result
    {
        if unsafe Self.here == cookie { return try body() }
        let home = try RouteSocket()
        if try home.namespaceCookie() == cookie {
            unsafe Self.here = cookie
            return try body()
        }
        var result: Result?
        try Self.visit(way.number, from: home, []) { () throws(SystemCallError) in
            guard try RouteSocket().namespaceCookie() == cookie else { throw SystemCallError("setns", ESRCH) }
            result = try body()
        }
        guard let result else { throw SystemCallError("setns", ESRCH) }
        return result
    }

    /// Goes there and comes back; the process has one thread, so nothing else happens there meanwhile.
    private static func visit(
        _ way: Int32, from home: borrowing RouteSocket, _ subjects: [SystemCallError.Subject],
        _ body: () throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        let back = try home.namespace(subjects)
        moved()
        defer { moved() }
        try systemCall("setns", subjects) { ck_setns(way, Namespace.net.flag) }
        var failure: SystemCallError?
        do { try body() } catch { failure = error }
        var patience = 3
        while true {
            // To stay there would be worse than any failure: all that follows would happen there.
            do throws(SystemCallError) {
                try systemCall("setns", subjects) { ck_setns(back.number, Namespace.net.flag) }
                break
            } catch {
                patience -= 1
                if patience == 0 { throw error }
            }
        }
        if let failure { throw failure }
    }
}
