internal import Glibc

/// A port of this machine that packets are led away from.
public struct PublishedPort: Sendable {
    private let address: NetworkAddress
    private let port: UInt16
    private let isTCP: Bool

    /// A port by the IPv4 address that it is one of, 0.0.0.0 for all of them.
    public init(_ address: NetworkAddress, _ port: UInt16, isTCP: Bool) {
        self.address = address
        self.port = port
        self.isTCP = isTCP
    }

    private var transport: String { isTCP ? "tcp" : "udp" }

    /// Throws EADDRINUSE where one of this program's tables leads it away, or a program listens on it.
    func checkIsFree(in ruleset: String) throws(SystemCallError) {
        if isPublished(in: ruleset) { throw taken("it is published already") }
        if try isListenedOn() { throw taken("a program listens on it") }
    }

    private func taken(_ words: String) -> SystemCallError {
        SystemCallError(
            "bind", EADDRINUSE, [.init("address", "\(address.host):\(port)/\(transport)")], detail: words)
    }

    /// Looks for the rules that publishing makes, as nft lists them: what leads away, from which address, whereto.
    func isPublished(in ruleset: String) -> Bool {
        var isOwn = false
        for line in ruleset.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.first == "table", words.count > 2 { isOwn = words[2].hasPrefix("tupper_") }
            guard isOwn, let place = words.firstIndex(of: "dport"), words.contains("dnat"), place > 0,
                words[place - 1] == transport, words.count > place + 1, words[place + 1] == "\(port)"
            else { continue }
            // Without an address in the rule it is about all of them.
            guard let name = words.firstIndex(of: "daddr"), name > 0, words[name - 1] == "ip", !address.isAny
            else { return true }
            if words.count > name + 1, words[name + 1] == address.host { return true }
        }
        return false
    }

    private func isListenedOn() throws(SystemCallError) -> Bool {
        let kind = Int32((isTCP ? SOCK_STREAM : SOCK_DGRAM).rawValue) | O_CLOEXEC
        let socket = Descriptor(owning: try systemCall("socket") { Glibc.socket(AF_INET, kind, 0) })
        // Connections that have ended hold a TCP port for a while, which is no matter here.
        var on: Int32 = isTCP ? 1 : 0
        _ = unsafe setsockopt(socket.number, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        var name = sockaddr_in()
        name.sin_family = UInt16(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = address.bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }.bigEndian
        do throws(SystemCallError) {
            try systemCall("bind") {
                unsafe withUnsafePointer(to: &name) {
                    unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe bind(socket.number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
            }
        } catch {
            // Any other refusal says nothing of who listens.
            return error.number == EADDRINUSE
        }
        return false
    }
}
