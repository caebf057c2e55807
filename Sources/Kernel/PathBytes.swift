internal import CKernel
internal import Glibc
public import SystemPackage

/// Paths are bytes on Linux, whatever their encoding.
extension FilePath {
    /// A path out of bytes; they end at a NUL.
    public init(bytes: [UInt8]) {
        let characters = (bytes + [0]).map { CInterop.PlatformChar(bitPattern: $0) }
        self = unsafe characters.withUnsafeBufferPointer {
            guard let start = $0.baseAddress else { return FilePath() }
            return unsafe FilePath(platformString: start)
        }
    }

    /// Its bytes, without a NUL.
    public var bytes: [UInt8] {
        unsafe withPlatformString { start in
            var bytes: [UInt8] = []
            var index = 0
            while unsafe start[index] != 0 {
                bytes.append(UInt8(bitPattern: unsafe start[index]))
                index += 1
            }
            return bytes
        }
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
