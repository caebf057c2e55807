internal import CKernel
internal import Glibc

/// A file made to look like a block device: loop(4). Gone when it is closed and nothing mounts it.
public final class LoopDevice {
    /// The device, as in `/dev/loop0`.
    public let path: Path
    private let device: Descriptor

    private init(path: Path, device: consuming Descriptor) {
        self.path = path
        self.device = device
    }

    /// Attaches the first free device to a file: LOOP_CTL_GET_FREE, LOOP_CONFIGURE with autoclear.
    public static func attach(_ file: Path, readonly: Bool = false) throws(SystemCallError) -> LoopDevice {
        // O_NONBLOCK: a FIFO is refused below rather than waited for.
        let backing = try Descriptor.open(file, (readonly ? O_RDONLY : O_RDWR) | O_NONBLOCK)
        let control = try Descriptor.open("/dev/loop-control", O_RDWR)
        // Another process may take the free one first: the next is tried.
        for _ in 0..<64 {
            let number = try systemCall("LOOP_CTL_GET_FREE", [.init("path", "/dev/loop-control")]) {
                ck_ioctl_number(control.number, UInt(LOOP_CTL_GET_FREE), 0)
            }
            let path = Path("/dev/loop\(number)")
            let device = try open(path, number: UInt32(number), readonly: readonly)
            do {
                try configure(device, backing: backing, file: file, readonly: readonly)
                return LoopDevice(path: path, device: device)
            } catch let error where error.number == EBUSY {
                continue
            }
        }
        throw SystemCallError("LOOP_CONFIGURE", EBUSY, [.init("path", file.string)])
    }

    /// Where no udev or devtmpfs makes the device file, it is made here.
    private static func open(
        _ path: Path, number: UInt32, readonly: Bool
    ) throws(SystemCallError) -> Descriptor {
        let flags = readonly ? O_RDONLY : O_RDWR
        do {
            return try Descriptor.open(path, flags)
        } catch let error where error.number == ENOENT {}
        try systemCall("mknod", [.init("path", path.string)]) {
            unsafe path.withPlatformString { unsafe mknod($0, S_IFBLK | 0o660, UInt(ck_makedev(7, number))) }
        }
        return try Descriptor.open(path, flags)
    }

    private static func configure(
        _ device: borrowing Descriptor, backing: borrowing Descriptor, file: Path, readonly: Bool
    ) throws(SystemCallError) {
        var configuration = loop_config()
        configuration.fd = UInt32(backing.number)
        // LO_FLAGS_AUTOCLEAR, LO_FLAGS_READ_ONLY.
        configuration.info.lo_flags = 4 | (readonly ? 1 : 0)
        let number = device.number
        // The name that losetup shows; longer ones are cut.
        unsafe withUnsafeMutableBytes(of: &configuration.info.lo_file_name) { name in
            for (index, byte) in file.bytes.prefix(name.count - 1).enumerated() { unsafe name[index] = byte }
        }
        try systemCall("LOOP_CONFIGURE", [.init("path", file.string)]) {
            unsafe ck_ioctl(number, UInt(LOOP_CONFIGURE), &configuration)
        }
    }
}
