internal import CKernel
internal import Glibc
public import SystemPackage

/// Paths are bytes on Linux, whatever their encoding.
extension FilePath {
    /// A path out of bytes; they end at a NUL.
    public init(bytes: [UInt8]) {
        self = unsafe (bytes + [0]).withUnsafeBufferPointer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) {
                guard let start = $0.baseAddress else { return FilePath() }
                return unsafe FilePath(platformString: start)
            }
        }
    }

    /// Its bytes, without a NUL.
    public var bytes: [UInt8] {
        unsafe withPlatformString { start in
            unsafe Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
        }
    }

    /// The directory that its last name stands in, `.` where it has no other, and that name; nil where it ends in none:
    /// `/`, and what ends in `.` or `..`.
    var lastStep: (directory: FilePath, name: [UInt8])? {
        let (slash, dot) = (UInt8(ascii: "/"), UInt8(ascii: "."))
        let bytes = bytes
        let end = bytes.lastIndex(of: slash)
        let name = bytes[(end.map { $0 + 1 } ?? 0)...]
        if name.isEmpty || name == [dot] || name == [dot, dot] { return nil }
        guard let end else { return (".", Array(name)) }
        return (end == 0 ? "/" : FilePath(bytes: Array(bytes[..<end])), Array(name))
    }

    /// Whether it is `other`, or names something below it; both absolute. Compared as bytes: FilePath's own
    /// walk over components takes time that grows with the square of their length.
    public func lies(in other: FilePath) -> Bool {
        let (own, above) = (bytes, other.bytes)
        return own.starts(with: above)
            && (own.count == above.count || above.last == UInt8(ascii: "/")
                || own[above.count] == UInt8(ascii: "/"))
    }

    /// This path from the working directory's root on.
    public func absolute() throws(SystemCallError) -> FilePath {
        isAbsolute
            ? self : FilePath(bytes: try WorkingDirectory.current().bytes + [UInt8(ascii: "/")] + bytes)
    }

    /// readlink(2).
    public func linkTarget() throws(SystemCallError) -> FilePath {
        FilePath(
            bytes: try unsafe Descriptor.bytes(room: 4096) { buffer throws(SystemCallError) in
                try systemCall("readlink", [.init("path", string)]) {
                    unsafe withPlatformString { unsafe ck_readlink($0, buffer.baseAddress, buffer.count) }
                }
            })
    }
}
