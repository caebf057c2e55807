internal import Glibc
public import Kernel

/// Packs a directory into a pax archive: the same tree gives the same bytes.
public struct Packing: Sendable {
    /// How the archive is compressed.
    public enum Compression: String, CaseIterable, Sendable {
        case none, gzip, zstd, xz, bzip2, lz4

        /// What a file's name ends in says; without a known ending, none.
        public init(ending name: Path) {
            let endings: [(String, Compression)] = [
                (".gz", .gzip), (".tgz", .gzip), (".zst", .zstd), (".tzst", .zstd), (".xz", .xz),
                (".txz", .xz), (".bz2", .bzip2), (".tbz", .bzip2), (".tbz2", .bzip2), (".lz4", .lz4),
            ]
            let text = name.string.lowercased()
            self = endings.first { text.hasSuffix($0.0) }?.1 ?? .none
        }
    }

    /// How the archive is compressed.
    public let compression: Compression
    /// The compressor's own level; nil for its default.
    public var level: Int?

    /// Packing with a compression.
    public init(_ compression: Compression) { self.compression = compression }

    /// Packs. The archive appears under its name when it is complete, and not at all when that fails.
    ///
    /// Throws ``ArchiveError``, or SystemCallError for the two paths and for EINTR.
    public func run(_ directory: Path, into archive: Path) throws -> Unpacking.Summary {
        let source = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY)
        guard let (above, name) = archive.lastStep, !archive.meansDirectory else {
            throw SystemCallError("openat", EISDIR, [.init("path", archive.string)])
        }
        let place = try Descriptor.open(above, O_RDONLY | O_DIRECTORY)
        let file = Path(bytes: name)
        try Self.refuseOddities(place.number, file)
        let temporary = Path(bytes: Array(".tupper-\(Processes.current)-".utf8) + file.bytes.prefix(200))
        let output = try Descriptor.open(
            temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o666, at: place.number)
        do {
            let summary = try pack(source.number, into: output.number, place.number, file)
            try rename(temporary, to: file, in: place.number)
            return summary
        } catch {
            _ = temporary.bytes.withCharacters { unsafe unlinkat(place.number, $0, 0) }
            throw error
        }
    }

    private func pack(
        _ source: Int32, into output: Int32, _ place: Int32, _ file: Path
    ) throws -> Unpacking.Summary {
        let worker = try Worker { () throws(ArchiveError) in
            let walk = TreeWalk(try ArchiveWriter(output, compression, level: level))
            // An archive that lies in the directory does not contain itself.
            walk.leaveOut(output)
            walk.leaveOut(file.bytes, in: place)
            try walk.run(source)
            return [walk.entries, walk.read]
        }
        do { try worker.wait() } catch {
            worker.end()
            throw error
        }
        let numbers = try worker.outcome().get()
        guard numbers.count == 2 else { throw ArchiveError(nil, "the child sent no report") }
        return Unpacking.Summary(entries: numbers[0], bytes: numbers[1])
    }

    /// A device or directory of the archive's name is not replaced by a file.
    private static func refuseOddities(_ place: Int32, _ file: Path) throws(ArchiveError) {
        var status = stat()
        let found = file.bytes.withCharacters { unsafe fstatat(place, $0, &status, AT_SYMLINK_NOFOLLOW) }
        if found == 0, status.st_mode & S_IFMT != S_IFREG, status.st_mode & S_IFMT != S_IFLNK {
            throw ArchiveError(nil, "what has the archive's name is no regular file", number: EEXIST)
        }
    }

    private func rename(_ old: Path, to new: Path, in place: Int32) throws(ArchiveError) {
        try attempt("renameat", nil) {
            old.bytes.withCharacters { old in
                new.bytes.withCharacters { unsafe renameat(place, old, place, $0) }
            }
        }
    }
}
