internal import CKernel
internal import Glibc

/// What tells mount namespaces apart when they have gone, too: the inode number of one is given to the next.
enum MountNamespace {
    /// The number of the one that this process is in, asked for once as long as it stays there.
    nonisolated(unsafe) private static var known: UInt64 = 0

    /// To be called when this process may be in another.
    static func moved() { unsafe known = 0 }

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
