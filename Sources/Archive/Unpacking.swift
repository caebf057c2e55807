internal import Glibc
public import Kernel

/// Unpacks a tar archive, whose content is not trusted, into a directory.
///
/// The work is done by children of this process: one writes, confined to the directory; where the archive
/// is compressed, another decompresses, confined alike.
public struct Unpacking: Sendable {
    /// What was unpacked.
    public struct Summary: Sendable, Equatable {
        /// How many members.
        public let entries: Int64
        /// How many bytes of files' content.
        public let bytes: Int64
    }

    /// Whether files get the owners, set-ID bits and all attributes that the archive names.
    public var keepsOwners = Credentials.user == 0
    /// Whether extended attributes and access lists are kept.
    public var keepsAttributes = true
    /// Whether device nodes are made rather than passed over.
    public var keepsDevices = true
    /// The most bytes of content to write.
    public var mostBytes = Int64.max
    /// The most members.
    public var mostEntries = Int64.max

    private static let pipeSize = 1 << 20

    /// Unpacking with everything kept that this user may keep, without limits.
    public init() {}

    /// Unpacks. Throws ``ArchiveError``, or SystemCallError for the two paths and for EINTR.
    public func run(_ archive: Path, into directory: Path) throws -> Summary {
        let source = try Descriptor.open(archive, O_RDONLY, retry: false)
        let target = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY)
        var head = [UInt8](repeating: 0, count: 6)
        let count = unsafe head.withUnsafeMutableBytes {
            unsafe pread(source.number, $0.baseAddress, $0.count, 0)
        }
        if count < 0, errorNumber() == EISDIR {
            throw SystemCallError("read", EISDIR, [.init("path", archive.string)])
        }
        // What cannot be looked at twice, such as a pipe, may be compressed.
        let isPlain = count >= 0 && Compression(magic: head) == nil && !Compression.isSkippable(head)
        if isPlain {
            let writer = try self.writer(reading: source.number, into: target.number)
            do { try writer.wait() } catch {
                writer.end()
                throw error
            }
            return try Self.summary(try writer.outcome())
        }
        return try runInPair(source.number, target.number)
    }

    private func runInPair(_ source: Int32, _ target: Int32) throws -> Summary {
        let (reading, writing) = try Descriptor.pipe(size: Self.pipeSize)
        let input = Descriptor(owning: reading)
        let output = Descriptor(owning: writing)
        let reader = try Worker { () throws(ArchiveError) in
            close(reading)
            try Confinement.enter(target)
            try Decompression.run(from: source, to: writing)
            return []
        }
        // Each end is held by its user alone, or neither would notice that the other has gone.
        _ = consume output
        let writer: Worker
        do {
            writer = try self.writer(reading: reading, into: target, drains: true)
        } catch {
            reader.end()
            throw error
        }
        _ = consume input
        do {
            try writer.wait()
            try reader.wait()
        } catch {
            writer.end()
            reader.end()
            throw error
        }
        let written = try writer.outcome()
        // A broken stream shows in the writer as an early end: the reader knows better.
        if case .failure(let error) = written, error.call == nil,
            case .failure(let cause) = try reader.outcome()
        {
            throw ArchiveError(cause.member ?? error.member, cause.reason, number: cause.number)
        }
        let summary = try Self.summary(written)
        _ = try reader.outcome().get()
        return summary
    }

    /// `drains` where another process writes what this one reads, and has checks to make at its end.
    private func writer(
        reading source: Int32, into target: Int32, drains: Bool = false
    ) throws(SystemCallError) -> Worker {
        var settings = Extraction.Settings()
        settings.owners = keepsOwners
        settings.attributes = keepsAttributes
        settings.devices = keepsDevices
        settings.mostBytes = mostBytes
        settings.mostEntries = mostEntries
        return try Worker { () throws(ArchiveError) in
            // The files of accounts are out of reach once the directory is the root.
            let accounts = Accounts.Numbers()
            try Confinement.enter(target)
            let extraction = Extraction(Tree(root: target), settings, accounts)
            let reader = try ArchiveReader(tar: source)
            try extraction.run(reader)
            if drains { try drain(source) }
            return [extraction.entries, extraction.written]
        }
    }

    private static func summary(_ outcome: Result<[Int64], ArchiveError>) throws -> Summary {
        let numbers = try outcome.get()
        guard numbers.count == 2 else { throw ArchiveError(nil, "the child sent no report") }
        return Summary(entries: numbers[0], bytes: numbers[1])
    }
}

/// Reads what follows the end of the archive, so that the check at a compressed stream's end is made.
private func drain(_ source: Int32) throws(ArchiveError) {
    var scrap = [UInt8](repeating: 0, count: 1 << 18)
    // A tape's block is filled up with zeros. A few bytes can stand for zeros without end, though.
    for _ in 0..<(1 << 12) {
        let count = try attempt("read", nil) {
            unsafe scrap.withUnsafeMutableBytes { unsafe read(source, $0.baseAddress, $0.count) }
        }
        if count == 0 { return }
    }
    throw ArchiveError(nil, "too much follows its end to tell whether it is whole", number: EFBIG)
}
