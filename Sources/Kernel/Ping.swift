internal import CKernel
internal import Glibc

/// ICMP echo: icmp(7), RFC 792 and RFC 4443.
public enum Ping {
    /// Round trips in seconds, one for each answer.
    public struct Result: Sendable, Equatable {
        public let sent: Int
        public let times: [Double]
    }

    /// Sends `count` requests, each given `timeout` milliseconds. ENETUNREACH where no route leads there.
    public static func run(
        _ target: ScopedAddress, count: Int, timeout: Int32, pause: Int32
    ) throws(SystemCallError) -> Result {
        let (address, subject) = (target.address, SystemCallError.Subject("address", target.host))
        var scope: UInt32 = 0
        if let zone = target.zone { scope = UInt32(bitPattern: try Link.named(zone).index) }
        let (socket, isRaw) = try open(address, subject)
        let line = Descriptor(owning: socket)
        try systemCall("connect", [subject]) {
            unsafe ck_connect(socket, address.bytes, address.bytes.count, scope)
        }
        var times: [Double] = []
        for number in 0..<count {
            if number > 0 { try Processes.sleep(milliseconds: pause) }
            let packet = request(address, number, isRaw: isRaw)
            let start = Clock.nanoseconds
            do throws(SystemCallError) {
                try systemCall("sendto", [subject]) {
                    unsafe packet.withUnsafeBytes { unsafe ck_send(line.number, $0.baseAddress, $0.count) }
                }
            } catch  where [EHOSTUNREACH, EHOSTDOWN, ECONNREFUSED].contains(error.number) {
                // The word of a router or neighbour about the request before; this one is not answered either.
                continue
            }
            if try answer(
                line, address, number, isRaw: isRaw, until: start &+ UInt64(max(timeout, 0)) &* 1_000_000)
            {
                times.append(Double(Clock.nanoseconds &- start) / 1e9)
            }
        }
        return Result(sent: count, times: times)
    }

    /// An unprivileged ICMP socket where the kernel allows it, else a raw one.
    private static func open(
        _ address: NetworkAddress, _ subject: SystemCallError.Subject
    ) throws(SystemCallError) -> (Int32, Bool) {
        let family = address.isIPv4 ? AF_INET : AF_INET6
        let protocolNumber: Int32 = address.isIPv4 ? 1 : 58
        let datagram = socket(family, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, protocolNumber)
        if datagram >= 0 { return (datagram, false) }
        return (
            try systemCall("socket", [subject]) {
                socket(family, Int32(SOCK_RAW.rawValue) | O_CLOEXEC, protocolNumber)
            },
            true
        )
    }

    private static var identifier: UInt16 { UInt16(truncatingIfNeeded: Processes.current) }

    private static func request(_ address: NetworkAddress, _ number: Int, isRaw: Bool) -> [UInt8] {
        let sequence = UInt16(truncatingIfNeeded: number)
        var packet: [UInt8] = [address.isIPv4 ? 8 : 128, 0, 0, 0]
        packet += NetlinkMessage.bytes(identifier.bigEndian) + NetlinkMessage.bytes(sequence.bigEndian)
        packet += Array("tupper ping data".utf8)
        // The kernel fills the checksum in on datagram sockets and for IPv6.
        if isRaw, address.isIPv4 {
            let sum = checksum(packet)
            packet[2] = UInt8(sum >> 8)
            packet[3] = UInt8(sum & 255)
        }
        return packet
    }

    private static func checksum(_ packet: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: packet.count - 1, by: 2) {
            sum += UInt32(packet[index]) << 8 | UInt32(packet[index + 1])
        }
        while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }

    /// Waits for the answer to one request; other packets are passed over.
    private static func answer(
        _ line: borrowing Descriptor, _ address: NetworkAddress, _ number: Int, isRaw: Bool, until end: UInt64
    ) throws(SystemCallError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 2048)
        while true {
            let now = Clock.nanoseconds
            let rest = end > now ? Int32(clamping: (end - now) / 1_000_000 + 1) : 0
            let ready = try systemCall("poll", retry: false) { ck_poll(line.number, Int16(POLLIN), rest) }
            if ready == 0 { return false }
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe ck_receive(line.number, $0.baseAddress, $0.count)
            }
            // An ICMP error for an earlier request: unreachable, say. It counts as no answer.
            if count < 0 { return false }
            // A raw IPv4 socket shows the IP header too.
            let header = isRaw && address.isIPv4 && count > 0 ? Int(buffer[0] & 15) * 4 : 0
            let packet = NetlinkBytes(buffer[min(header, count)..<count])
            let kind = packet.number(at: 0, 1)
            let sequence = UInt16(truncatingIfNeeded: packet.number(at: 6, 2)).bigEndian
            let isOurs = !isRaw || UInt16(truncatingIfNeeded: packet.number(at: 4, 2)).bigEndian == identifier
            if kind == (address.isIPv4 ? 0 : 129), isOurs, sequence == UInt16(truncatingIfNeeded: number) {
                return true
            }
        }
    }
}
