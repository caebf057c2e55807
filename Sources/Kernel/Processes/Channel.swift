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
            try whenReady(Int16(POLLOUT), timeout: nil) {
                unsafe bytes.withUnsafeBytes { unsafe ck_send(number, $0.baseAddress, $0.count) }
            }
        } while !rest.isEmpty
    }

    /// The next message. ETIMEDOUT when `timeout` milliseconds pass first, EPIPE where the other side has ended.
    public func receive(timeout: Int32? = nil) throws(SystemCallError) -> [UInt8] {
        var message: [UInt8] = []
        while true {
            // Not filled before: most messages are a few bytes, and each page that is written to costs.
            let part = try unsafe Descriptor.bytes(room: Self.packet) { room throws(SystemCallError) in
                try whenReady(Int16(POLLIN), timeout: timeout) {
                    unsafe ck_receive(number, room.baseAddress, room.count)
                }
            }
            guard !part.isEmpty else { throw Self.ended }
            message += part.dropFirst()
            if part[0] == 0 { return message }
        }
    }

    /// Closes this end where the other side has gone and left nothing to be read.
    public func closeIfDone() {
        var byte: UInt8 = 0
        if unsafe recv(number, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0 { socket = nil }
    }

    private static var ended: SystemCallError {
        SystemCallError("recv", EPIPE, detail: "the other side has ended")
    }

    @discardableResult
    private func whenReady(
        _ events: Int16, timeout: Int32?, _ body: () -> Int
    ) throws(SystemCallError) -> Int {
        if socket == nil { throw Self.ended }
        while true {
            let ready = try systemCall("poll", retry: false) { ck_poll(number, events, timeout ?? -1) }
            if ready == 0 { throw SystemCallError("recv", ETIMEDOUT) }
            do {
                return try systemCall(events == Int16(POLLIN) ? "recv" : "send") { body() }
            } catch let error where error.number == EAGAIN {
                continue
            } catch let error where error.number == ECONNRESET {
                throw Self.ended
            }
        }
    }
}
