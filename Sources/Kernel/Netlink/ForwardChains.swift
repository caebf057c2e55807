internal import Glibc

/// Chains of this network namespace's firewall that drop what they do not accept of the packets that are passed on.
public enum ForwardChains {
    /// Their names, as in `table ip filter, chain FORWARD`; none where the kernel does not tell.
    public static func dropping(_ family: FirewallTable.Family) -> [String] {
        // NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN; struct nfgenmsg without a family.
        let message = NetlinkMessage(10 << 8 | 4, 0x300, [0, 0, 0, 0])
        let answers = (try? RouteSocket.request(message, [], protocol: NETLINK_NETFILTER)) ?? []
        return answers.compactMap { name($0, family) } + old(family)
    }

    private static func name(_ answer: NetlinkAnswers.Answer, _ family: FirewallTable.Family) -> String? {
        // NFPROTO_INET is for both.
        let families: [UInt32: String] = [1: "inet", family == .ipv4 ? 2 : 10: family.rawValue]
        let attributes = answer.content.attributes(at: 4)
        // NFTA_CHAIN_HOOK with NFTA_HOOK_HOOKNUM, and NFTA_CHAIN_POLICY; NF_DROP is 0. Numbers are in network order.
        guard answer.type == 10 << 8 | 3, let kind = families[answer.content.number(at: 0, 1)],
            attributes[4]?.attributes()[1]?.number(at: 0) == UInt32(NF_INET_FORWARD).bigEndian,
            attributes[5]?.number(at: 0) == 0
        else { return nil }
        return "table \(kind) \(attributes[1]?.text ?? "?"), chain \(attributes[3]?.text ?? "?")"
    }

    private static let NF_INET_FORWARD = 2
    private static let NETLINK_NETFILTER: Int32 = 12

    /// The chain of the kernel's older firewall, which no rules of nftables show.
    private static func old(_ family: FirewallTable.Family) -> [String] {
        let six = family == .ipv6 ? "6" : ""
        let tables = (try? ProcessFiles.read("self/net/ip\(six)_tables_names")) ?? []
        guard tables.split(separator: 10).contains(where: { Array($0) == Array("filter".utf8) }) else {
            return []
        }
        for name in ["ip\(six)tables-legacy", "ip\(six)tables"] {
            guard let path = KernelFeatures.path(ofSystemProgram: name),
                let outcome = try? Program(path, "-S", "FORWARD").run(), outcome.ending == .code(0)
            else { continue }
            let lines = outcome.output.split(separator: 10)
            return lines.contains { Array($0) == Array("-P FORWARD DROP".utf8) }
                ? ["the chain FORWARD of \(name)"] : []
        }
        return []
    }
}
