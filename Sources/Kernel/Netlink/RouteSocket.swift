internal import CKernel
internal import Glibc

/// A line to the kernel's network configuration: rtnetlink(7), in the network namespace of this moment.
struct RouteSocket: ~Copyable {
    private let descriptor: Descriptor

    init() throws(SystemCallError) {
        let opened = Descriptor(
            owning: try systemCall("socket") { socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | O_CLOEXEC, 0) })
        // The kernel's own words in refusals (NETLINK_EXT_ACK), without the request again (NETLINK_CAP_ACK).
        for option in [11, 10] as [Int32] {
            var on: Int32 = 1
            _ = unsafe setsockopt(opened.number, 270, option, &on, 4)
        }
        descriptor = opened
    }

    /// One answer of the kernel.
    struct Answer {
        let type: UInt16
        let content: NetlinkBytes
    }

    /// Sends one request and returns the answers before the acknowledgement.
    static func request(
        _ message: NetlinkMessage, _ subjects: [SystemCallError.Subject]
    ) throws(SystemCallError) -> [Answer] {
        let socket = try RouteSocket()
        return try socket.request(message, subjects)
    }

    private func request(
        _ message: NetlinkMessage, _ subjects: [SystemCallError.Subject]
    ) throws(SystemCallError) -> [Answer] {
        let bytes = message.finished
        try systemCall("sendto", subjects) {
            unsafe bytes.withUnsafeBytes { unsafe send(descriptor.number, $0.baseAddress, $0.count, 0) }
        }
        var answers: [Answer] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try systemCall("recvfrom", subjects) {
                unsafe buffer.withUnsafeMutableBytes {
                    unsafe recv(descriptor.number, $0.baseAddress, $0.count, 0)
                }
            }
            if try take(NetlinkBytes(buffer[..<count]), into: &answers, subjects) { return answers }
        }
    }

    /// Reads one datagram; true once the answer is complete.
    private func take(
        _ datagram: NetlinkBytes, into answers: inout [Answer], _ subjects: [SystemCallError.Subject]
    ) throws(SystemCallError) -> Bool {
        var rest = datagram
        while rest.bytes.count >= 16 {
            let length = Int(rest.number(at: 0))
            guard length >= 16, length <= rest.bytes.count else { return true }
            let (type, flags) = (UInt16(rest.number(at: 4, 2)), rest.number(at: 6, 2))
            let content = NetlinkBytes(rest.bytes.prefix(length).dropFirst(16))
            switch type {
            case 2, 3:
                // NLMSG_ERROR with 0 is the acknowledgement, NLMSG_DONE the end of a dump.
                let number = Int32(truncatingIfNeeded: 0 &- Int64(Int32(bitPattern: content.number(at: 0))))
                if number <= 0 { return true }
                // NLM_F_ACK_TLVS: the explanation stands behind the header of the request.
                let words = flags & 0x200 == 0 ? nil : content.attributes(at: type == 2 ? 20 : 4)[1]?.text
                throw SystemCallError("sendto", number, subjects, detail: words)
            default: answers.append(Answer(type: type, content: content))
            }
            rest = rest.from((length + 3) & ~3)
        }
        return false
    }
}
