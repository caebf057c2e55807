internal import CArchive
internal import Glibc

/// What belongs to a file beside its name: header fields, attributes, data and holes.
extension TreeWalk {
    /// Fills the entry's fields from stat(2). Owners by number: names are the host's own.
    func begin(_ path: [UInt8], _ status: stat) {
        entries += 1
        unsafe archive_entry_clear(writer.entry)
        path.withCharacters { unsafe archive_entry_copy_pathname(writer.entry, $0) }
        unsafe archive_entry_set_mode(writer.entry, status.st_mode)
        unsafe archive_entry_set_uid(writer.entry, Int64(status.st_uid))
        unsafe archive_entry_set_gid(writer.entry, Int64(status.st_gid))
        unsafe archive_entry_set_mtime(writer.entry, status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        unsafe archive_entry_set_size(writer.entry, 0)
    }

    /// Whether the file was packed under another name: then a hard link stands for it.
    func isKnown(_ path: [UInt8], _ status: stat) throws(ArchiveError) -> Bool {
        guard status.st_nlink > 1 else { return false }
        guard let first = paths[Identity(status)] else {
            paths[Identity(status)] = path
            return false
        }
        first.withCharacters { unsafe archive_entry_copy_hardlink(writer.entry, $0) }
        try writer.writeHeader(path)
        return true
    }

    /// Adds what a symbolic link says.
    func addText(of name: [UInt8], in directory: Int32, _ path: [UInt8]) throws(ArchiveError) {
        var text = [CChar](repeating: 0, count: 4097)
        try attempt("readlinkat", path) {
            name.withCharacters { name in
                unsafe text.withUnsafeMutableBufferPointer {
                    unsafe $0.baseAddress.map { unsafe readlinkat(directory, name, $0, 4096) } ?? 0
                }
            }
        }
        unsafe archive_entry_copy_symlink(writer.entry, text)
    }

    func addAttributes(_ path: [UInt8], of file: Int32) throws(ArchiveError) {
        unsafe try addAttributes(
            path, list: { unsafe flistxattr(file, $0.baseAddress, $0.count) },
            get: { key, buffer in unsafe fgetxattr(file, key, buffer.baseAddress, buffer.count) })
    }

    /// Adds extended attributes and access lists to the entry.
    func addAttributes(
        _ path: [UInt8], list: (UnsafeMutableBufferPointer<CChar>) -> Int,
        get: (UnsafePointer<CChar>, UnsafeMutableRawBufferPointer) -> Int
    ) throws(ArchiveError) {
        // 64 KiB is the most that the kernel has for either.
        var names = [CChar](repeating: 0, count: 1 << 16)
        let length = unsafe names.withUnsafeMutableBufferPointer { unsafe list($0) }
        if length < 0 {
            let number = errorNumber()
            if number == ENOTSUP { return }
            throw ArchiveError(path, call: "listxattr", number: number)
        }
        if length == 0 { return }
        let keys = names[..<length].map { UInt8(bitPattern: $0) }.split(separator: 0).map { Array($0) }
        for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let isList = key == AccessList.accessName || key == AccessList.defaultName
            // The rest of these belong to a filesystem, and no other takes them.
            let isForeign = key.starts(with: Array("btrfs.".utf8)) || key.starts(with: Array("system.".utf8))
            if isForeign && !isList { continue }
            var value = [UInt8](repeating: 0, count: 1 << 16)
            let count = key.withCharacters { key in
                unsafe value.withUnsafeMutableBytes { unsafe get(key, $0) }
            }
            if count < 0 {
                let number = errorNumber()
                if number == ENODATA || number == EPERM || number == ENOTSUP { continue }
                throw ArchiveError(path, call: "getxattr", number: number)
            }
            let attribute = Attribute(name: key, value: Array(value[..<count]))
            if isList { unsafe AccessList.write(attribute, to: writer.entry) } else { add(attribute) }
        }
    }

    private func add(_ attribute: Attribute) {
        attribute.name.withCharacters { key in
            unsafe attribute.value.withUnsafeBytes {
                unsafe archive_entry_xattr_add_entry(writer.entry, key, $0.baseAddress, $0.count)
            }
        }
    }

    /// Where a file has data: lseek(2) with SEEK_DATA (3) and SEEK_HOLE (4). Tells the entry of them.
    func dataExtents(
        of file: Int32, _ size: Int64, _ path: [UInt8]
    ) throws(ArchiveError) -> [(start: Int64, end: Int64)] {
        var extents: [(start: Int64, end: Int64)] = []
        var offset: Int64 = 0
        while offset < size {
            let start = lseek(file, Int(offset), 3)
            if start < 0 {
                let number = errorNumber()
                if number == ENXIO { break }
                throw ArchiveError(path, call: "lseek", number: number)
            }
            let end = min(size, Int64(try attempt("lseek", path) { lseek(file, start, 4) }))
            if end <= start { break }
            extents.append((Int64(start), end))
            unsafe archive_entry_sparse_add_entry(writer.entry, Int64(start), end - Int64(start))
            offset = end
        }
        if extents.isEmpty { unsafe archive_entry_sparse_add_entry(writer.entry, 0, 0) }
        return extents
    }

    func copy(_ file: Int32, _ start: Int64, _ end: Int64, _ path: [UInt8]) throws(ArchiveError) {
        var offset = start
        while offset < end {
            let wanted = Int(min(Int64(buffer.count), end - offset))
            let count = try attempt("pread", path) {
                unsafe buffer.withUnsafeMutableBytes {
                    unsafe pread(file, $0.baseAddress, wanted, Int(offset))
                }
            }
            if count == 0 { throw ArchiveError(path, "it shrank while it was read", number: EAGAIN) }
            try write(buffer, count, path)
            offset += Int64(count)
        }
    }

    /// libarchive wants the bytes of a hole too, and leaves them out itself.
    func writeZeros(_ count: Int64, _ path: [UInt8]) throws(ArchiveError) {
        var rest = count
        while rest > 0 {
            let some = Int(min(Int64(zeros.count), rest))
            try write(zeros, some, path)
            rest -= Int64(some)
        }
    }

    private func write(_ bytes: [UInt8], _ count: Int, _ path: [UInt8]) throws(ArchiveError) {
        let result: Result<Void, ArchiveError> = unsafe bytes.withUnsafeBytes { all in
            let part = unsafe UnsafeRawBufferPointer(rebasing: all[..<count])
            do throws(ArchiveError) { return unsafe .success(try writer.write(part, path)) } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}
