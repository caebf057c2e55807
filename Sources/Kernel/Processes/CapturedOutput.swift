internal import CKernel
internal import Glibc

/// What a program prints, taken in through a pipe while the program runs: pipe(7).
///
/// A limit holds for a program that prints for ever. What the program leaves running may keep the pipe open: the end of
/// the program itself is the end of the output.
final class CapturedOutput {
    private let reading: Descriptor
    private var writing: Descriptor?

    init() throws(SystemCallError) {
        let ends = try Descriptor.pipe()
        reading = Descriptor(owning: ends.reading)
        writing = Descriptor(owning: ends.writing)
        let number = reading.number
        try systemCall("fcntl") { ck_fcntl(number, F_SETFL, Int(O_RDONLY | O_NONBLOCK)) }
    }

    /// The end that becomes the program's standard output.
    var number: Int32 { writing?.number ?? -1 }

    /// Waits for the child's end; how it ended, and what it has printed until then.
    ///
    /// Throws EFBIG where that is more than `limit` bytes, and EINTR when a signal arrives; the child is killed then.
    func collect(
        from child: Child, limit: Int
    ) throws(SystemCallError) -> (ending: Child.Ending, output: [UInt8]) {
        writing = nil
        do {
            var output: [UInt8] = []
            while try waitForOutput(or: child) { _ = try take(into: &output, limit: limit) }
            // What was printed just before the end.
            while try take(into: &output, limit: limit) {}
            while true { if let ending = try child.wait() { return (ending, output) } }
        } catch {
            try child.end()
            throw error
        }
    }

    /// False once the child has ended. A pipe that everybody has closed is not waited for.
    private func waitForOutput(or child: Child) throws(SystemCallError) -> Bool {
        var set = [
            pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: reading.number, events: Int16(POLLIN), revents: 0),
        ]
        try systemCall("poll", [.init("pid", "\(child.pid)")], retry: false) {
            unsafe set.withUnsafeMutableBufferPointer { unsafe ck_poll_set($0.baseAddress, 2, -1) }
        }
        if set[0].revents != 0 { return false }
        guard Int32(set[1].revents) & POLLIN == 0 else { return true }
        return try child.wait(timeout: -1) == nil
    }

    /// Takes what is there; false where that is nothing.
    private func take(into output: inout [UInt8], limit: Int) throws(SystemCallError) -> Bool {
        var isThere = true
        let number = reading.number
        let chunk = try unsafe Descriptor.bytes(room: 65536) { buffer throws(SystemCallError) in
            do throws(SystemCallError) {
                let count = try systemCall("read") { unsafe read(number, buffer.baseAddress, buffer.count) }
                isThere = count > 0
                return count
            } catch {
                guard error.number == EAGAIN else { throw error }
                isThere = false
                return 0
            }
        }
        guard output.count + chunk.count <= limit else {
            throw SystemCallError(
                "read", EFBIG, [.init("subject", "standard output")],
                detail: "the program has printed more than \(limit) bytes")
        }
        output += chunk
        return isThere
    }
}
