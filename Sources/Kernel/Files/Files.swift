internal import CKernel
internal import Glibc

/// Single files and directories, by path.
public enum Files {
    /// The whole content of a regular file, be it made up by the kernel as in /proc.
    ///
    /// EFBIG where it is longer than `limit`; never waits, as for a FIFO's other end: ESPIPE, EISDIR.
    public static func read(_ path: RootPath, limit: Int) throws(SystemCallError) -> [UInt8] {
        let file = try path.openFile(O_RDONLY | O_NONBLOCK | O_NOCTTY)
        let status = try file.status()
        let subject = SystemCallError.Subject("path", path.text)
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw SystemCallError("read", EISDIR, [subject])
        default: throw SystemCallError("read", ESPIPE, [subject], detail: "it is not a regular file")
        }
        let large = SystemCallError("read", EFBIG, [subject], detail: "it is longer than \(limit) bytes")
        guard status.st_size <= limit else { throw large }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(max(Int(status.st_size) + 1, 4096), 1 << 20))
        while true {
            let count = try systemCall("read", [subject], retry: false) {
                unsafe chunk.withUnsafeMutableBytes {
                    unsafe Glibc.read(file.number, $0.baseAddress, $0.count)
                }
            }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw large }
            bytes += chunk[..<count]
        }
    }

    /// Makes or empties a file, or goes to its end, and writes. With `mode` it has just those bits.
    public static func write(
        _ bytes: [UInt8], to path: RootPath, appending: Bool, mode: UInt32?
    ) throws(SystemCallError) {
        // O_NONBLOCK: a FIFO that nobody reads is an error rather than a wait.
        let flags = O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK | (appending ? O_APPEND : O_TRUNC)
        let file = try path.openFile(flags, mode: mode ?? 0o644)
        if let mode {
            try systemCall("fchmod", [.init("path", path.text)]) { fchmod(file.number, mode) }
        }
        do { try file.write(bytes) } catch {
            throw SystemCallError(error.call, error.number, [.init("path", path.text)])
        }
    }

    /// Whether something stands at a path; a link that leads nowhere is nothing.
    public static func exists(_ path: RootPath) throws(SystemCallError) -> Bool {
        do {
            _ = try FileStatus.read(path, following: true)
            return true
        } catch let error where [ENOENT, ENOTDIR, ELOOP].contains(error.number) {
            return false
        }
    }

    /// The names in a directory, sorted by their bytes.
    public static func list(_ directory: RootPath) throws(SystemCallError) -> [[UInt8]] {
        let opened = try directory.openFile(O_RDONLY | O_DIRECTORY | O_NONBLOCK)
        return try Listing.read(opened, directory.text).map(\.name.bytes).sorted {
            $0.lexicographicallyPrecedes($1)
        }
    }

    /// mkdir(2). With `parents` those missing are made too, and one that stands already is fine.
    public static func makeDirectory(
        _ path: RootPath, parents: Bool, mode: UInt32?
    ) throws(SystemCallError) {
        try path.checkLength()
        if parents {
            for above in path.path.above {
                let above = RootPath(above, in: path.root)
                _ = try makeDirectory(above, at: above.place(), acceptingExisting: true)
            }
        }
        let place = try path.place()
        guard try makeDirectory(path, at: place, acceptingExisting: parents), let mode else { return }
        let made = try place.open(O_RDONLY | O_DIRECTORY)
        try systemCall("fchmod", place.subject) { fchmod(made.number, mode) }
    }

    /// False where it stands already.
    private static func makeDirectory(
        _ path: RootPath, at place: borrowing Place, acceptingExisting: Bool
    ) throws(SystemCallError) -> Bool {
        let (number, name) = (place.directory, place.name)
        do {
            try systemCall("mkdirat", place.subject) { unsafe mkdirat(number, name.characters, 0o755) }
            return true
        } catch let error where error.number == EEXIST && acceptingExisting {
            let existing = try place.status().st_mode & S_IFMT
            let isLink = existing == S_IFLNK && (try? path.openFile(Descriptor.pathOnly | O_DIRECTORY)) != nil
            guard existing == S_IFDIR || isLink else { throw error }
            return false
        }
    }

    /// symlinkat(2).
    public static func makeLink(_ path: RootPath, to target: [UInt8]) throws(SystemCallError) {
        let place = try path.place()
        let (number, name) = (place.directory, place.wholeName)
        let shown: [SystemCallError.Subject] = [
            .init("link", FileName(target).text), .init("path", path.text),
        ]
        try systemCall("symlinkat", shown) {
            unsafe symlinkat(FileName(target).characters, number, name.characters)
        }
    }

    /// chmod(2), following links inside the root only.
    public static func setMode(_ path: RootPath, _ mode: UInt32) throws(SystemCallError) {
        let file = try path.openFile(Descriptor.pathOnly)
        try systemCall("chmod", [.init("path", path.text)]) { ck_chmod_descriptor(file.number, mode) }
    }

    /// chown(2) or, unless `following`, lchown(2); nil leaves one as it is.
    public static func setOwner(
        _ path: RootPath, user: UInt32?, group: UInt32?, following: Bool
    ) throws(SystemCallError) {
        let file = try path.openFile(Descriptor.pathOnly | (following ? 0 : O_NOFOLLOW))
        try systemCall("chown", [.init("path", path.text)]) {
            // AT_EMPTY_PATH.
            unsafe fchownat(file.number, "", user ?? .max, group ?? .max, 0x1000)
        }
    }

    /// unlink(2), or rmdir(2) for an empty directory.
    public static func remove(_ path: RootPath) throws(SystemCallError) {
        let place = try path.place(openingParent: path.root != nil)
        do {
            try place.unlink()
        } catch let error where error.number == EISDIR {
            try place.unlink(directory: true)
        }
    }
}
