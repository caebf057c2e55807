internal import CKernel
internal import Glibc

/// A port of this machine that packets are led away from.
public struct PublishedPort: Sendable {
    private let address: NetworkAddress
    private let port: UInt16
    private let isTCP: Bool

    /// A port by the address that it is one of, 0.0.0.0 or :: for all of them.
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

    private var shownAddress: String { address.isIPv4 ? address.host : "[\(address.host)]" }

    private func taken(_ words: String) -> SystemCallError {
        SystemCallError(
            "bind", EADDRINUSE, [.init("address", "\(shownAddress):\(port)/\(transport)")], detail: words)
    }

    /// Looks for the rules that publishing makes, as nft lists them: what leads away, from which address, whereto.
    func isPublished(in ruleset: String) -> Bool {
        var isOwn = false
        for line in ruleset.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.first == "table", words.count > 2 { isOwn = words[2].hasPrefix("tupper") }
            guard isOwn, let place = words.firstIndex(of: "dport"), words.contains("dnat"), place > 0,
                words[place - 1] == transport, words.count > place + 1, words[place + 1] == "\(port)"
            else { continue }
            // Without an address in the rule it is about all of them.
            guard let name = words.firstIndex(of: "daddr"), name > 0, words[name - 1].hasPrefix("ip"),
                !address.isAny
            else { return true }
            if words.count > name + 1, words[name + 1] == address.host { return true }
        }
        return false
    }

    private func isListenedOn() throws(SystemCallError) -> Bool {
        let kind = Int32((isTCP ? SOCK_STREAM : SOCK_DGRAM).rawValue) | O_CLOEXEC
        let socket = Descriptor(
            owning: try systemCall("socket") { Glibc.socket(Int32(address.family), kind, 0) })
        // Connections that have ended hold a TCP port for a while, which is no matter here.
        var on: Int32 = isTCP ? 1 : 0
        _ = unsafe setsockopt(socket.number, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        // Who listens at IPv4 addresses alone is another matter.
        var isAlone: Int32 = 1
        if !address.isIPv4 {
            _ = unsafe setsockopt(socket.number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &isAlone, 4)
        }
        do throws(SystemCallError) {
            try systemCall("bind") {
                unsafe address.bytes.withUnsafeBytes {
                    unsafe ck_bind(socket.number, $0.baseAddress, $0.count, port)
                }
            }
        } catch {
            // Ports below 1024 are root's: without the right to try, the kernel's list tells.
            if error.number == EACCES { return isListed() }
            // Any other refusal says nothing of who listens.
            return error.number == EADDRINUSE
        }
        return false
    }

    /// Looks for it among the sockets of this network namespace, those of IPv6 that take IPv4 too among them.
    private func isListed() -> Bool {
        ["", "6"].contains { version in
            guard let bytes = try? ProcessFiles.read("self/net/\(transport)\(version)")
            else { return false }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().contains {
                line in
                let words = line.split(separator: " ")
                guard words.count > 3, !isTCP || words[3] == "0A" else { return false }
                let place = words[1].split(separator: ":")
                guard place.count == 2, UInt16(place[1], radix: 16) == port else { return false }
                let isAny = place[0].allSatisfy { $0 == "0" }
                guard (version == "") == address.isIPv4 else { return address.isIPv4 && isAny }
                return isAny || address.isAny || place[0] == listedAddress
            }
        }
    }

    /// As the kernel lists it: each four bytes as a number of this machine's.
    private var listedAddress: String {
        stride(from: 0, to: address.bytes.count, by: 4).map { start in
            Hexadecimal.text(address.bytes[start..<start + 4].reversed()).uppercased()
        }.joined()
    }
}
