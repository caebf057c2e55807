internal import CArchive
internal import Glibc
internal import Kernel
public import SystemPackage

/// tar archives, plain or compressed: libarchive(3).
public enum Archive {
    /// How an archive is compressed.
    public enum Compression: String, Sendable, CaseIterable {
        case none, gzip, zstd, xz

        /// The compression that a file's name says.
        public init(name: String) {
            let endings: [(String, Compression)] = [
                (".gz", .gzip), (".tgz", .gzip), (".zst", .zstd), (".xz", .xz), (".txz", .xz),
            ]
            self = endings.first { name.hasSuffix($0.0) }?.1 ?? .none
        }
    }

    /// Unpacks an archive into a directory, in a child process whose root is that directory.
    ///
    /// A member with an absolute path or `..`, and one that leads through a symbolic link, is an error.
    public static func unpack(_ archive: FilePath, into directory: FilePath) throws {
        let source = try Descriptor.open(archive, O_RDONLY)
        let target = try Descriptor.open(directory, O_DIRECTORY | O_RDONLY)
        try inChild { () throws(ArchiveError) in
            guard fchdir(target.number) == 0, unsafe chroot(".") == 0 else {
                throw ArchiveError(member: nil, number: errno, words: "the directory cannot become the root")
            }
            try Unpacking(source.number).run()
        }
    }

    /// Packs a directory. Nothing is left of an archive that could not be finished.
    public static func pack(_ directory: FilePath, into archive: FilePath, _ compression: Compression) throws
    {
        let source = try Descriptor.open(directory, O_DIRECTORY | O_RDONLY)
        let unfinished = FilePath(bytes: archive.bytes + Array(".\(Processes.current).part".utf8))
        let target = try Descriptor.open(unfinished, O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
        do {
            try inChild { () throws(ArchiveError) in
                guard fchdir(source.number) == 0 else {
                    throw ArchiveError(member: nil, number: errno, words: "the directory cannot be entered")
                }
                try Packing(target.number, compression).run()
            }
            try Files.move(unfinished, to: archive)
        } catch {
            try Files.remove(unfinished)
            throw error
        }
    }

    /// Runs `body` in a child process; its error is thrown here.
    private static func inChild(_ body: () throws(ArchiveError) -> Void) throws {
        let report = try MemoryFile("report")
        guard let child = try Child.clone() else {
            do {
                try Processes.dieWithParent()
                // Built into libc: names that are UTF-8 stay as they are, and no file of the root is read for it.
                _ = unsafe setlocale(LC_CTYPE, "C.UTF-8")
                try body()
            } catch let error as ArchiveError {
                try? report.write(error.report)
                Processes.leave(1)
            } catch {
                Processes.leave(2)
            }
            Processes.leave(0)
        }
        let ending = try child.waitOrEnd()
        if let error = ArchiveError(report: try report.contents()) { throw error }
        guard ending == .code(0) else {
            throw ArchiveError(member: nil, number: 0, words: "the unpacking process ended early (\(ending))")
        }
    }
}

/// The error of a libarchive object.
func archiveError(_ archive: OpaquePointer?, _ member: String?) -> ArchiveError {
    let words = unsafe archive_error_string(archive).map { unsafe String(cString: $0) }
    return ArchiveError(
        member: member, number: max(0, unsafe archive_errno(archive)), words: words ?? "unknown archive error"
    )
}

/// The name of a member, for messages.
func memberName(_ entry: OpaquePointer?) -> String? {
    unsafe archive_entry_pathname(entry).map { unsafe String(cString: $0) }
}
