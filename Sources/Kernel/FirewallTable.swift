internal import Glibc
internal import SystemPackage

/// A table of nftables, made and deleted through the program nft(8).
public struct FirewallTable: Sendable, Equatable {
    /// Its name, which tells whose it is: tupper, the pid, a count.
    public let name: String
    nonisolated(unsafe) private static var count = 0

    /// Makes an IPv4 table with chains, each the text between its braces. The text comes from typed values only.
    ///
    /// Tables that a killed process left behind in this namespace go first.
    public static func make(_ chains: [String: String]) throws -> FirewallTable {
        try deleteStale()
        unsafe count += 1
        let table = FirewallTable(name: "tupper_\(Processes.current)_\(unsafe count)")
        let body = chains.sorted { $0.key < $1.key }.map { "chain \($0.key) { \($0.value) }" }.joined(
            separator: "\n")
        try nft("table ip \(table.name) {\n\(body)\n}\n")
        return table
    }

    /// Deletes it; one that is gone already is no error.
    public func delete() throws {
        if try Self.all().contains(name) { try Self.nft("delete table ip \(name)\n") }
    }

    private static func deleteStale() throws {
        for name in try all() {
            let parts = name.split(separator: "_")
            guard parts.count == 3, parts[0] == "tupper", let pid = Int32(parts[1]), pid > 0 else { continue }
            if kill(pid, 0) < 0, errno == ESRCH { try nft("delete table ip \(name)\n") }
        }
    }

    private static func all() throws -> [String] {
        let outcome = try Program("nft", "list", "tables", "ip").run()
        return String(decoding: outcome.output, as: UTF8.self).split(separator: "\n")
            .compactMap { $0.split(separator: " ").last.map(String.init) }
    }

    private static func nft(_ text: String) throws {
        let outcome = try Program("nft", "-f", "-").run(input: Array(text.utf8))
        guard outcome.ending == .code(0) else {
            throw Program.Refusal(program: "nft", words: outcome.firstWords)
        }
    }
}
