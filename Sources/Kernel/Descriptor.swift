internal import CKernel
internal import Glibc
public import SystemPackage

/// An open file description that closes itself. Close-on-exec from birth.
public struct Descriptor: ~Copyable {
    /// The descriptor's number.
    public let number: Int32

    /// Takes over an open descriptor.
    public init(owning number: Int32) {
        self.number = number
    }

    deinit {
        _ = close(number)
    }

    /// Gives the descriptor up without closing it.
    public consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// open(2) with O_CLOEXEC added, relative to `directory` where given.
    public static func open(
        _ path: FilePath, _ flags: Int32, mode: UInt32 = 0, at directory: Int32? = nil
    ) throws(SystemCallError) -> Descriptor {
        Descriptor(
            owning: try systemCall("openat", [.init("path", path.string)]) {
                unsafe path.withPlatformString {
                    unsafe openat(directory ?? AT_FDCWD, $0, flags | O_CLOEXEC, mode)
                }
            })
    }

    /// Writes all the bytes.
    public func write(_ bytes: [UInt8]) throws(SystemCallError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try systemCall("write") {
                unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads until the end of the file; EFBIG beyond `limit` bytes.
    public func readToEnd(limit: Int64 = .max) throws(SystemCallError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try systemCall("read", retry: false) {
                unsafe chunk.withUnsafeMutableBytes { unsafe read(number, $0.baseAddress, $0.count) }
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            if bytes.count > limit { throw SystemCallError("read", EFBIG) }
        }
    }
}
