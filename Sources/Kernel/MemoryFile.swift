internal import CKernel
internal import Glibc

/// A file in memory, memfd_create(2): takes any amount of a child's output without a reader.
public struct MemoryFile: ~Copyable {
    private let descriptor: Descriptor

    /// A new file. `name` shows in /proc only.
    public init(_ name: String, containing bytes: [UInt8] = []) throws(SystemCallError) {
        let fresh = Descriptor(
            owning: try systemCall("memfd_create") {
                unsafe name.withCString { unsafe ck_memfd_create($0) }
            })
        try fresh.write(bytes)
        try systemCall("lseek") { lseek(fresh.number, 0, SEEK_SET) }
        descriptor = fresh
    }

    /// The descriptor's number; it stays the file's.
    public var number: Int32 { descriptor.number }

    /// Writes all the bytes.
    public func write(_ bytes: [UInt8]) throws(SystemCallError) {
        try descriptor.write(bytes)
    }

    /// Whether anything has been written; whoever is writing is not disturbed.
    public var isWritten: Bool { ((try? descriptor.status().st_size) ?? 0) > 0 }

    /// The most that is read of one: who writes to it may make it as long as it likes, and holes cost nothing.
    private static let most: off_t = 1 << 30

    /// Everything written so far. EFBIG where that is more than 1 GiB.
    public func contents() throws(SystemCallError) -> [UInt8] {
        let size = try systemCall("lseek") { lseek(descriptor.number, 0, SEEK_END) }
        if size == 0 { return [] }
        guard size <= Self.most else {
            throw SystemCallError("read", EFBIG, detail: "it has written \(size) bytes, more than 1 GiB")
        }
        try systemCall("lseek") { lseek(descriptor.number, 0, SEEK_SET) }
        // It may have been made longer since.
        return try descriptor.readToEnd(limit: Int64(Self.most))
    }
}
