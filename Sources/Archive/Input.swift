internal import CArchive
internal import Glibc

/// A compressed archive's bytes as they come; the first can be looked at before anybody takes them.
@safe final class Input {
    private let descriptor: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    /// The bytes read and not taken yet.
    private var unread = 0..<0
    /// Why reading failed: libarchive's callback cannot throw.
    private(set) var failure: ArchiveError?

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { unsafe buffer.deallocate() }

    /// Up to `count` of the next bytes, fewer at the end, without taking them.
    func peek(_ count: Int) throws(ArchiveError) -> [UInt8] {
        if unread.count < count {
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[unread]))
            unread = 0..<unread.count
            while unread.count < count, try fill() {}
        }
        return unsafe Array(buffer[unread].prefix(count))
    }

    /// The next bytes, without taking them; empty at the end. Valid until the next call.
    func chunk() throws(ArchiveError) -> UnsafeRawBufferPointer {
        if unread.isEmpty {
            unread = 0..<0
            _ = try fill()
        }
        return unsafe UnsafeRawBufferPointer(rebasing: buffer[unread])
    }

    /// Takes bytes of those that ``chunk()`` gave.
    func take(_ count: Int) { unread = (unread.lowerBound + count)..<unread.upperBound }

    /// Passes over zstd's and lz4's skippable frames, which pzstd and others put before their data.
    func skipFrames() throws(ArchiveError) {
        while Compression.isSkippable(try peek(4)) {
            let head = try peek(8)
            guard head.count == 8 else { throw ArchiveError(nil, "the archive is truncated") }
            var rest = (4..<8).reduce(8) { $0 + Int(head[$1]) << (($1 - 4) * 8) }
            while rest > 0 {
                let count = unsafe min(rest, try chunk().count)
                if count == 0 { throw ArchiveError(nil, "the archive is truncated") }
                take(count)
                rest -= count
            }
        }
    }

    /// Gives the bytes to libarchive's reader, which must not outlive this.
    func open(_ archive: OpaquePointer) -> Int32 {
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        return unsafe archive_read_open(
            archive, this, nil,
            { _, this, start in
                guard let this = unsafe this else { return -1 }
                let input = unsafe Unmanaged<Input>.fromOpaque(this).takeUnretainedValue()
                do throws(ArchiveError) {
                    let bytes = unsafe try input.chunk()
                    input.take(bytes.count)
                    unsafe start?.pointee = bytes.baseAddress
                    return bytes.count
                } catch {
                    input.failure = error
                    return -1
                }
            }, nil)
    }

    /// Reads more behind what is there; false at the end.
    private func fill() throws(ArchiveError) -> Bool {
        let count = try attempt("read", nil) {
            unsafe read(
                descriptor, buffer.baseAddress.map { unsafe $0 + unread.upperBound },
                buffer.count - unread.upperBound)
        }
        unread = unread.lowerBound..<(unread.upperBound + count)
        return count > 0
    }
}
