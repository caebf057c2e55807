internal import CKernel
internal import Glibc

/// One end of a line between two processes: whole messages of any size, in order. unix(7), SOCK_SEQPACKET.
public final class Channel {
    private var socket: Descriptor?
    /// A packet fits the smallest socket buffer; the first byte says whether the message goes on.
    private static let packet = 32768

    private init(_ number: Int32) { socket = Descriptor(owning: number) }

    private var number: Int32 { socket?.number ?? -1 }

    /// Both ends.
    public static func pair() throws(SystemCallError) -> (Channel, Channel) {
        var ends: [Int32] = [-1, -1]
        try systemCall("socketpair") {
            unsafe ends.withUnsafeMutableBufferPointer { unsafe ck_channel($0.baseAddress) }
        }
        return (Channel(ends[0]), Channel(ends[1]))
    }

    /// Sends a message; waits while the other side does not read. EPIPE where it has ended.
    public func send(_ message: [UInt8]) throws(SystemCallError) {
        var rest = message[...]
        repeat {
            let part = rest.prefix(Self.packet - 1)
            rest = rest.dropFirst(part.count)
            let bytes = [rest.isEmpty ? 0 : 1] + part
            try whenReady(Int16(POLLOUT), timeout: nil) { () throws(SystemCallError) in
                _ = try systemCall("send") {
                    unsafe bytes.withUnsafeBytes { unsafe ck_send(number, $0.baseAddress, $0.count) }
                }
            }
        } while !rest.isEmpty
    }

    /// The next message. ETIMEDOUT when `timeout` milliseconds pass first, EPIPE where the other side has ended.
    public func receive(timeout: Int32? = nil) throws(SystemCallError) -> [UInt8] {
        forgetOthers()
        while arrived.isEmpty {
            var hasEnded = false
            try whenReady(Int16(POLLIN), timeout: timeout) { () throws(SystemCallError) in
                // That the other side has ended with something unread is told once, before what it sent.
                do throws(SystemCallError) { hasEnded = try !takePacket() } catch {
                    guard error.number == ECONNRESET else { throw error }
                }
            }
            if hasEnded { throw Self.ended }
        }
        return arrived.removeFirst()
    }

    /// Takes what has arrived, without waiting; false where nothing more will.
    func takeIn() throws(SystemCallError) -> Bool {
        forgetOthers()
        do throws(SystemCallError) {
            while socket != nil, try takePacket() {}
            return false
        } catch {
            if error.number == EAGAIN { return true }
            // Told once, before what was sent.
            if error.number == ECONNRESET { return try takeIn() }
            throw error
        }
    }

    private var owner = Processes.generation

    /// What this process's maker has taken in is the maker's.
    private func forgetOthers() {
        guard owner != Processes.generation else { return }
        owner = Processes.generation
        arrived = []
        begun = []
    }

    nonisolated(unsafe) private static var toParent: Channel?

    /// Is this process's line to who made it. Its maker's own is nothing to it: as long as anybody has that open, nobody
    /// is told that the maker has become a program.
    public func becomeLineToParent() {
        unsafe Self.toParent?.close()
        unsafe Self.toParent = self
    }

    /// Waits until `descriptor` is ready, or something has arrived; tells whether it is. At most so many milliseconds, -1
    /// for ever.
    func wait(orFor descriptor: Int32, timeout: Int32) throws(SystemCallError) -> Bool {
        var set = [descriptor, number].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        try systemCall("poll", retry: false) {
            unsafe set.withUnsafeMutableBufferPointer { unsafe ck_poll_set($0.baseAddress, 2, timeout) }
        }
        return set[0].revents != 0
    }

    /// Messages that were taken in, and the beginning of the next.
    private var arrived: [[UInt8]] = []
    private var begun: [UInt8] = []

    /// Takes what has arrived; false where the other side has ended.
    private func takePacket() throws(SystemCallError) -> Bool {
        // Not filled before: most messages are a few bytes, and each page that is written to costs.
        let part = try unsafe Descriptor.bytes(room: Self.packet) { room throws(SystemCallError) in
            try systemCall("recv") { unsafe ck_receive(number, room.baseAddress, room.count) }
        }
        guard let first = part.first else { return false }
        begun += part.dropFirst()
        if first == 0 {
            arrived.append(begun)
            begun = []
        }
        return true
    }

    /// Closes this end: the other side's is alone then.
    public func close() { socket = nil }

    /// Closes this end where the other side has gone and left nothing to be read.
    public func closeIfDone() {
        var byte: UInt8 = 0
        if unsafe recv(number, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0 { socket = nil }
    }

    private static var ended: SystemCallError {
        SystemCallError("recv", EPIPE, detail: "the other side has ended")
    }

    private func whenReady(
        _ events: Int16, timeout: Int32?, _ body: () throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        if socket == nil { throw Self.ended }
        while true {
            let ready = try systemCall("poll", retry: false) { ck_poll(number, events, timeout ?? -1) }
            if ready == 0 { throw SystemCallError("recv", ETIMEDOUT) }
            do {
                return try body()
            } catch let error where error.number == EAGAIN {
                continue
            } catch let error where error.number == ECONNRESET {
                throw Self.ended
            }
        }
    }
}
