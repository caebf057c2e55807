internal import Glibc

/// Users and groups by name, read from /etc of a root by a few lines of our own: libc would load the image's libraries
/// for it.
///
/// The files are hostile where the root is an image's: no link is followed, only regular files are read, and no more
/// than a megabyte.
public enum Accounts {
    /// A user, as passwd(5) has it.
    public struct Account: Sendable, Equatable {
        public var user, group: UInt32
        /// The name and home directory; nil where no line tells.
        public var name, home: [UInt8]?
    }

    /// A user and group given as in `"name"`, `"1000"`, `"name:group"` or `"1000:1000"`; without a group it is the
    /// user's own, and the user's number where no line tells.
    ///
    /// nil where a name is unknown. A number is plain decimal digits of 32 bits; the highest means "unchanged" to the
    /// kernel and is none.
    public static func find(_ text: [UInt8], in root: Path = "/") throws(SystemCallError) -> Account? {
        let parts = text.split(separator: colon, omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, parts.allSatisfy(isName) else { return nil }
        let number = number(first)
        guard
            var account = try line(of: first, number: number, in: root)
                ?? number.map({ Account(user: $0, group: $0) })
        else { return nil }
        if parts.count == 2 {
            guard let group = try group(Array(parts[1]), in: root) else { return nil }
            account.group = group
        }
        return account
    }

    /// A group by name or number; nil where a name is unknown.
    public static func group(_ text: [UInt8], in root: Path = "/") throws(SystemCallError) -> UInt32? {
        guard isName(text[...]) else { return nil }
        if let number = number(text[...]) { return number }
        return entries(try read("etc/group", in: root)).lazy
            .filter { $0.count > 2 && $0[0].elementsEqual(text) }.compactMap { Accounts.number($0[2]) }.first
    }

    /// The groups that a user is a member of by name, beside its own.
    public static func groups(of name: [UInt8], in root: Path = "/") throws(SystemCallError) -> [UInt32] {
        entries(try read("etc/group", in: root)).filter { fields in
            fields.count > 3
                && fields[3].split(separator: UInt8(ascii: ",")).contains { $0.elementsEqual(name) }
        }.compactMap { number($0[2]) }
    }

    /// The name of a user of this machine; nil where there is none.
    public static func name(of user: UInt32) -> String? {
        let account = try? line(of: [], number: user, in: "/")
        return account.flatMap { $0.name.map { String(decoding: $0, as: UTF8.self) } }
    }

    /// The numbers of all users and groups of this machine by name, for a process that is about to leave its root.
    ///
    /// They are read now and looked into when the first is asked for. A file that cannot be read has no names.
    public final class Numbers {
        private let files: [[UInt8]]
        private lazy var users = Self.table(files[0])
        private lazy var groups = Self.table(files[1])

        /// Reads both files.
        public init() { files = ["etc/passwd", "etc/group"].map { (try? Accounts.read($0, in: "/")) ?? [] } }

        /// A user's number; nil where the name is unknown.
        public func user(_ name: [UInt8]) -> UInt32? { users[name] }
        /// A group's number; nil where the name is unknown.
        public func group(_ name: [UInt8]) -> UInt32? { groups[name] }

        /// Both files have the number in the third field. The first line of a name counts.
        private static func table(_ bytes: [UInt8]) -> [[UInt8]: UInt32] {
            let lines = Accounts.entries(bytes).compactMap { fields in
                fields.count > 2 ? Accounts.number(fields[2]).map { (Array(fields[0]), $0) } : nil
            }
            return Dictionary(lines, uniquingKeysWith: { first, _ in first })
        }
    }

    private static let colon = UInt8(ascii: ":")

    /// The line of a user: by number where it is one, never by a name that looks like one. A file that cannot be read
    /// matters for names only.
    private static func line(
        of name: ArraySlice<UInt8>, number: UInt32?, in root: Path
    ) throws(SystemCallError) -> Account? {
        let bytes: [UInt8]
        do { bytes = try read("etc/passwd", in: root) } catch {
            if number != nil { return nil }
            throw error
        }
        for fields in entries(bytes) where fields.count > 5 {
            guard let user = Accounts.number(fields[2]), let group = Accounts.number(fields[3]),
                number.map({ $0 == user }) ?? fields[0].elementsEqual(name)
            else { continue }
            return Account(user: user, group: group, name: Array(fields[0]), home: Array(fields[5]))
        }
        return nil
    }

    /// Plain decimal digits without a leading zero, below the highest number of 32 bits.
    static func number(_ text: ArraySlice<UInt8>) -> UInt32? {
        guard (1...10).contains(text.count), text.allSatisfy({ (48...57).contains($0) }),
            text.count == 1 || text.first != 48
        else { return nil }
        let value = text.reduce(UInt64(0)) { $0 * 10 + UInt64($1 - 48) }
        return value < UInt64(UInt32.max) ? UInt32(value) : nil
    }

    /// What can be a name or a number: nothing empty, no line end, no other control character.
    private static func isName(_ text: ArraySlice<UInt8>) -> Bool {
        !text.isEmpty && text.count < 256 && text.allSatisfy { $0 > 32 && $0 != 127 }
    }

    private static func entries(_ bytes: [UInt8]) -> some Sequence<[ArraySlice<UInt8>]> {
        bytes.split(separator: 10).lazy.map { $0.split(separator: colon, omittingEmptySubsequences: false) }
    }

    /// ENOENT, ELOOP for a link, EFBIG, ESPIPE for what is no regular file.
    private static func read(_ file: Path, in root: Path) throws(SystemCallError) -> [UInt8] {
        let subject = SystemCallError.Subject("path", root.appending(file).string)
        let directory = try Descriptor.open(root, Descriptor.pathOnly | O_DIRECTORY)
        let opened = Descriptor(
            owning: try systemCall("openat2", [subject]) {
                unsafe file.withPlatformString {
                    unsafe Descriptor.openResolved(
                        $0, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, in: directory.number,
                        [.inRoot, .noLinks])
                }
            })
        let status = try opened.status()
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SystemCallError("read", ESPIPE, [subject], detail: "it is not a regular file")
        }
        do { return try opened.readToEnd(limit: 1 << 20) } catch {
            throw SystemCallError("read", error.number, [subject])
        }
    }
}
