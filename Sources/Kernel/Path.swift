internal import CKernel
internal import Glibc

/// A path: bytes without NUL, whatever their encoding.
///
/// Slashes that follow one another stand as one, and those at the end are left out, so that two spellings of a path are
/// one path. Only system calls get a slash at the end, since it says that a directory is meant. Nothing else is taken
/// apart or made simpler: what `..` means depends on links.
public struct Path: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The bytes and a NUL, as system calls take them, without a slash at the end.
    private let characters: [UInt8]
    /// Whether there was a slash at the end: the path then leads to a directory or to nothing. Two paths that differ in
    /// this only are equal.
    public private(set) var meansDirectory = false

    /// A path out of bytes; they end at a NUL.
    public init(bytes: some Sequence<UInt8>) {
        let slash = UInt8(ascii: "/")
        var characters: [UInt8] = []
        characters.reserveCapacity(bytes.underestimatedCount + 1)
        for byte in bytes {
            if byte == 0 { break }
            if byte == slash, characters.last == slash { continue }
            characters.append(byte)
        }
        if characters.count > 1, characters.last == slash {
            characters.removeLast()
            meansDirectory = true
        }
        characters.append(0)
        self.characters = characters
    }

    /// A path out of text.
    public init(_ text: String) { self.init(bytes: text.utf8) }

    public init(stringLiteral text: String) { self.init(bytes: text.utf8) }

    /// The empty path.
    public init() { characters = [0] }

    /// Its bytes, without a NUL.
    public var bytes: [UInt8] { Array(slice) }
    private var slice: ArraySlice<UInt8> { characters.dropLast() }

    /// How many bytes that is.
    public var length: Int { characters.count - 1 }

    public static func == (left: Path, right: Path) -> Bool { left.characters == right.characters }

    public func hash(into hasher: inout Hasher) { hasher.combine(characters) }

    /// As messages show it.
    public var description: String { string }

    /// As messages show it.
    public var string: String { String(decoding: slice, as: UTF8.self) }

    /// The same with the slash that says that a directory is meant.
    var written: String { meansDirectory ? string + "/" : string }

    public var isEmpty: Bool { length == 0 }

    /// Whether it starts at the root.
    public var isAbsolute: Bool { characters[0] == UInt8(ascii: "/") }

    /// Gives the path to a system call.
    public func withPlatformString<Result>(
        _ body: (UnsafePointer<CChar>) throws -> Result
    ) rethrows -> Result {
        let whole = meansDirectory ? slice + [UInt8(ascii: "/"), 0] : characters[...]
        return try unsafe whole.withUnsafeBufferPointer { buffer in
            try unsafe buffer.withMemoryRebound(to: CChar.self) {
                // It is never empty.
                try unsafe body($0.baseAddress.unsafelyUnwrapped)
            }
        }
    }

    // MARK: Its parts

    /// The names between the slashes.
    public var names: [ArraySlice<UInt8>] { slice.split(separator: UInt8(ascii: "/")) }

    /// The directory that its last name stands in, `.` where it has no other, and that name; nil where it ends in none:
    /// `/`, and what ends in `.` or `..`.
    public var lastStep: (directory: Path, name: [UInt8])? {
        let dot = UInt8(ascii: ".")
        let end = slice.lastIndex(of: UInt8(ascii: "/"))
        let name = slice[(end.map { $0 + 1 } ?? 0)...]
        if name.isEmpty || name == [dot] || name == [dot, dot] { return nil }
        guard let end else { return (".", Array(name)) }
        return (end == 0 ? "/" : Path(bytes: slice[..<end]), Array(name))
    }

    /// Each directory on the way to it, the topmost first, `.` and `..` left out, without the path itself.
    public var above: [Path] {
        slice.indices.filter { slice[$0] == UInt8(ascii: "/") && $0 > 0 }.map { Path(bytes: slice[..<$0]) }
            .filter { $0.lastStep != nil }
    }

    // MARK: Other paths

    /// A path below this one.
    public func appending(_ name: String) -> Path { appending(Path(name)) }

    /// A path below this one, also where the other starts at the root: then this one takes the root's place.
    public func appending(_ other: Path) -> Path {
        if isEmpty { return other }
        var path = Path(bytes: slice + [UInt8(ascii: "/")] + other.slice)
        path.meansDirectory = other.meansDirectory
        return path
    }

    /// Where the other leads from here.
    public func following(_ other: Path) -> Path { other.isAbsolute ? other : appending(other) }

    /// Without the slash at its start.
    public var relative: Path {
        guard isAbsolute else { return self }
        var path = Path(bytes: slice.dropFirst())
        path.meansDirectory = meansDirectory
        return path
    }

    /// Without a slash at its end: system calls that follow no link in last place then hold to that.
    public var withoutSlash: Path {
        var path = self
        path.meansDirectory = false
        return path
    }

    /// Whether it is `other`, or names something below it; both absolute.
    public func lies(in other: Path) -> Bool {
        slice.starts(with: other.slice)
            && (length == other.length || other.slice.last == UInt8(ascii: "/")
                || characters[other.length] == UInt8(ascii: "/"))
    }

    /// This path from the working directory's root on.
    public func absolute() throws(SystemCallError) -> Path {
        isAbsolute ? self : try WorkingDirectory.current().appending(self)
    }

    /// readlink(2).
    public func linkTarget() throws(SystemCallError) -> Path { try linkTarget(in: AT_FDCWD) }

    /// readlinkat(2), from an open directory on.
    func linkTarget(in directory: Int32) throws(SystemCallError) -> Path {
        var (target, failure) = (Path(), SystemCallError?.none)
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { buffer in
            do throws(SystemCallError) {
                let length = try systemCall("readlink", [.init("path", string)]) {
                    unsafe withPlatformString {
                        unsafe ck_readlink(directory, $0, buffer.baseAddress, buffer.count)
                    }
                }
                target = unsafe Path(bytes: UnsafeBufferPointer(start: buffer.baseAddress, count: length))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return target
    }
}
