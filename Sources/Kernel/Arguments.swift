internal import CKernel
internal import Glibc

/// The words of this process's command line: bytes, whatever their encoding.
public enum Arguments {
    /// The program's name first.
    public static var all: [[UInt8]] {
        var count: Int32 = 0
        guard let words = unsafe ck_arguments(&count) else { return [] }
        return (0..<Int(count)).compactMap { index in
            unsafe words[index].map { unsafe Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
        }
    }
}
