/// Tar archives byte by byte, as a hostile hand would write them: POSIX.1-1988 headers, tar(5).
public struct TarBuilder {
    /// The archive so far, without its end.
    public private(set) var bytes: [UInt8] = []

    /// An empty archive.
    public init() {}

    /// The archive with the two blocks of zeros at its end.
    public var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    /// Adds a member; `type` as in tar(5): "0" file, "1" hard link, "2" symbolic link, "5" directory.
    public mutating func add(
        _ name: [UInt8], _ type: Character = "0", link: [UInt8] = [], mode: Int = 0o644, owner: Int = 0,
        content: [UInt8] = [], size: Int? = nil, device: (Int, Int) = (0, 0)
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], at offset: Int) {
            for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
        }
        func octal(_ number: Int, _ width: Int) -> [UInt8] {
            let digits = String(number, radix: 8)
            return Array((String(repeating: "0", count: max(0, width - digits.count)) + digits).utf8)
        }
        put(Array(name.prefix(100)), at: 0)
        put(octal(mode, 7), at: 100)
        put(octal(owner, 7), at: 108)
        put(octal(owner, 7), at: 116)
        put(octal(size ?? content.count, 11), at: 124)
        put(octal(1_000_000_000, 11), at: 136)
        put(Array("        ".utf8), at: 148)
        put(Array("\(type)".utf8), at: 156)
        put(Array(link.prefix(100)), at: 157)
        put(Array("ustar\u{0}00".utf8), at: 257)
        put(octal(device.0, 7), at: 329)
        put(octal(device.1, 7), at: 337)
        put(octal(block.reduce(0) { $0 + Int($1) }, 6) + [0, 32], at: 148)
        bytes += block + content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// Adds a member with a name as text.
    public mutating func add(
        _ name: String, _ type: Character = "0", link: String = "", mode: Int = 0o644, owner: Int = 0,
        content: String = ""
    ) {
        add(
            Array(name.utf8), type, link: Array(link.utf8), mode: mode, owner: owner,
            content: Array(content.utf8))
    }

    /// Adds a pax header with records for the next member.
    public mutating func addRecords(_ records: [(key: String, value: [UInt8])]) {
        var content: [UInt8] = []
        for (key, value) in records {
            let rest = Array(" \(key)=".utf8) + value + [10]
            // The length counts its own digits.
            var length = rest.count + 1
            while "\(length)".utf8.count + rest.count != length { length += 1 }
            content += Array("\(length)".utf8) + rest
        }
        add(Array("pax".utf8), "x", content: content)
    }
}
