import Testing

@testable import Kernel

/// Recorded in a new network namespace with a bridge "br0" that has 172.30.0.1/16, by a raw netlink socket
/// with NETLINK_EXT_ACK and NETLINK_CAP_ACK set (Linux 6.18).
private enum Recorded {
    /// What `ip link add d0 type dummy` is answered by a kernel without dummy.
    static let unknownKind = bytes(
        """
        3c0000000200000301000000537b0000a1ffffff3800000010000506010000000000000018000100556e6b6e6f776e20646576
        696365207479706500
        """)
    /// What `ip route add 10.1.2.3/16 ...` is answered.
    static let badPrefix = bytes(
        """
        500000000200000301000000537b0000eaffffff240000001800050601000000000000002b000100496e76616c696420707265
        66697820666f7220676976656e20707265666978206c656e6774680000
        """)
    /// What `ip -4 address` lists, and the listing's end.
    static let address = bytes(
        """
        4c0000001400020001000000537b0000021080000200000008000100ac1e000108000200ac1e00010800030062723000080008
        008000000014000600ffffffffffffffff55af1d0055af1d00
        """)
    static let done = bytes("140000000300020001000000537b000000000000")

    static func bytes(_ digits: String) -> [UInt8] {
        let digits = Array(digits.filter { !$0.isWhitespace })
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0
        }
    }
}

@Suite("Netlink")
struct NetlinkTests {
    private func refusal(_ bytes: [UInt8]) -> SystemCallError? {
        var reply = NetlinkAnswers()
        do { try reply.take(NetlinkBytes(bytes[...]), for: "RTM_NEWLINK", []) } catch { return error }
        return nil
    }

    @Test("a refusal carries the kernel's own words")
    func words() {
        let error = refusal(Recorded.unknownKind)
        #expect(error?.code == "EOPNOTSUPP")
        #expect(error?.detail == "Unknown device type")
        #expect(refusal(Recorded.badPrefix)?.detail == "Invalid prefix for given prefix length")
    }

    @Test("a refusal says where in the request the kernel points to")
    func offset() {
        // The recorded refusal with NLMSGERR_ATTR_OFFS 32 behind its words.
        var bytes = Recorded.unknownKind + [8, 0, 2, 0, 32, 0, 0, 0]
        bytes[0] = UInt8(bytes.count)
        #expect(refusal(bytes)?.detail == "Unknown device type (at byte 32 of the request)")
    }

    @Test("a listing is read until its end")
    func listing() throws {
        var reply = NetlinkAnswers()
        try reply.take(NetlinkBytes(Recorded.address[...]), for: "RTM_GETADDR", [])
        #expect(!reply.isComplete)
        try reply.take(NetlinkBytes(Recorded.done[...]), for: "RTM_GETADDR", [])
        #expect(reply.isComplete)
        let found = reply.answers.compactMap { LinkAddress($0) }
        #expect(found.map { "\($0.link) \($0.address)" } == ["2 172.30.0.1/16"])
    }

    @Test("a listing that changed meanwhile is marked")
    func interrupted() throws {
        var bytes = Recorded.done
        bytes[6] |= 0x10
        var reply = NetlinkAnswers()
        try reply.take(NetlinkBytes(bytes[...]), for: "RTM_GETADDR", [])
        #expect(reply.wasInterrupted)
    }

    @Test("a datagram cut anywhere is refused, not taken for the end")
    func truncated() {
        for length in 1..<Recorded.address.count {
            var reply = NetlinkAnswers()
            #expect(throws: SystemCallError("RTM_GETADDR", 71)) {
                try reply.take(NetlinkBytes(Recorded.address.prefix(length)), for: "RTM_GETADDR", [])
            }
        }
    }

    @Test("no bytes make the parsers trap")
    func hostile() {
        var seed = SplitMix(state: 42)
        let samples = [Recorded.unknownKind, Recorded.badPrefix, Recorded.address, Recorded.done]
        for round in 0..<20_000 {
            var bytes = samples[round % samples.count]
            if round % 5 == 0 { bytes = (0..<64).map { _ in UInt8.random(in: 0...255, using: &seed) } }
            for _ in 0..<Int.random(in: 1...4, using: &seed) {
                bytes[Int.random(in: 0..<bytes.count, using: &seed)] = UInt8.random(in: 0...255, using: &seed)
            }
            var reply = NetlinkAnswers()
            try? reply.take(NetlinkBytes(bytes[...]), for: "RTM_GETLINK", [])
            let content = NetlinkBytes(bytes.dropFirst(Int.random(in: 0...20, using: &seed)))
            for type in [16, 20, 24] as [UInt16] {
                let answer = NetlinkAnswers.Answer(type: type, content: content)
                _ = (Link(answer), LinkAddress(answer), Route(answer))
            }
        }
    }

    @Test("a request knows its length and those of what is nested in it")
    func builder() {
        var message = NetlinkMessage(16, 0x600, [UInt8](repeating: 0, count: 16))
        message.add(3, text: "br0")
        message.nest(18) { $0.add(1, text: "bridge") }
        let bytes = message.finished
        #expect(bytes.count == 32 + 8 + 4 + 12)
        #expect(Array(bytes.prefix(8)) == [56, 0, 0, 0, 16, 0, 5, 6])
        #expect(Array(bytes[32..<40]) == [8, 0, 3, 0, 98, 114, 48, 0])
        #expect(Array(bytes[40..<48]) == [16, 0, 18, 0, 11, 0, 1, 0])
        #expect(message.name == "RTM_NEWLINK")
        #expect(NetlinkMessage(26, 0, []).name == "RTM_GETROUTE")
    }
}

@Suite("NetworkAddress")
struct NetworkAddressTests {
    @Test(
        "an address is shown as it was written",
        arguments: ["10.0.0.2/24", "172.30.42.3/16", "0.0.0.0/0", "fd00::2/64", "::1/128"])
    func roundTrip(_ text: String) {
        #expect(NetworkAddress(text)?.description == text)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "/", "10.0.0/24", "10.0.0.256/24", "10.0.0.2/33", "10.0.0.2/", "10.0.0.2/-1", "10.0.0.2/+1",
            "10.0.0.2/24/8", "10.0.0.2 /24", " 10.0.0.2", "010.0.0.2", "10.0.0.2\0", "10.0.0.2\0/24",
            "fd00::2/129",
            "fe80::1%lo", "10.0.0.2/0000024", "1:2:3:4:5:6:7:8:9", "٣.0.0.1", "10.0.0.2/٣",
        ])
    func refused(_ text: String) {
        #expect(NetworkAddress(text) == nil)
    }
}

@Suite("FirewallTable")
struct FirewallTableTests {
    @Test("only a table of a dead process of the same pid namespace is stale")
    func stale() {
        #expect(FirewallTable(name: "tupper_2147483646_7_1_0").isStale(in: 7))
        #expect(!FirewallTable(name: "tupper_2147483646_8_1_0").isStale(in: 7))
        #expect(!FirewallTable(name: "tupper_1_7_1_0").isStale(in: 7))
        for name in [
            "tupper", "filter", "tupper_2147483646_7_1", "tupper_-1_7_1_0", "other_2147483646_7_1_0",
        ] {
            #expect(!FirewallTable(name: name).isStale(in: 7))
        }
    }
}

/// Numbers that are the same in each run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
