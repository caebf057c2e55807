internal import CKernel
internal import Glibc
public import SystemPackage

/// Copies a file or a tree with owners, modes, times, attributes, links and devices.
public struct TreeCopy {
    /// Whether file content is shared (FICLONE) or written again.
    public enum Content: Sendable { case shared, copied, sharedWherePossible }

    private let content: Content
    /// Where a file with several names has been copied to, by device and inode.
    private var copies: [[UInt64]: FilePath] = [:]

    /// Copies `source` to `target`, which must not exist. A failure leaves nothing.
    public static func copy(
        _ source: FilePath, to target: FilePath, _ content: Content = .sharedWherePossible
    ) throws(SystemCallError) {
        if (try? FileStatus.read(target)) != nil {
            throw SystemCallError("copy", EEXIST, [.init("target", target.string)])
        }
        var work = TreeCopy(content: content)
        do {
            try work.copy(source, target, depth: 0)
        } catch {
            try? Tree.delete(target)
            throw error
        }
    }

    private init(content: Content) { self.content = content }

    private mutating func copy(_ source: FilePath, _ target: FilePath, depth: Int) throws(SystemCallError) {
        guard depth < 2000 else { throw SystemCallError("copy", ELOOP, [.init("source", source.string)]) }
        var status = stat()
        try systemCall("lstat", [.init("source", source.string)]) {
            unsafe source.withPlatformString { unsafe lstat($0, &status) }
        }
        let kind = status.st_mode & S_IFMT
        if kind == S_IFSOCK { return }
        if kind != S_IFDIR, status.st_nlink > 1, try linkCopy(status, target) { return }
        switch kind {
        case S_IFDIR:
            try Files.makeDirectory(target, mode: 0o700, parents: false)
            for name in try DirectoryListing.names(of: source) {
                let child = FilePath(bytes: name).components
                try copy(source.appending(child), target.appending(child), depth: depth + 1)
            }
        case S_IFREG: try copyFile(source, target)
        case S_IFLNK: try Files.link(target, to: try source.linkTarget())
        default:
            let (mode, device) = (status.st_mode, status.st_rdev)
            try systemCall("mknod", [.init("target", target.string)]) {
                unsafe target.withPlatformString { unsafe mknod($0, mode, device) }
            }
        }
        try Self.copyAttributes(source, target)
        try Self.finish(target, status)
    }

    /// A second name of a file that was copied already becomes a hard link.
    private mutating func linkCopy(_ status: stat, _ target: FilePath) throws(SystemCallError) -> Bool {
        let key = [UInt64(status.st_dev), UInt64(status.st_ino)]
        guard let first = copies[key] else {
            copies[key] = target
            return false
        }
        try systemCall("link", [.init("target", target.string)]) {
            unsafe first.withPlatformString { from in
                unsafe target.withPlatformString { unsafe link(from, $0) }
            }
        }
        return true
    }

    private func copyFile(_ source: FilePath, _ target: FilePath) throws(SystemCallError) {
        let from = try Descriptor.open(source, O_RDONLY | O_NOFOLLOW)
        let to = try Descriptor.open(target, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        if content != .copied {
            if ck_clone_content(to.number, from.number) == 0 { return }
            let refusal = errno
            if content == .shared {
                throw SystemCallError("ioctl", refusal, [.init("source", source.string)])
            }
        }
        // Holes stay holes: data is found by SEEK_DATA (3) and SEEK_HOLE (4).
        let size = try from.status().st_size
        try systemCall("ftruncate", [.init("target", target.string)]) { ftruncate(to.number, size) }
        var offset: off_t = 0
        while offset < size {
            var start = lseek(from.number, offset, 3)
            if start < 0 {
                if errno == ENXIO { break }
                start = offset
            }
            let hole = lseek(from.number, start, 4)
            let end = hole < 0 ? size : hole
            try copyRange(from, to, start, end, target)
            offset = max(end, start + 1)
        }
    }

    private func copyRange(
        _ from: borrowing Descriptor, _ to: borrowing Descriptor, _ start: off_t, _ end: off_t,
        _ target: FilePath
    ) throws(SystemCallError) {
        var (offset, buffer) = (start, [UInt8](repeating: 0, count: 1 << 17))
        while offset < end {
            let wanted = min(buffer.count, Int(end - offset))
            let count = try systemCall("pread") {
                unsafe buffer.withUnsafeMutableBytes {
                    unsafe pread(from.number, $0.baseAddress, wanted, offset)
                }
            }
            if count == 0 { return }
            try systemCall("lseek") { lseek(to.number, offset, SEEK_SET) }
            do { try to.write(Array(buffer[..<count])) } catch {
                throw SystemCallError(error.call, error.number, [.init("target", target.string)])
            }
            offset += off_t(count)
        }
    }

    /// Extended attributes; a target that cannot hold one goes without it.
    private static func copyAttributes(_ source: FilePath, _ target: FilePath) throws(SystemCallError) {
        unsafe source.withPlatformString { from in
            unsafe target.withPlatformString { to in unsafe ck_copy_attributes(from, to) }
        }
    }

    /// Owner first: a change of owner clears the set-user-ID bit. Times last.
    private static func finish(_ target: FilePath, _ status: stat) throws(SystemCallError) {
        let subject = SystemCallError.Subject("target", target.string)
        let times = [status.st_atim, status.st_mtim]
        if Credentials.user == 0 { try Files.setOwner(target, status.st_uid, status.st_gid) }
        if status.st_mode & S_IFMT != S_IFLNK { try Files.setMode(target, status.st_mode & 0o7777) }
        try systemCall("utimensat", [subject]) {
            unsafe target.withPlatformString { path in
                unsafe times.withUnsafeBufferPointer {
                    unsafe utimensat(AT_FDCWD, path, $0.baseAddress, AT_SYMLINK_NOFOLLOW)
                }
            }
        }
    }
}
