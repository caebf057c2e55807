internal import CArchive

/// Walks the working directory and writes its files to an archive.
@safe struct Packing {
    private let writer: OpaquePointer?
    private let disk: OpaquePointer?
    private let names: OpaquePointer?
    private let descriptor: Int32
    private let compression: Archive.Compression

    init(_ descriptor: Int32, _ compression: Archive.Compression) {
        self.descriptor = descriptor
        self.compression = compression
        unsafe writer = archive_write_new()
        unsafe disk = archive_read_disk_new()
        unsafe names = archive_entry_linkresolver_new()
    }

    func run() throws(ArchiveError) {
        unsafe archive_write_set_format_pax_restricted(writer)
        switch compression {
        case .none: break
        case .gzip: unsafe archive_write_add_filter_gzip(writer)
        case .zstd: unsafe archive_write_add_filter_zstd(writer)
        case .xz: unsafe archive_write_add_filter_xz(writer)
        }
        unsafe archive_entry_linkresolver_set_strategy(names, archive_format(writer))
        unsafe try check(archive_write_open_fd(writer, descriptor), writer, nil)
        unsafe archive_read_disk_set_symlink_physical(disk)
        unsafe archive_read_disk_set_behavior(disk, Int32(ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS))
        unsafe try check(archive_read_disk_open(disk, "."), disk, nil)
        while try next() {}
        unsafe try check(archive_write_close(writer), writer, nil)
    }

    /// Packs one file; false after the last.
    private func next() throws(ArchiveError) -> Bool {
        var entry = unsafe archive_entry_new()
        defer { unsafe archive_entry_free(entry) }
        let status = unsafe archive_read_next_header2(disk, entry)
        if status == ARCHIVE_EOF { return false }
        let name = unsafe memberName(entry)
        unsafe try check(status, disk, name)
        unsafe archive_read_disk_descend(disk)
        // A socket lives with the process that made it. The top directory stands for itself.
        if unsafe archive_entry_filetype(entry) == 0o140000 { return true }
        var deferred: OpaquePointer?
        unsafe archive_entry_linkify(names, &entry, &deferred)
        guard unsafe entry != nil else { return true }
        unsafe try check(archive_write_header(writer, entry), writer, name)
        if unsafe archive_entry_size(entry) > 0 { try copyContent(name) }
        return true
    }

    private func copyContent(_ name: String?) throws(ArchiveError) {
        var written: Int64 = 0
        while true {
            var block: UnsafeRawPointer?
            var (size, offset) = (0, Int64(0))
            let status = unsafe archive_read_data_block(disk, &block, &size, &offset)
            if status == ARCHIVE_EOF { return }
            unsafe try check(status, disk, name)
            try fill(upTo: offset, &written, name)
            unsafe try check(Int32(clamping: archive_write_data(writer, block, size)), writer, name)
            written = offset + Int64(size)
        }
    }

    /// Holes are written as zeros; the format keeps note of them and leaves them out.
    private func fill(upTo offset: Int64, _ written: inout Int64, _ name: String?) throws(ArchiveError) {
        let zeros = [UInt8](repeating: 0, count: 65536)
        while written < offset {
            let count = Int(min(offset - written, Int64(zeros.count)))
            let status = unsafe zeros.withUnsafeBytes {
                unsafe archive_write_data(writer, $0.baseAddress, count)
            }
            unsafe try check(Int32(clamping: status), writer, name)
            written += Int64(count)
        }
    }

    private func check(
        _ status: Int32, _ archive: OpaquePointer?, _ member: String?
    ) throws(ArchiveError) {
        if status < ARCHIVE_WARN { throw unsafe archiveError(archive, member) }
    }
}
