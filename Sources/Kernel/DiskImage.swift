internal import CKernel
internal import Glibc
public import SystemPackage

/// A sparse file with a filesystem in it.
public enum DiskImage {
    /// What can go wrong beside a refused system call.
    public enum Problem: Error, Sendable, Equatable {
        /// mkfs ended with a status other than 0; its own words.
        case refused(program: String, words: String)
    }

    /// Makes the file, which must not exist, and runs `mkfs.FORMAT` on it. A failure leaves no file.
    public static func make(_ path: FilePath, size: Int64, format: String?) throws {
        let file = try Descriptor.open(path, O_CREAT | O_EXCL | O_RDWR, mode: 0o600)
        do {
            try systemCall("ftruncate", [.init("path", path.string)]) { ftruncate(file.number, off_t(size)) }
            if let format { try self.format(path, as: format) }
        } catch {
            unsafe path.withPlatformString { _ = unsafe unlink($0) }
            throw error
        }
    }

    private static func format(_ path: FilePath, as format: String) throws {
        let name = "mkfs.\(format)"
        let quiet = format == "vfat" ? [] : ["-q"]
        // A path that starts with a dash would be read as an option.
        let target = path.isAbsolute ? path : FilePath(bytes: Array("./".utf8) + path.bytes)
        let program = Program(([name] + quiet).map { Array($0.utf8) } + [target.bytes])
        let outcome = try program.run()
        guard outcome.ending == .code(0) else {
            let words = String(decoding: outcome.errors + outcome.output, as: UTF8.self)
                .split(separator: "\n").map { $0.trimmed }.filter { !$0.isEmpty }
            throw Problem.refused(program: name, words: words.last.map(String.init) ?? "\(outcome.ending)")
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        return start
    }
}
