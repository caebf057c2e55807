internal import CArchive
internal import Glibc

/// Reads an archive and writes its members below the root.
@safe struct Unpacking {
    private let reader: OpaquePointer?
    private let disk: OpaquePointer?
    private let descriptor: Int32
    private static let blockSize = 1 << 18

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        unsafe reader = archive_read_new()
        unsafe disk = archive_write_disk_new()
    }

    func run() throws(ArchiveError) {
        unsafe archive_read_support_format_tar(reader)
        unsafe archive_read_support_filter_gzip(reader)
        unsafe archive_read_support_filter_zstd(reader)
        unsafe archive_read_support_filter_xz(reader)
        unsafe archive_read_support_filter_bzip2(reader)
        unsafe archive_read_support_filter_lz4(reader)
        let flags =
            ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_ACL
            | ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_SPARSE | ARCHIVE_EXTRACT_SECURE_NODOTDOT
            | ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS
        unsafe archive_write_disk_set_options(disk, Int32(flags))
        unsafe try check(archive_read_open_fd(reader, descriptor, Self.blockSize), reader, nil)
        var entry: OpaquePointer?
        while true {
            let status = unsafe archive_read_next_header(reader, &entry)
            if status == ARCHIVE_EOF { break }
            let name = unsafe memberName(entry)
            unsafe try check(status, reader, name)
            try refuseEscape(name)
            unsafe archive_clear_error(disk)
            let written = unsafe archive_read_extract2(reader, entry, disk)
            // Reading and writing share a status; the words stand with the side that failed.
            let failed = unsafe archive_error_string(disk) != nil ? disk : reader
            unsafe try check(written, failed, name)
            try unsafe checkWarning(written, failed, name)
        }
        // Directories get their times and modes now.
        unsafe try check(archive_write_close(disk), disk, nil)
    }

    /// libarchive's own checks come later, and for some kinds of member not at all.
    private func refuseEscape(_ name: String?) throws(ArchiveError) {
        guard let name, !name.isEmpty else {
            throw ArchiveError(member: name, number: 0, words: "a member without a name")
        }
        if name.hasPrefix("/") { throw ArchiveError(member: name, number: 0, words: "the path is absolute") }
        if name.split(separator: "/").contains("..") {
            throw ArchiveError(member: name, number: 0, words: "the path contains '..'")
        }
    }

    /// libarchive calls a full disk a warning. What a user or a filesystem cannot hold at all is passed over.
    private func checkWarning(
        _ status: Int32, _ archive: OpaquePointer?, _ member: String?
    ) throws(ArchiveError) {
        let number = unsafe archive_errno(archive)
        if status != ARCHIVE_OK, ![EPERM, ENOTSUP, ENOSYS].contains(number) {
            throw unsafe archiveError(archive, member)
        }
    }

    private func check(
        _ status: Int32, _ archive: OpaquePointer?, _ member: String?
    ) throws(ArchiveError) {
        // A warning is about what a user without privilege cannot set.
        if status < ARCHIVE_WARN { throw unsafe archiveError(archive, member) }
    }
}
