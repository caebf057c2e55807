internal import CArchive
internal import Glibc

/// archive_read(3) of one descriptor: its entries in order, and their data.
@safe final class ArchiveReader {
    /// A piece of a file's content and where it belongs.
    @safe struct Block {
        let bytes: UnsafeRawBufferPointer
        let offset: Int64
    }

    private static let blockSize = 1 << 20
    private let archive: OpaquePointer
    /// The bytes below the filters, where there are any.
    private let input: Input?

    /// A plain tar archive.
    init(tar descriptor: Int32) throws(ArchiveError) {
        guard let archive = unsafe archive_read_new() else { throw ArchiveError(nil, "out of memory") }
        unsafe self.archive = unsafe archive
        input = nil
        unsafe archive_read_support_format_tar(archive)
        if unsafe archive_read_open_fd(archive, descriptor, Self.blockSize) != ARCHIVE_OK {
            throw failure(at: nil)
        }
    }

    /// One stream under any of the filters that verify their checksums.
    init(_ input: Input) throws(ArchiveError) {
        guard let archive = unsafe archive_read_new() else { throw ArchiveError(nil, "out of memory") }
        unsafe self.archive = unsafe archive
        self.input = input
        unsafe archive_read_support_filter_zstd(archive)
        unsafe archive_read_support_filter_xz(archive)
        unsafe archive_read_support_filter_bzip2(archive)
        unsafe archive_read_support_filter_lz4(archive)
        unsafe archive_read_support_format_raw(archive)
        if unsafe input.open(archive) != ARCHIVE_OK { throw failure(at: nil) }
    }

    deinit { unsafe archive_read_free(archive) }

    /// The next entry, libarchive's own and valid until the next call; nil at the end.
    func next(after member: [UInt8]? = nil) throws(ArchiveError) -> OpaquePointer? {
        var entry: OpaquePointer?
        switch unsafe archive_read_next_header(archive, &entry) {
        // A warning is about a name that is not in the locale's charset; names are bytes here.
        case ARCHIVE_OK, ARCHIVE_WARN: return unsafe entry
        case ARCHIVE_EOF: return nil
        default: throw failure(at: nil, after: member)
        }
    }

    /// The next piece of the current entry's content; nil at its end. Valid until the next call.
    func block(of member: [UInt8]?) throws(ArchiveError) -> Block? {
        var (start, count, offset): (UnsafeRawPointer?, Int, Int64) = (nil, 0, 0)
        switch unsafe archive_read_data_block(archive, &start, &count, &offset) {
        case ARCHIVE_OK, ARCHIVE_WARN:
            return unsafe Block(bytes: UnsafeRawBufferPointer(start: start, count: count), offset: offset)
        case ARCHIVE_EOF: return nil
        default: throw failure(at: member)
        }
    }

    /// libarchive's complaint in our words.
    private func failure(at member: [UInt8]?, after last: [UInt8]? = nil) -> ArchiveError {
        if let failure = input?.failure { return failure }
        let number = unsafe archive_errno(archive)
        let words = unsafe String(decoding: bytes(archive_error_string(archive)) ?? [], as: UTF8.self)
        let lower = words.prefix(1).lowercased() + words.dropFirst()
        // What liblzma says when its input ends too early.
        let isShort = lower.lowercased().contains("truncated") || lower.contains("No progress is possible")
        if isShort {
            return ArchiveError(member ?? last, "the archive is truncated")
        }
        if lower.contains("nrecognized archive format") || lower.isEmpty || lower == "(null)" {
            return ArchiveError(nil, "it is no tar archive, plain or with gzip, zstd, xz, bzip2 or lz4")
        }
        // libarchive numbers its own complaints like EINVAL or above all system errors.
        let isOwn = number <= 0 || number > 4096 || number == EINVAL || number == EILSEQ
        return ArchiveError(member ?? last, "the archive is damaged: \(lower)", number: isOwn ? 0 : number)
    }
}
