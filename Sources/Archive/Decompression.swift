internal import CArchive
internal import Glibc
internal import Kernel

/// How an archive is compressed.
enum Compression: String {
    case gzip, zstd, xz, bzip2, lz4

    /// Tells by the first bytes; nil where it looks plain.
    init?(magic bytes: [UInt8]) {
        let known: [(Compression, [UInt8])] = [
            (.gzip, [0x1f, 0x8b]), (.zstd, [0x28, 0xb5, 0x2f, 0xfd]),
            (.xz, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
            (.bzip2, [0x42, 0x5a, 0x68]), (.lz4, [0x04, 0x22, 0x4d, 0x18]),
        ]
        guard let match = known.first(where: { bytes.starts(with: $0.1) }) else { return nil }
        self = match.0
    }

    /// Whether a frame starts here that zstd and lz4 pass over.
    static func isSkippable(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 4 && bytes[0] & 0xf0 == 0x50 && bytes[1..<4].elementsEqual([0x2a, 0x4d, 0x18])
    }
}

/// Decompresses in a process of its own, so that decompressing and writing share the work of two processors.
enum Decompression {
    /// Copies `source` decompressed to `destination`; stops without complaint when nobody reads on.
    static func run(from source: Int32, to destination: Int32) throws(ArchiveError) {
        let input = Input(source)
        try input.skipFrames()
        if Compression(magic: try input.peek(6)) == .gzip {
            let inflation = try Inflation(input)
            while let piece = unsafe try inflation.next() {
                guard unsafe try pass(piece, to: destination) else { return }
            }
            return
        }
        let reader = try ArchiveReader(input)
        guard let entry = unsafe try reader.next() else { return }
        _ = unsafe entry
        while let block = try reader.block(of: nil) {
            guard unsafe try pass(block.bytes, to: destination) else { return }
        }
    }

    /// Writes all of it; false when nobody reads on.
    private static func pass(
        _ bytes: UnsafeRawBufferPointer, to destination: Int32
    ) throws(ArchiveError) -> Bool {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            let count = unsafe write(destination, rest.baseAddress, rest.count)
            if count < 0 {
                let number = errorNumber()
                if number == EPIPE { return false }
                if number == EINTR { continue }
                throw ArchiveError(nil, call: "write", number: number)
            }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }
}
