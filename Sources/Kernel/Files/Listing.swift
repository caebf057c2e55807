internal import CKernel
internal import Glibc

/// The names in an open directory: getdents64(2).
struct Listing {
    /// One of them.
    struct Entry {
        let name: FileName
        let inode: UInt64
        /// DT_DIR, DT_REG, ...; DT_UNKNOWN where the filesystem does not say.
        let kind: UInt8

        static let unknown: UInt8 = 0
        static let directory: UInt8 = 4
        static let link: UInt8 = 10
    }

    /// All but `.` and `..`, the lowest inode last: whoever takes them from the end goes over the disk in its order.
    static func read(
        _ directory: borrowing Descriptor, _ text: @autoclosure () -> String
    ) throws(SystemCallError) -> [Entry] {
        var entries: [Entry] = []
        let number = directory.number
        while true {
            let records = try unsafe Descriptor.bytes(room: 32768) { buffer throws(SystemCallError) in
                try systemCall("getdents64", [.init("path", text())]) {
                    unsafe ck_getdents(number, buffer.baseAddress, buffer.count)
                }
            }
            if records.isEmpty { return entries.sorted { $0.inode > $1.inode } }
            append(records[...], to: &entries)
        }
    }

    /// Inode (8 bytes), offset (8), the record's length (2), kind (1), name and NUL.
    private static func append(_ records: ArraySlice<UInt8>, to entries: inout [Entry]) {
        var rest = records
        while rest.count > 19 {
            let start = rest.startIndex
            let length = Int(rest[start + 16]) | Int(rest[start + 17]) << 8
            guard length > 19, length <= rest.count else { return }
            let inode = (0..<8).reduce(0) { $0 | UInt64(rest[start + $1]) << UInt64(8 * $1) }
            let name = FileName(Array(rest[(start + 19)..<(start + length)].prefix { $0 != 0 }))
            if name != .here, name != .parent {
                entries.append(Entry(name: name, inode: inode, kind: rest[start + 18]))
            }
            rest = rest.dropFirst(length)
        }
    }
}
