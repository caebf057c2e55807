internal import Glibc

let interrupted = EINTR

/// errno, to be read right after the call that set it.
func errorNumber() -> Int32 { errno }

/// A member's path as bytes, cleaned of `.` and of slashes that say nothing, and never leaving the root by its words.
///
/// An absolute path stands for the same path below the root, as GNU tar and Docker take it.
struct MemberPath {
    /// As the archive has it.
    let original: [UInt8]
    /// Without `.`, leading, doubled and trailing slashes; empty for the root itself.
    let bytes: [UInt8]
    /// Where the last component starts in `bytes`.
    let nameStart: Int

    /// Throws where the path is empty or has a `..`.
    init(_ path: [UInt8], of member: [UInt8], as role: String) throws(ArchiveError) {
        original = path
        if path.isEmpty { throw ArchiveError(member, "\(role) is empty") }
        // PATH_MAX: nothing longer can be made, and work on it grows with its square.
        guard path.count < 4096 else {
            throw ArchiveError(Array(member.prefix(4095)), "\(role) is too long", number: ENAMETOOLONG)
        }
        var clean: [UInt8] = []
        clean.reserveCapacity(path.count + 1)
        var nameStart = 0
        var start = 0
        while start < path.count {
            var end = start
            while end < path.count, path[end] != 47 { end += 1 }
            let length = end - start
            if length == 2, path[start] == 46, path[start + 1] == 46 {
                throw ArchiveError(member, "\(role) has a '..' in it")
            }
            if length > 0, !(length == 1 && path[start] == 46) {
                if !clean.isEmpty { clean.append(47) }
                nameStart = clean.count
                clean += path[start..<end]
            }
            start = end + 1
        }
        bytes = clean
        self.nameStart = nameStart
    }

    /// Whether it is the root itself, as in `./`.
    var isRoot: Bool { bytes.isEmpty }
    /// The last component.
    var name: [UInt8] { Array(bytes[nameStart...]) }
    /// What stands before the last component; empty for the root.
    var parent: ArraySlice<UInt8> { nameStart == 0 ? [] : bytes[..<(nameStart - 1)] }
}

extension Sequence<UInt8> {
    /// Calls `body` with the bytes as a C string.
    @safe func withCharacters<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let characters = map { CChar(bitPattern: $0) } + [0]
        return unsafe characters.withUnsafeBufferPointer {
            // An array with an element has an address.
            guard let start = $0.baseAddress else { return unsafe body("") }
            return unsafe body(start)
        }
    }
}

/// The bytes of a C string; nil for NULL.
func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8]? {
    guard let text = unsafe text else { return nil }
    let length = unsafe strlen(text)
    return unsafe Array(UnsafeRawBufferPointer(start: text, count: length))
}
