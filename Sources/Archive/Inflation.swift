internal import CArchive

/// The content of a gzip file, RFC 1952, member after member.
///
/// zlib compares each member's checksum and length with what it made. libarchive's own filter passes over both.
@safe final class Inflation {
    private let input: Input
    /// zlib keeps this address.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private var isBetween = false

    init(_ input: Input) throws(ArchiveError) {
        self.input = input
        unsafe stream.initialize(to: z_stream())
        // 16 stands for gzip's header and end rather than zlib's; 15 for the largest window.
        let made = unsafe inflateInit2_(
            stream, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard made == Z_OK else { throw ArchiveError(nil, "out of memory") }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
        unsafe buffer.deallocate()
    }

    /// The next piece of content; nil at the end. Valid until the next call.
    func next() throws(ArchiveError) -> UnsafeRawBufferPointer? {
        while true {
            if isBetween, try !startMember() { return nil }
            let bytes = unsafe try input.chunk()
            if unsafe bytes.isEmpty { throw ArchiveError(nil, "the archive is truncated") }
            unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
                mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
            unsafe stream.pointee.avail_in = UInt32(bytes.count)
            unsafe stream.pointee.next_out = unsafe buffer.assumingMemoryBound(to: UInt8.self).baseAddress
            unsafe stream.pointee.avail_out = UInt32(buffer.count)
            let result = unsafe inflate(stream, Z_NO_FLUSH)
            input.take(unsafe bytes.count - Int(stream.pointee.avail_in))
            switch result {
            case Z_OK, Z_BUF_ERROR: break
            case Z_STREAM_END: isBetween = true
            default:
                let words = unsafe String(decoding: text(stream.pointee.msg) ?? [], as: UTF8.self)
                throw ArchiveError(
                    nil, "the archive is damaged: \(words.isEmpty ? "it cannot be inflated" : words)")
            }
            let made = unsafe buffer.count - Int(stream.pointee.avail_out)
            if made > 0 { return unsafe UnsafeRawBufferPointer(rebasing: buffer[..<made]) }
        }
    }

    /// Whether another member follows. Zeros at the end fill a tape's block; anything else is damage.
    private func startMember() throws(ArchiveError) -> Bool {
        if Compression(magic: try input.peek(2)) == .gzip {
            isBetween = false
            unsafe inflateReset(stream)
            return true
        }
        while true {
            let rest = unsafe try input.chunk()
            if unsafe rest.isEmpty { return false }
            if unsafe rest.contains(where: { $0 != 0 }) {
                throw ArchiveError(nil, "the archive is damaged: what follows its end is no gzip")
            }
            input.take(rest.count)
        }
    }
}

private func text(_ message: UnsafePointer<CChar>?) -> [UInt8]? { unsafe bytes(message) }
