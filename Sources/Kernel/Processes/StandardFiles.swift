internal import CKernel
internal import Glibc

/// This process's standard files, as a container would get them: an open file is one of the host's, whose mode and owner
/// can be changed by way of it, and whose content by way of /proc/self/fd.
public enum StandardFiles {
    /// What each is for, as errors name it.
    private static let names = ["standard input", "standard output", "standard error"]

    private static let null = dev_t(ck_makedev(1, 3))

    static func status(_ number: Int32) -> stat? {
        var status = stat()
        return unsafe fstat(number, &status) == 0 ? status : nil
    }

    /// EISDIR for a directory, EACCES for a block device: whoever has one has all that is in it.
    public static func check(_ numbers: [Int32] = [0, 1, 2]) throws(SystemCallError) {
        for number in numbers { try check(number, as: number) }
    }

    /// The same for a descriptor that is to have another number.
    static func check(_ descriptor: Int32, as number: Int32) throws(SystemCallError) {
        guard let mode = status(descriptor)?.st_mode else { return }
        let (error, what): (Int32, String)
        switch mode & S_IFMT {
        case S_IFDIR: (error, what) = (EISDIR, "a directory")
        case S_IFBLK: (error, what) = (EACCES, "a block device")
        default: return
        }
        throw SystemCallError(
            "fstat", error, [.init("file", names[Int(number)])],
            detail: "it is \(what), all of which a container would be given")
    }

    /// Opens /dev/null of the root in sight in place of each that is the null device of another root.
    ///
    /// A root without one of its own leaves them as they are.
    static func renewNullDevice(_ numbers: [Int32] = [0, 1, 2]) {
        for number in numbers {
            guard let status = status(number), isNull(status), let fresh = openNullDevice() else { continue }
            _ = dup2(fresh.number, number)
        }
    }

    static func isNull(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == null
    }

    /// The image may have put anything there, also what is waited for: it is looked at before it is opened, and after.
    private static func openNullDevice() -> Descriptor? {
        guard let found = try? Descriptor.open("/dev/null", Descriptor.pathOnly | O_NOFOLLOW),
            let before = status(found.number), isNull(before),
            let opened = try? Descriptor.open("/dev/null", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY),
            let after = status(opened.number), isNull(after)
        else { return nil }
        _ = ck_fcntl(opened.number, F_SETFL, 0)
        return opened
    }
}
