internal import CKernel
internal import Glibc

/// A sparse file with a filesystem in it.
public enum DiskImage {
    /// Makes the file, which must not exist, and runs `mkfs.FORMAT` on it. A failure leaves no file.
    public static func make(_ path: Path, size: Int64, format: String?) throws {
        let file = try Descriptor.open(path, O_CREAT | O_EXCL | O_RDWR, mode: 0o600)
        do {
            try systemCall("ftruncate", [.init("path", path.string)]) { ftruncate(file.number, off_t(size)) }
            if let format { try self.format(path, as: format) }
        } catch {
            unsafe path.withPlatformString { _ = unsafe unlink($0) }
            throw error
        }
    }

    private static func format(_ path: Path, as format: String) throws {
        let name = "mkfs.\(format)"
        let quiet = format == "vfat" ? [] : ["-q"]
        // A path that starts with a dash would be read as an option.
        let target = path.isAbsolute ? path : Path(bytes: Array("./".utf8) + path.bytes)
        let found = KernelFeatures.path(ofSystemProgram: name) ?? name
        let program = Program(([found] + quiet).map { Array($0.utf8) } + [target.bytes])
        let outcome = try program.run()
        guard outcome.ending == .code(0) else {
            throw Program.Refusal(program: name, words: outcome.firstWords)
        }
    }
}
