internal import CKernel
internal import Glibc

/// An open file description that closes itself. Close-on-exec from birth.
public struct Descriptor: ~Copyable {
    /// The descriptor's number.
    public let number: Int32

    /// Takes over an open descriptor.
    public init(owning number: Int32) {
        self.number = number
    }

    deinit {
        _ = close(number)
    }

    /// Gives the descriptor up without closing it.
    public consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// Opens /dev/null as each standard descriptor that is closed: the next file to be opened would become it.
    public static func openStandardFiles() {
        while true {
            let number = unsafe Glibc.open("/dev/null", O_RDWR)
            guard (0...2).contains(number) else {
                if number > 2 { _ = close(number) }
                return
            }
        }
    }

    /// open(2) with O_CLOEXEC added, relative to `directory` where given. One that may wait, as for the other end of
    /// a FIFO, is not to be tried again (`retry`) when a signal arrives.
    public static func open(
        _ path: Path, _ flags: Int32, mode: UInt32 = 0, at directory: Int32? = nil, retry: Bool = true
    ) throws(SystemCallError) -> Descriptor {
        Descriptor(
            owning: try systemCall("openat", [.init("path", path.written)], retry: retry) {
                let (path, flags) = path.opened(with: flags)
                return unsafe path.withPlatformString {
                    unsafe openat(directory ?? AT_FDCWD, $0, flags | O_CLOEXEC, mode)
                }
            })
    }

    /// Writes all the bytes.
    public func write(_ bytes: [UInt8]) throws(SystemCallError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try systemCall("write") {
                unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads until the end of the file; EFBIG beyond `limit` bytes.
    public func readToEnd(limit: Int64 = .max) throws(SystemCallError) -> [UInt8] {
        try Self.readToEnd(number, limit: limit)
    }

    static func readToEnd(_ number: Int32, limit: Int64 = .max) throws(SystemCallError) -> [UInt8] {
        var bytes: [UInt8] = []
        // A file's size is a guess only: it may grow, and files of /proc have none.
        var status = stat()
        let size = unsafe fstat(number, &status) == 0 ? Int64(status.st_size) : 0
        let isPlain = size > 0 && status.st_mode & S_IFMT == S_IFREG
        var room = Int(min(max(size + 1, 4096), 1 << 20, limit < .max ? limit + 1 : .max))
        while true {
            var count = 0
            let chunk = try unsafe Self.bytes(room: room) { buffer throws(SystemCallError) in
                count = try systemCall("read", retry: false) {
                    unsafe read(number, buffer.baseAddress, buffer.count)
                }
                return count
            }
            if count == 0 { return bytes }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            if bytes.count > limit { throw SystemCallError("read", EFBIG) }
            // A plain file that gives less than there is room for has no more.
            if isPlain, count < room { return bytes }
            room = max(room, 65536)
        }
    }

    /// Bytes that a system call fills in and counts, without being cleared first.
    static func bytes(
        room: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) throws(SystemCallError) -> Int
    ) throws(SystemCallError) -> [UInt8] {
        var failure: SystemCallError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            do throws(SystemCallError) {
                count = try unsafe fill(buffer)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

extension Path {
    /// The path and the flags to open it with. The kernel follows a link in last place where a slash comes after it,
    /// whatever O_NOFOLLOW says: O_DIRECTORY says the same as the slash, and follows no link.
    func opened(with flags: Int32) -> (path: Path, flags: Int32) {
        guard meansDirectory, flags & O_NOFOLLOW != 0 else { return (self, flags) }
        return (withoutSlash, flags | O_DIRECTORY)
    }
}
