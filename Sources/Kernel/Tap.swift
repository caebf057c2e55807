internal import CKernel
internal import Glibc

/// A link whose other end is a file: /dev/net/tun.
public enum Tap {
    /// TUNSETIFF and TUNSETPERSIST; EBUSY where a link of that name is there.
    public static func make(_ name: String) throws(SystemCallError) -> Link {
        let tun = try Descriptor.open("/dev/net/tun", O_RDWR)
        // struct ifreq: sixteen bytes of name, then the flags IFF_TAP, IFF_NO_PI and IFF_TUN_EXCL: without the last,
        // one that is there and idle would be taken over.
        var request = Array(name.utf8.prefix(15))
        request += [UInt8](repeating: 0, count: 16 - request.count) + NetlinkMessage.bytes(UInt16(0x9002))
        request += [UInt8](repeating: 0, count: 22)
        let subject = SystemCallError.Subject("link", name)
        try systemCall("ioctl", [subject]) {
            unsafe request.withUnsafeMutableBytes { unsafe ck_ioctl(tun.number, 0x4004_54ca, $0.baseAddress) }
        }
        // Until it is told to persist it goes with the descriptor.
        try systemCall("ioctl", [subject]) { ck_ioctl_number(tun.number, 0x4004_54cb, 1) }
        do { return try Link.named(name) } catch {
            Link.delete(fresh: name)
            throw error
        }
    }
}
