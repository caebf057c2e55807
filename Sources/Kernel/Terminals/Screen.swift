internal import CKernel
internal import Glibc

/// Standard output, written to only as much as it takes at once.
final class Screen {
    private var own: Descriptor?
    private var bytes: [UInt8] = []
    private var written = 0
    /// What any file takes at once when it is ready: PIPE_BUF.
    private static let portion = 4096

    init() {
        // A terminal that is stopped would hold up who writes to it. Opened once more it can be told not to, which
        // who else has the first one open does not feel.
        own = isatty(1) == 1 ? try? Descriptor.open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY) : nil
    }

    var number: Int32 { own?.number ?? 1 }

    /// How much waits to be written.
    var pending: Int { bytes.count - written }

    func show(_ more: [UInt8]) {
        bytes.removeFirst(written)
        written = 0
        bytes += more
    }

    /// Writes what can be taken now.
    func write() throws(SystemCallError) {
        let rest = bytes[written...].prefix(Self.portion)
        do {
            written += try systemCall("write") {
                unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
            }
        } catch {
            guard error.number == EAGAIN else { throw error }
        }
    }

    /// Writes all.
    func flush() throws(SystemCallError) {
        while pending > 0 {
            try systemCall("poll", retry: false) { ck_poll(number, Int16(POLLOUT), -1) }
            try write()
        }
    }
}
