internal import Glibc

/// A table of nftables, made and deleted through the program nft(8).
///
/// Its name tells whose it is, so that what a killed process left behind can be told from what is in use:
/// `tupper`, for IPv6 `tupper6`, the pid, the pid namespace in which that pid counts, a count, and the index of a link that
/// takes loopback addresses for the table's sake, or 0.
public struct FirewallTable: Sendable, Equatable {
    /// Its name.
    public let name: String
    nonisolated(unsafe) private static var count = 0

    /// The addresses that a table is about, as nft(8) names them.
    public enum Family: String, Sendable {
        case ipv4 = "ip"
        case ipv6 = "ip6"
    }

    /// The addresses that it is about.
    public var family: Family { name.hasPrefix("tupper6_") ? .ipv6 : .ipv4 }

    /// Makes a table with chains, each the text between its braces. The text comes from typed values only.
    ///
    /// Lets `localnet` carry packets of 127.0.0.0/8 as long as the table is there. Tables that a killed process
    /// left behind in this network namespace go first.
    /// Throws EADDRINUSE where `port` is taken already.
    /// `note` is told its name before anything is changed.
    public static func make(
        _ chains: [String: String], for family: Family = .ipv4, localnet: Link? = nil,
        publishing port: PublishedPort? = nil,
        noting note: (String) -> Void = { _ in }
    ) throws -> FirewallTable {
        let others = try deleteStale()
        if let port {
            try port.checkIsFree(in: try list("-n", "list", "ruleset", family.rawValue))
        }
        let isOpened = try localnet.map { try isToOpen($0, others) } ?? false
        unsafe count += 1
        let space = (try? Namespace.pid.identifier()) ?? 0
        let owner = "\(Processes.current)_\(space)_\(unsafe count)"
        let table = FirewallTable(
            name: "tupper\(family == .ipv6 ? "6" : "")_\(owner)_\(isOpened ? localnet?.index ?? 0 : 0)"
        )
        note(table.name)
        if isOpened, let localnet, try Self.localnet(localnet).read() != "1" {
            try Self.localnet(localnet).write("1")
        }
        let body = chains.sorted { $0.key < $1.key }.map { "chain \($0.key) { \($0.value) }" }.joined(
            separator: "\n")
        do { try nft("table \(family.rawValue) \(table.name) {\n\(body)\n}\n") } catch {
            // nft refuses all or nothing; but it may have done its work where only waiting for it has failed.
            if error is SystemCallError { try? table.delete() }
            try close(table, others)
            throw error
        }
        return table
    }

    /// Deletes it; one that is gone already is no error.
    public func delete() throws {
        // Made again if need be: nft has no "delete where there is one" in all versions.
        let table = "table \(family.rawValue) \(name)"
        try Self.nft("add \(table)\ndelete \(table)\n")
        if link != 0 { try Self.close(self, try Self.all()) }
    }

    /// Whether it is there, or a link is open for its sake.
    func isThere() throws -> Bool {
        if try Self.all().contains(self) { return true }
        guard link != 0, let link = try? Link.numbered(link) else { return false }
        return try Self.localnet(link).read() == "1"
    }

    // MARK: Names

    init(name: String) { self.name = name }

    private var parts: [Substring] {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        return parts.count == 5 && ["tupper", "tupper6"].contains(parts[0]) ? parts : []
    }

    /// The link that is open for its sake; 0 for none.
    private var link: Int32 { parts.last.flatMap { Int32($0) } ?? 0 }

    /// Whether the process that made it has ended. One of another pid namespace cannot be told: it lives.
    func isStale(in space: UInt64) -> Bool {
        guard parts.count == 5, let pid = Int32(parts[1]), pid > 0, UInt64(parts[2]) == space else {
            return false
        }
        return kill(pid, 0) < 0 && errno == ESRCH
    }

    /// Deletes what killed processes left; returns the tables that remain.
    private static func deleteStale() throws -> [FirewallTable] {
        let tables = try all()
        guard let space = try? Namespace.pid.identifier() else { return tables }
        var stale = tables.filter { $0.isStale(in: space) }
        // What a run handed over is the user's.
        if !stale.isEmpty {
            let kept = Leftovers.keptTables()
            stale.removeAll { kept.contains($0.name) }
        }
        for table in stale { try table.delete() }
        return tables.filter { !stale.contains($0) }
    }

    // MARK: Loopback addresses on a link

    private static func localnet(_ link: Link) -> Sysctl {
        Sysctl("net/ipv4/conf/\(link.name)/route_localnet")
    }

    /// Whether a link is to be open for a table's sake; one that is so by somebody else's wish is left alone.
    private static func isToOpen(_ link: Link, _ others: [FirewallTable]) throws -> Bool {
        let setting = localnet(link)
        return try setting.read() != "1" || others.contains { $0.link == link.index }
    }

    /// Closes the link of a table that is gone, unless another table needs it, or it is gone too.
    private static func close(_ table: FirewallTable, _ others: [FirewallTable]) throws {
        guard table.link != 0, !others.contains(where: { $0 != table && $0.link == table.link }) else {
            return
        }
        guard let link = try? Link.numbered(table.link) else { return }
        try localnet(link).write("0")
    }

    // MARK: nft

    /// Where the program is: in a directory of PATH, or in one that a system has its programs in. A script may change PATH
    /// for a container's sake, and a user's often lacks the directories for root.
    private static func path() -> String { KernelFeatures.path(ofSystemProgram: "nft") ?? "nft" }

    private static func all() throws -> [FirewallTable] {
        try list("list", "tables").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 3 else { return nil }
            let table = FirewallTable(name: String(words[2]))
            return !table.parts.isEmpty && words[1] == table.family.rawValue ? table : nil
        }
    }

    /// What nft lists. That it cannot tell is an error: it is not to be taken for an empty list.
    private static func list(_ words: String...) throws -> String {
        let outcome = try Program(([path()] + words).map { Array($0.utf8) }).run()
        guard outcome.ending == .code(0) else {
            throw Program.Refusal(program: "nft", words: outcome.firstWords)
        }
        return String(decoding: outcome.output, as: UTF8.self)
    }

    private static func nft(_ text: String) throws {
        let outcome = try Program(path(), "-f", "-").run(input: Array(text.utf8))
        guard outcome.ending == .code(0) else {
            throw Program.Refusal(program: "nft", words: outcome.firstWords)
        }
    }
}
