internal import CKernel
internal import Glibc

/// A file in memory that the copies of a process share, with locks among them: memfd_create(2), fcntl(2).
public final class SharedFile {
    private let descriptor: Descriptor

    /// A new file. `name` shows in /proc only.
    public init(_ name: String) throws(SystemCallError) {
        let fresh = Descriptor(
            owning: try systemCall("memfd_create") { unsafe name.withCString { unsafe ck_memfd_create($0) } })
        try systemCall("fcntl") { ck_fcntl(fresh.number, F_SETFL, Int(O_APPEND)) }
        descriptor = fresh
    }

    /// Takes a lock, by its number; waits while another process holds it. EINTR when a signal arrives.
    public func lock(_ number: Int) throws(SystemCallError) {
        try systemCall("fcntl", retry: false) { ck_lock(descriptor.number, Int16(F_WRLCK), number) }
    }

    /// Gives a lock back.
    public func unlock(_ number: Int) {
        _ = ck_lock(descriptor.number, Int16(F_UNLCK), number)
    }

    /// Appends bytes, in one piece where they are few.
    public func append(_ bytes: [UInt8]) throws(SystemCallError) { try descriptor.write(bytes) }

    /// Everything written so far.
    public func contents() throws(SystemCallError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try systemCall("pread") {
                unsafe chunk.withUnsafeMutableBytes {
                    unsafe pread(descriptor.number, $0.baseAddress, $0.count, off_t(bytes.count))
                }
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }
}
