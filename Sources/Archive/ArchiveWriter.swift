internal import CArchive
internal import Glibc
internal import Kernel

/// archive_write(3): a pax archive into one descriptor.
@safe final class ArchiveWriter {
    private let archive: OpaquePointer
    /// The entry being filled; used anew for each member.
    let entry: OpaquePointer

    init(_ descriptor: Int32, _ compression: Packing.Compression, level: Int?) throws(ArchiveError) {
        guard let archive = unsafe archive_write_new(), let entry = unsafe archive_entry_new() else {
            throw ArchiveError(nil, "out of memory")
        }
        unsafe self.archive = unsafe archive
        unsafe self.entry = unsafe entry
        unsafe archive_write_set_format_pax(archive)
        switch compression {
        case .none: unsafe archive_write_add_filter_none(archive)
        case .gzip: unsafe archive_write_add_filter_gzip(archive)
        case .zstd: unsafe archive_write_add_filter_zstd(archive)
        case .xz: unsafe archive_write_add_filter_xz(archive)
        case .bzip2: unsafe archive_write_add_filter_bzip2(archive)
        case .lz4: unsafe archive_write_add_filter_lz4(archive)
        }
        // One form of attribute names, the one that GNU tar reads too.
        try set("pax", "xattrheader", "SCHILY")
        // The same tree gives the same archive whenever and wherever it is packed: hence no time stamp,
        // and a number of threads that does not depend on the machine.
        switch compression {
        case .none, .bzip2, .lz4: break
        case .gzip: try set("gzip", "timestamp", nil)
        case .zstd, .xz: try set(compression.rawValue, "threads", "4")
        }
        if let level, compression != .none { try set(compression.rawValue, "compression-level", "\(level)") }
        unsafe archive_write_set_bytes_per_block(archive, 1 << 20)
        unsafe archive_write_set_bytes_in_last_block(archive, 1)
        try check(unsafe archive_write_open_fd(archive, descriptor), nil)
    }

    deinit {
        unsafe archive_entry_free(entry)
        unsafe archive_write_free(archive)
    }

    private func set(_ module: String, _ option: String, _ value: String?) throws(ArchiveError) {
        try check(unsafe archive_write_set_option(archive, module, option, value), nil)
    }

    /// Writes the entry's header.
    func writeHeader(_ member: [UInt8]) throws(ArchiveError) {
        try check(unsafe archive_write_header(archive, entry), member)
    }

    /// Writes a piece of the entry's content.
    func write(_ bytes: UnsafeRawBufferPointer, _ member: [UInt8]) throws(ArchiveError) {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            let count = unsafe archive_write_data(archive, rest.baseAddress, rest.count)
            guard count > 0 else { throw failure(member) }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Writes what stands behind the last member; nothing may follow.
    func finish() throws(ArchiveError) { try check(unsafe archive_write_close(archive), nil) }

    private func check(_ result: Int32, _ member: [UInt8]?) throws(ArchiveError) {
        if result < ARCHIVE_WARN { throw failure(member) }
    }

    private func failure(_ member: [UInt8]?) -> ArchiveError {
        let number = unsafe archive_errno(archive)
        if number > 0, number < 4096 { return ArchiveError(member, call: "write", number: number) }
        let words = unsafe String(decoding: bytes(archive_error_string(archive)) ?? [], as: UTF8.self)
        return ArchiveError(member, words.prefix(1).lowercased() + words.dropFirst())
    }
}
