internal import CKernel
internal import Glibc

/// Copies what is in regular files: shared where the filesystem can, holes kept.
struct ContentCopy {
    private let method: Tree.CopyMethod
    private var isSharing: Bool
    private var (shared, copied) = (0, 0)

    init(_ method: Tree.CopyMethod) {
        self.method = method
        isSharing = method != .copy
    }

    /// How all of it was copied.
    var served: Tree.CopyMethod {
        method == .automatic ? (shared > 0 && copied == 0 ? .reflink : .copy) : method
    }

    /// Copies `size` bytes, or to the end where the size is not known before.
    mutating func copy(
        _ source: borrowing Descriptor, to target: borrowing Descriptor, size: Int,
        _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        if size > 0, isSharing, try share(source, target, text()) {
            shared += 1
            return
        }
        if size > 0 { copied += 1 }
        try copyData(source, target, size, text())
    }

    private mutating func share(
        _ source: borrowing Descriptor, _ target: borrowing Descriptor, _ text: @autoclosure () -> String
    ) throws(SystemCallError) -> Bool {
        let (from, to) = (source.number, target.number)
        do {
            try systemCall("FICLONE", [.init("path", text())]) { ck_clone_content(to, from) }
            return true
        } catch let error where method == .automatic {
            switch error.number {
            case EXDEV, EOPNOTSUPP, ENOTTY: isSharing = false
            // One file may be special, as those that btrfs does not copy on write.
            case EINVAL, ETXTBSY, EPERM: break
            default: throw error
            }
            return false
        }
    }

    private func copyData(
        _ source: borrowing Descriptor, _ target: borrowing Descriptor, _ size: Int,
        _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        // Files of /proc and the like have content though their size is 0.
        if size == 0 { return try stream(source, target, .max, text()) }
        var position = 0
        while position < size, let (start, end) = try data(source, position, size, text()) {
            let (from, to) = (source.number, target.number)
            try systemCall("lseek", [.init("path", text())]) { lseek(from, off_t(start), SEEK_SET) }
            try systemCall("lseek", [.init("path", text())]) { lseek(to, off_t(start), SEEK_SET) }
            try copyRange(source, target, end - start, text())
            position = end
        }
        let to = target.number
        try systemCall("ftruncate", [.init("path", text())]) { ftruncate(to, off_t(size)) }
    }

    /// The next range that is no hole; nil where only a hole is left.
    private func data(
        _ source: borrowing Descriptor, _ position: Int, _ size: Int, _ text: @autoclosure () -> String
    ) throws(SystemCallError) -> (start: Int, end: Int)? {
        let number = source.number
        do {
            let start = try systemCall("lseek", [.init("path", text())]) {
                ck_seek_data(number, off_t(position))
            }
            let end = try systemCall("lseek", [.init("path", text())]) { ck_seek_hole(number, start) }
            return Int(start) < size ? (Int(start), min(Int(end), size)) : nil
        } catch let error where error.number == ENXIO {
            return nil
        } catch let error where error.number == EINVAL {
            return (position, size)
        }
    }

    private func copyRange(
        _ source: borrowing Descriptor, _ target: borrowing Descriptor, _ count: Int,
        _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        // copy_file_range(2) may share as well, which is not what `copy` asks for.
        if method == .copy { return try stream(source, target, count, text()) }
        let (from, to) = (source.number, target.number)
        var rest = count
        while rest > 0 {
            try Patience.check()
            do {
                let step = try systemCall("copy_file_range", [.init("path", text())]) {
                    ck_copy_range(from, to, min(rest, 16 << 20))
                }
                if step == 0 { return }
                rest -= step
            } catch let error where [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM].contains(error.number) {
                return try stream(source, target, rest, text())
            }
        }
    }

    private func stream(
        _ source: borrowing Descriptor, _ target: borrowing Descriptor, _ count: Int,
        _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        var buffer = [UInt8](repeating: 0, count: min(count, 256 << 10))
        let from = source.number
        var rest = count
        while rest > 0 {
            try Patience.check()
            let step = try systemCall("read", [.init("path", text())]) {
                unsafe buffer.withUnsafeMutableBytes {
                    unsafe read(from, $0.baseAddress, min($0.count, rest))
                }
            }
            if step == 0 { return }
            do { try target.write(Array(buffer[..<step])) } catch {
                throw SystemCallError(error.call, error.number, [.init("path", text())])
            }
            rest -= step
        }
    }
}
