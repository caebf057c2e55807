internal import CKernel
internal import Glibc

/// A line to the kernel's network configuration: rtnetlink(7), in the network namespace of this moment.
///
/// One request a socket: there is nothing to keep in step with a namespace that changes, or with a copy of
/// this process that reads the same answers; and a socket costs less than any change of a link.
struct RouteSocket: ~Copyable {
    private let descriptor: Descriptor

    init(protocol number: Int32 = NETLINK_ROUTE) throws(SystemCallError) {
        let opened = Descriptor(
            owning: try systemCall("socket") {
                socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | O_CLOEXEC, number)
            })
        // The kernel's own words in refusals (NETLINK_EXT_ACK), without the request again (NETLINK_CAP_ACK).
        for option in [11, 10] as [Int32] {
            var on: Int32 = 1
            _ = unsafe setsockopt(opened.number, 270, option, &on, 4)
        }
        // Joined to the kernel, which has address 0, the socket takes nothing from other processes.
        var kernel = sockaddr_nl()
        kernel.nl_family = UInt16(AF_NETLINK)
        try systemCall("connect") {
            unsafe withUnsafePointer(to: &kernel) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(opened.number, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
                }
            }
        }
        descriptor = opened
    }

    /// Sends one request and returns the answers before the acknowledgement.
    static func request(
        _ message: NetlinkMessage, _ subjects: [SystemCallError.Subject],
        protocol number: Int32 = NETLINK_ROUTE
    ) throws(SystemCallError) -> [NetlinkAnswers.Answer] {
        for _ in 0..<16 {
            let socket = try RouteSocket(protocol: number)
            let reply = try socket.request(message, subjects)
            if !reply.wasInterrupted { return reply.answers }
        }
        throw SystemCallError(
            message.name, EBUSY, subjects, detail: "what is listed changed during each of 16 readings")
    }

    private func request(
        _ message: NetlinkMessage, _ subjects: [SystemCallError.Subject]
    ) throws(SystemCallError) -> NetlinkAnswers {
        let bytes = message.finished
        try systemCall("sendto", subjects) {
            unsafe bytes.withUnsafeBytes { unsafe send(descriptor.number, $0.baseAddress, $0.count, 0) }
        }
        var reply = NetlinkAnswers()
        // Listings come in pieces that fit what the reader offers, 32 KiB at most.
        while !reply.isComplete {
            let datagram = try receive(room: 32768, subjects)
            try reply.take(NetlinkBytes(datagram[...]), for: message.name, subjects)
        }
        return reply
    }

    /// A refusal, as for want of memory, loses no answer: the kernel has acted already, so it is asked for once more.
    private func receive(
        room: Int, _ subjects: [SystemCallError.Subject]
    ) throws(SystemCallError) -> [UInt8] {
        var patience = 3
        while true {
            do throws(SystemCallError) {
                return try unsafe Descriptor.bytes(room: room) { buffer throws(SystemCallError) in
                    let count = try systemCall("recvfrom", subjects) {
                        unsafe recv(descriptor.number, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC))
                    }
                    guard count > 0, count <= room else {
                        throw SystemCallError("recvfrom", EMSGSIZE, subjects)
                    }
                    return count
                }
            } catch {
                if error.number == EMSGSIZE { throw error }
                patience -= 1
                if patience == 0 { throw error }
            }
        }
    }

    /// What tells the socket's network namespace from all others since the machine started: SO_NETNS_COOKIE.
    func namespaceCookie() throws(SystemCallError) -> UInt64 {
        var cookie: UInt64 = 0
        var length = socklen_t(MemoryLayout<UInt64>.size)
        try systemCall("getsockopt") {
            unsafe getsockopt(descriptor.number, SOL_SOCKET, 71, &cookie, &length)
        }
        return cookie
    }

    /// A descriptor of the socket's network namespace, SIOCGSKNS: needs CAP_NET_ADMIN, but no /proc.
    func namespace(
        _ subjects: [SystemCallError.Subject] = []
    ) throws(SystemCallError) -> Descriptor {
        Descriptor(owning: try systemCall("SIOCGSKNS", subjects) { ck_ioctl(descriptor.number, 0x894C, nil) })
    }
}
