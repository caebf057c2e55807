internal import CArchive
internal import Glibc
internal import Kernel

/// Walks a directory through descriptors, follows no link, crosses no mount, and writes what it finds.
final class TreeWalk {
    /// What tells one file from another.
    struct Identity: Hashable {
        let device: UInt
        let inode: UInt

        init(_ status: stat) {
            device = UInt(status.st_dev)
            inode = UInt(status.st_ino)
        }
    }

    let writer: ArchiveWriter
    private var leftOut: Set<Identity> = []
    /// The first path of each file that has several.
    var paths: [Identity: [UInt8]] = [:]
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    var entries: Int64 = 0
    private(set) var read: Int64 = 0

    init(_ writer: ArchiveWriter) { self.writer = writer }

    /// Leaves out the file that a descriptor stands for.
    func leaveOut(_ file: Int32) {
        var status = stat()
        if unsafe fstat(file, &status) == 0 { leftOut.insert(Identity(status)) }
    }

    /// Leaves out a file by its name.
    func leaveOut(_ name: [UInt8], in directory: Int32) {
        var status = stat()
        let found = name.withCharacters { unsafe fstatat(directory, $0, &status, AT_SYMLINK_NOFOLLOW) }
        if found == 0 { leftOut.insert(Identity(status)) }
    }

    /// Packs the tree below `root`.
    func run(_ root: Int32) throws(ArchiveError) {
        let path = Array("./".utf8)
        var status = stat()
        try attempt("fstat", path) { unsafe fstat(root, &status) }
        try addDirectory(root, path, status)
        try walk(root, [])
        try writer.finish()
    }

    private func walk(_ directory: Int32, _ prefix: [UInt8]) throws(ArchiveError) {
        for name in try names(in: directory, prefix) {
            let path = prefix + name
            var status = stat()
            try attempt("fstatat", path) {
                name.withCharacters { unsafe fstatat(directory, $0, &status, AT_SYMLINK_NOFOLLOW) }
            }
            if leftOut.contains(Identity(status)) { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                let opened = try open(name, in: directory, path, status, O_DIRECTORY)
                defer { if opened >= 0 { close(opened) } }
                try addDirectory(opened, path, status)
                if opened >= 0 { try walk(opened, path + [47]) }
            case S_IFREG: try addFile(name, in: directory, path, status)
            // A socket means nothing without the process that listens on it.
            case S_IFSOCK: continue
            default: try addNode(name, in: directory, path, status)
            }
        }
    }

    /// Names in the order of their bytes.
    private func names(in directory: Int32, _ path: [UInt8]) throws(ArchiveError) -> [[UInt8]] {
        let copy = try attempt("openat", path) { unsafe openat(directory, ".", O_RDONLY | O_CLOEXEC) }
        guard let stream = unsafe fdopendir(copy) else {
            close(copy)
            throw ArchiveError(path, call: "fdopendir", number: errorNumber())
        }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = unsafe readdir(stream) {
            let start = unsafe UnsafeRawPointer(entry).advanced(
                by: MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
            let name = unsafe bytes(start.assumingMemoryBound(to: CChar.self)) ?? []
            if name != [46], name != [46, 46] { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Opens what `status` spoke of; -1 where something else is mounted over it.
    private func open(
        _ name: [UInt8], in directory: Int32, _ path: [UInt8], _ status: stat, _ flags: Int32
    ) throws(ArchiveError) -> Int32 {
        let opened = name.withCharacters {
            unsafe Descriptor.openResolved(
                $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | flags, in: directory,
                [.noMounts, .noLinks])
        }
        if opened < 0 {
            let number = errorNumber()
            if number == EXDEV { return -1 }
            throw ArchiveError(path, call: "openat2", number: number)
        }
        var now = stat()
        let known = unsafe fstat(opened, &now)
        if known != 0 || Identity(now) != Identity(status) || now.st_mode & S_IFMT != status.st_mode & S_IFMT
        {
            close(opened)
            throw ArchiveError(path, "it was exchanged while it was read", number: EAGAIN)
        }
        return opened
    }

    private func addDirectory(_ opened: Int32, _ path: [UInt8], _ status: stat) throws(ArchiveError) {
        begin(path, status)
        if opened >= 0 { try addAttributes(path, of: opened) }
        try writer.writeHeader(path)
    }

    private func addNode(
        _ name: [UInt8], in directory: Int32, _ path: [UInt8], _ status: stat
    ) throws(ArchiveError) {
        begin(path, status)
        if status.st_mode & S_IFMT == S_IFLNK {
            try addText(of: name, in: directory, path)
        } else {
            unsafe archive_entry_set_rdev(writer.entry, status.st_rdev)
        }
        if try isKnown(path, status) { return }
        try attempt("fchdir", path) { fchdir(directory) }
        unsafe try addAttributes(
            path,
            list: { buffer in name.withCharacters { unsafe llistxattr($0, buffer.baseAddress, buffer.count) }
            },
            get: { key, buffer in
                name.withCharacters { unsafe lgetxattr($0, key, buffer.baseAddress, buffer.count) }
            })
        try writer.writeHeader(path)
    }

    private func addFile(
        _ name: [UInt8], in directory: Int32, _ path: [UInt8], _ status: stat
    ) throws(ArchiveError) {
        begin(path, status)
        if try isKnown(path, status) { return }
        let file = try open(name, in: directory, path, status, 0)
        defer { if file >= 0 { close(file) } }
        let size = file >= 0 ? Int64(status.st_size) : 0
        unsafe archive_entry_set_size(writer.entry, size)
        var extents = [(start: Int64(0), end: size)]
        if file >= 0 {
            try addAttributes(path, of: file)
            if Int64(status.st_blocks) &* 512 < size { extents = try dataExtents(of: file, size, path) }
        }
        try writer.writeHeader(path)
        var offset: Int64 = 0
        for extent in extents {
            try writeZeros(extent.start - offset, path)
            try copy(file, extent.start, extent.end, path)
            offset = extent.end
        }
        try writeZeros(size - offset, path)
        read = read &+ size
    }
}
