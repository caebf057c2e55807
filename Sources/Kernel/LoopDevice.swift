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

    /// Attaches a device to a file: the one that it has already, or the first free one.
    ///
    /// Two devices of one file would each have caches of their own and write over one another. EBUSY where the file's
    /// device is of another kind: read-only, or of a part. LOOP_CTL_GET_FREE, LOOP_CONFIGURE with autoclear: the kernel
    /// detaches it when the last of those who share it lets go.
    public static func attach(_ file: Path, readonly: Bool = false) throws(SystemCallError) -> LoopDevice {
        // O_NONBLOCK: a FIFO is refused below rather than waited for.
        let backing = try Descriptor.open(file, (readonly ? O_RDONLY : O_RDWR) | O_NONBLOCK)
        let kind = try backing.status().st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFBLK else {
            throw SystemCallError("LOOP_CONFIGURE", EINVAL, [.init("path", file.string)])
        }
        let control = try Descriptor.open("/dev/loop-control", O_RDWR)
        // Nobody else of this program looks for the file's device between the look and the attaching here.
        try systemCall("flock", [.init("path", "/dev/loop-control")]) { flock(control.number, LOCK_EX) }
        if let used = try shared(backing, file, readonly: readonly) { return used }
        if kind == S_IFBLK {
            // O_EXCL: who has mounted the device has it alone, and would not see what is written by way of another.
            do { _ = try Descriptor.open(file, O_RDONLY | O_NONBLOCK | O_EXCL) } catch let error
                where error.number == EBUSY
            {
                throw SystemCallError(
                    "LOOP_CONFIGURE", EBUSY, [.init("path", file.string)],
                    detail: "the device is in use, as by a mount of it")
            }
        }
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

    /// The device that a file has already; nil where it has none.
    private static func shared(
        _ backing: borrowing Descriptor, _ file: Path, readonly: Bool
    ) throws(SystemCallError) -> LoopDevice? {
        let wanted = try backing.status()
        var refusal: String?
        // A device that was let go just now may take a moment to be gone.
        for attempt in 0..<25 {
            if attempt > 0 { _ = usleep(20_000) }
            refusal = nil
            for number in try inUse() {
                let path = Path("/dev/loop\(number)")
                guard let device = try? open(path, number: number, readonly: true),
                    let state = state(of: device), isOf(state, wanted)
                else { continue }
                let isReadonly = state.lo_flags & readonlyFlag != 0
                let isWhole = state.lo_offset == 0 && state.lo_sizelimit == 0
                if isReadonly, readonly, !isWhole { continue }
                guard isReadonly == readonly, isWhole else {
                    let how = isWhole ? (isReadonly ? "read-only" : "to be written to") : "in part"
                    refusal = "it is attached to \(path.string) \(how)"
                    continue
                }
                return LoopDevice(path: path, device: try open(path, number: number, readonly: readonly))
            }
            if refusal == nil { return nil }
        }
        throw SystemCallError("LOOP_CONFIGURE", EBUSY, [.init("path", file.string)], detail: refusal)
    }

    /// The numbers of the devices that have a file; of all where /sys does not say which.
    private static func inUse() throws(SystemCallError) -> [UInt32] {
        func numbers(_ directory: Path) -> [UInt32]? {
            guard let names = try? Files.list(RootPath(directory, in: nil)) else { return nil }
            return names.compactMap {
                let name = String(decoding: $0, as: UTF8.self)
                return name.hasPrefix("loop") ? UInt32(name.dropFirst(4)) : nil
            }
        }
        if let known = numbers("/sys/block") {
            return known.filter { number in
                let path = Path("/sys/block/loop\(number)/loop")
                return unsafe path.withPlatformString { unsafe access($0, F_OK) } == 0
            }
        }
        return numbers("/dev") ?? []
    }

    /// LOOP_GET_STATUS64; nil where the device has no file.
    private static func state(of device: borrowing Descriptor) -> loop_info64? {
        var state = loop_info64()
        let number = device.number
        return unsafe ck_ioctl(number, UInt(LOOP_GET_STATUS64), &state) == 0 ? state : nil
    }

    private static func isOf(_ state: loop_info64, _ file: stat) -> Bool {
        if file.st_mode & S_IFMT == S_IFBLK { return state.lo_rdevice == UInt64(file.st_rdev) }
        return state.lo_device == UInt64(file.st_dev) && state.lo_inode == UInt64(file.st_ino)
    }

    /// LO_FLAGS_READ_ONLY
    private static let readonlyFlag: UInt32 = 1

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
        // LO_FLAGS_AUTOCLEAR.
        configuration.info.lo_flags = 4 | (readonly ? readonlyFlag : 0)
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
