internal import CKernel
internal import Glibc

/// What tells mount namespaces apart when they have gone, too: the inode number of one is given to the next.
public enum MountNamespace {
    /// The number of the one that this process is in, asked for once as long as it stays there.
    nonisolated(unsafe) private static var known: UInt64 = 0

    /// To be called when this process may be in another.
    static func moved() { unsafe known = 0 }

    /// The children that were born into a mount namespace of their own, and live.
    nonisolated(unsafe) private static var born: Set<Int32> = []
    /// Whether this process has joined that of such a child.
    nonisolated(unsafe) private static var isOfChild = false

    /// Notes a child that is born into one.
    static func noteBirth(_ pid: Int32) { unsafe _ = born.insert(pid) }

    /// Notes that a child has ended: its number is another's next.
    static func noteEnd(_ pid: Int32) { unsafe _ = born.remove(pid) }

    /// To be called in a copy that is the first of its pid namespace.
    static func forgetBirths() { unsafe born = [] }

    /// Whether a process is a child that is still in the one that was made for it, and this process is not.
    static func isOfChild(_ pid: Int32) -> Bool {
        guard unsafe born.contains(pid), let other = try? Namespace.mount.identifier(of: pid) else {
            return false
        }
        return (try? Namespace.mount.identifier()) != other
    }

    /// Notes that this process has joined another.
    static func noteJoined(ofChild: Bool) { unsafe isOfChild = ofChild }

    /// Of this process: a number that no other has had since the machine started, from Linux 6.11 on; its inode number
    /// before.
    static func own() throws(SystemCallError) -> UInt64 {
        if unsafe known != 0 { return unsafe known }
        let pidfd = Descriptor(owning: ck_pidfd_open(getpid()))
        let number: UInt64
        if let namespace = try? Namespace.mount.open(by: pidfd) {
            number = try self.number(of: namespace)
        } else {
            number = try Namespace.mount.identifier(numbered: nil)
        }
        unsafe known = number
        return number
    }

    /// A process in this mount namespace that is not of this run; nil where the namespace is this run's own.
    ///
    /// Where /proc cannot tell, others are taken to be there.
    public static func stranger() -> String? {
        if unsafe Namespace.mount.isOwn || isOfChild { return nil }
        let unknown = "others that /proc does not show"
        guard let here = try? Namespace.mount.identifier(), let all = try? Processes.list(),
            let own = try? numberInSight()
        else { return unknown }
        let first = unsafe Processes.first ?? own
        var parents: [Int32: Int32] = [:]
        for process in all { parents[process.pid] = process.parent }
        func isOurs(_ pid: Int32) -> Bool {
            var pid = pid
            for _ in 0..<1000 {
                if pid == first || pid == own { return true }
                guard let parent = parents[pid], parent > 0 else { return false }
                pid = parent
            }
            return false
        }
        // Numbers of another pid namespace's processes say nothing.
        guard isOurs(own), parents[first] != nil else { return unknown }
        for process in all where !isOurs(process.pid) {
            if (try? Namespace.mount.identifier(numbered: process.pid)) == here {
                return "process \(process.pid) (\(process.name))"
            }
        }
        return nil
    }

    private static func numberInSight() throws(SystemCallError) -> Int32 {
        let pidfd = Descriptor(owning: ck_pidfd_open(getpid()))
        return try ProcessFiles.number(of: pidfd.number)
    }

    /// The same of a process by its number below /proc; nil where it cannot be seen.
    static func number(ofProcess number: Int32) -> UInt64? {
        guard let namespace = try? Descriptor.open(Path("/proc/\(number)/ns/mnt"), O_RDONLY) else {
            return nil
        }
        return try? self.number(of: namespace)
    }

    private static func number(of namespace: borrowing Descriptor) throws(SystemCallError) -> UInt64 {
        var number: UInt64 = 0
        // NS_GET_MNTNS_ID, which older headers lack.
        if unsafe ck_ioctl(namespace.number, 0x8008_b705, &number) == 0 { return number }
        return UInt64(try namespace.status().st_ino)
    }
}
