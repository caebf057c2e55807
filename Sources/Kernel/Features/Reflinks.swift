internal import CKernel
internal import Glibc

/// Whether files of a directory can share their content: FICLONE of ioctl_ficlone(2).
public enum Reflinks {
    /// What a try with two files that have no name came to.
    public enum Answer: Sendable, Equatable {
        case shared
        case refused(String)
        /// No file could be made there: the code of the refusal.
        case untried(String)
    }

    /// Tries it; nothing is left.
    public static func areMade(in directory: Path) -> Answer {
        do throws(SystemCallError) {
            // O_TMPFILE.
            let flags = 0o20_000_000 | O_DIRECTORY | O_RDWR
            let source = try Descriptor.open(directory, flags, mode: 0o600)
            let target = try Descriptor.open(directory, flags, mode: 0o600)
            try source.write([UInt8](repeating: 1, count: 65536))
            do throws(SystemCallError) {
                try systemCall("FICLONE") { ck_clone_content(target.number, source.number) }
                return .shared
            } catch { return .refused(error.code) }
        } catch { return .untried(error.code) }
    }

    /// The type of the filesystem that a directory lies on; nil where it is out of sight.
    public static func type(of directory: Path) -> String? {
        guard let mount = try? Mount.identifier(at: directory), let table = try? MountTable.read() else {
            return nil
        }
        return table.last { $0.identifier == mount }?.type
    }
}
