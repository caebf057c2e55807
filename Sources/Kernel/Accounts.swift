internal import Glibc
internal import SystemPackage

/// Users and groups by name, read from /etc of the root in sight by a few lines of our own: libc would load
/// the image's libraries for it.
public enum Accounts {
    /// The name of a user; nil where there is none.
    public static func name(of user: UInt32) -> String? {
        lines("/etc/passwd").first { $0.count > 2 && $0[2] == "\(user)" }?[0]
    }

    /// The numbers of a user and its group, given as in `"name"`, `"1000"`, `"name:group"` or `"1000:1000"`.
    ///
    /// nil where a name is unknown or a number leaves 32 bits.
    public static func find(_ text: String) -> (user: UInt32, group: UInt32)? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, parts.count <= 2 else { return nil }
        let entry = lines("/etc/passwd").first { $0.count > 3 && ($0[0] == first || $0[2] == first) }
        // The highest number means "unchanged" to the kernel.
        guard let user = number(first) ?? entry.flatMap({ number($0[2]) }) else { return nil }
        guard parts.count == 2 else { return (user, entry.flatMap { number($0[3]) } ?? user) }
        let group = lines("/etc/group").first { $0.count > 2 && $0[0] == parts[1] }
        guard let found = number(parts[1]) ?? group.flatMap({ number($0[2]) }) else { return nil }
        return (user, found)
    }

    private static func number(_ text: String) -> UInt32? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt32(text),
            number != .max
        else { return nil }
        return number
    }

    /// The fields of each line; none where the file is missing, no regular file, or larger than a megabyte.
    private static func lines(_ path: FilePath) -> [[String]] {
        guard let file = try? Descriptor.open(path, O_NOFOLLOW | O_NONBLOCK), let status = try? file.status(),
            status.st_mode & S_IFMT == S_IFREG, status.st_size < 1 << 20, let bytes = try? file.readToEnd()
        else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
