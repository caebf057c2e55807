internal import CKernel
internal import Glibc

/// What runs that are dead have left on the host, by their journals.
public enum Leftovers {
    /// What became of one thing.
    public enum Outcome: Sendable, Equatable {
        /// It was taken away, or would be.
        case removed
        /// It is not there any more.
        case gone
        /// It is left alone, and why.
        case left(String)
        /// It could not be taken away, and why.
        case failed(String)
    }

    /// One thing that a dead run made.
    public struct Item: Sendable, Equatable {
        /// The pid that the run had.
        public let run: String
        public let thing: JournalThing
        public let outcome: Outcome
        /// Whether the run handed it over to the user.
        public let isKept: Bool
    }

    /// Takes away what dead runs made, the newest of each run first; with `isDry` only says what would be.
    ///
    /// What was handed over to the user stays. A run whose process lives is not touched.
    public static func clean(isDry: Bool) throws(SystemCallError) -> [Item] {
        guard let (directory, files) = try files() else { return [] }
        // A parameter that a living run wants too stays as it is.
        let wanted = Set(files.filter(\.isAlive).flatMap { $0.open.map(\.thing) }.compactMap(\.parameter))
        var items: [Item] = []
        for file in files where !file.isAlive {
            let own = file.clean(isDry: isDry, wanted)
            items += own
            if !isDry { finish(file, in: directory) }
        }
        return items
    }

    /// Takes away what runs handed over to the user and `isWanted` tells, the newest of each run first, whether the run lives
    /// or not; with `isDry` only says what there is. `own` is this run's journal.
    public static func takeKept(
        isDry: Bool, own: Journal? = nil, where isWanted: (JournalThing) -> Bool = { _ in true }
    ) throws(SystemCallError) -> [Item] {
        var items: [Item] = []
        let found = try files()
        for file in found?.files ?? [] {
            items += file.takeKept(isDry: isDry, isWanted)
            if !isDry, let found, !file.isAlive { finish(file, in: found.directory) }
        }
        for entry in own?.kept.reversed() ?? [] where isWanted(entry.thing) {
            let outcome = JournalReader.outcome(of: entry, ofRunSince: Clock.nanoseconds, isDry: isDry)
            items.append(.init(run: "\(getpid())", thing: entry.thing, outcome: outcome, isKept: true))
            if outcome.isDone, !isDry || outcome == .gone { own?.forgetKept(entry.number) }
        }
        return items
    }

    /// The firewall tables that runs handed over.
    static func keptTables() -> Set<String> {
        let entries = ((try? files()) ?? nil)?.files.flatMap(\.open) ?? []
        return Set(
            entries.compactMap { entry in
                if entry.isKept, case .firewall(let table, _) = entry.thing { table } else { nil }
            })
    }

    /// Those of other runs.
    private static func files() throws(SystemCallError) -> (
        directory: PrivateDirectory, files: [JournalReader]
    )? {
        let directory: PrivateDirectory
        do { directory = try RunDirectory.open(making: false) } catch let error where error.number == ENOENT {
            return nil
        }
        let opened = try Descriptor.open(".", O_RDONLY | O_DIRECTORY, at: directory.number)
        let names = try Listing.read(opened, "the run directory").map(\.name.text).sorted()
        return (
            directory, names.filter { !Journal.isOwn($0) }.compactMap { JournalReader($0, in: directory) }
        )
    }

    /// Removes the journal of a dead run of which nothing is left.
    private static func finish(_ file: JournalReader, in directory: PrivateDirectory) {
        file.dropGone()
        if file.open.isEmpty { unsafe unlinkat(directory.number, file.name, 0) }
    }
}

extension Leftovers.Outcome {
    /// Whether the thing needs no further look.
    var isDone: Bool { if case .failed = self { false } else { true } }
}

extension JournalThing {
    fileprivate var parameter: String? {
        guard case .parameter(let name, _, _, let namespace) = self else { return nil }
        return "\(namespace) \(name)"
    }
}

/// A journal of this run or another.
final class JournalReader {
    /// A thing that was noted and not taken back.
    struct Entry: Equatable {
        let number: Int
        let thing: JournalThing
        /// What tells it from others; nil where the run did not get to say that it was made.
        var identity: String?
        /// Whether it was handed over to the user.
        var isKept = false
    }

    /// The run's pid, and when it began.
    let name: String
    private var start: UInt64 { name.split(separator: "-").last.flatMap { UInt64($0) } ?? 0 }
    private let file: Descriptor
    /// In the order noted.
    private(set) var open: [Entry] = []
    private(set) var isAlive: Bool
    private var pid = "?"
    private var isOfThisBoot = true

    /// Opens one. nil where it is none, or gone meanwhile.
    init?(_ name: String, in directory: PrivateDirectory) {
        guard
            let opened = try? Descriptor.open(
                Path(name), O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, at: directory.number),
            let status = try? opened.status(), status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1
        else { return nil }
        self.name = name
        // Held until this process ends: a second one that cleans up finds the run alive.
        isAlive = ck_lock_record(opened.number, 0) != 0
        file = opened
        guard let bytes = try? file.readToEnd(limit: 1 << 26) else { return nil }
        read(bytes)
    }

    /// A line without an end was being written when the run was killed: what it is about was not begun.
    func read(_ bytes: [UInt8]) {
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false).dropLast() {
            let words = JournalLine.decode(line)
            guard let first = words.first.map({ String(decoding: $0, as: UTF8.self) }) else { continue }
            let rest = words.dropFirst().map { String(decoding: $0, as: UTF8.self) }
            switch (first.first, Int(first.dropFirst())) {
            case ("+", let number?):
                if let thing = JournalThing(Array(words.dropFirst())) {
                    open.append(Entry(number: number, thing: thing))
                }
            case ("=", let number?):
                if let index = open.lastIndex(where: { $0.number == number }) {
                    open[index].identity = rest.first
                }
            case ("k", let number?):
                if let index = open.lastIndex(where: { $0.number == number }) { open[index].isKept = true }
            case ("-", let number?): open.removeAll { $0.number == number }
            default: note(first, rest)
            }
        }
    }

    private func note(_ word: String, _ rest: [String]) {
        switch (word, rest.count) {
        case ("tupper", 3):
            pid = rest[1]
            isOfThisBoot = rest[2] == "?" || rest[2] == Journal.boot
        case ("program", 3):
            // The run became a program, and lives as long as that does. Its pid counts in its own pid namespace.
            guard let pid = Int32(rest[0]), let start = UInt64(rest[1]), isOfThisBoot else { return }
            let isHere = (try? Namespace.pid.identifier()).map { "\($0)" == rest[2] } ?? false
            if !isHere || ProcessStart.read(pid) == start { isAlive = true }
        default: break
        }
    }

    func clean(isDry: Bool, _ wanted: Set<String>) -> [Leftovers.Item] {
        take(open.filter { !$0.isKept }, isDry: isDry, wanted)
    }

    func takeKept(isDry: Bool, _ isWanted: (JournalThing) -> Bool) -> [Leftovers.Item] {
        take(open.filter { $0.isKept && isWanted($0.thing) }, isDry: isDry, [])
    }

    /// Drops what the run handed over and is there no more.
    func dropGone() {
        if !isOfThisBoot { open = [] }
        _ = take(open.filter(\.isKept), isDry: true, [])
    }

    private func take(_ entries: [Entry], isDry: Bool, _ wanted: Set<String>) -> [Leftovers.Item] {
        guard isOfThisBoot else { return [] }
        var items: [Leftovers.Item] = []
        func add(_ entry: Entry, _ outcome: Leftovers.Outcome) {
            items.append(.init(run: pid, thing: entry.thing, outcome: outcome, isKept: entry.isKept))
            guard outcome.isDone, !isDry || outcome == .gone else { return }
            open.removeAll { $0.number == entry.number }
            // A dry look changes nothing, and what is gone is so for the next one, too.
            if !isDry { try? file.write(JournalLine.encode([Array("-\(entry.number)".utf8)])) }
        }
        // The directories of one group belong together: what runs in it is killed through all of them.
        let groups = entries.filter { if case .group = $0.thing { true } else { false } }
        for entry in entries.reversed() where !groups.contains(entry) {
            let isWanted = entry.thing.parameter.map(wanted.contains) ?? false
            add(
                entry,
                isWanted
                    ? .left("another run that lives has set it too")
                    : Self.outcome(of: entry, ofRunSince: start, isDry: isDry))
        }
        for (thing, outcome) in LeftGroups(groups).clean(isDry: isDry) {
            if let entry = groups.first(where: { $0.thing == thing }) { add(entry, outcome) }
        }
        return items
    }

    static func outcome(of entry: Entry, ofRunSince start: UInt64, isDry: Bool) -> Leftovers.Outcome {
        if case .group = entry.thing {
            return LeftGroups([entry]).clean(isDry: isDry).first?.1 ?? .gone
        }
        do { return try entry.remove(ofRunSince: start, isDry: isDry) } catch let error as SystemCallError {
            return .failed("\(error.call): \(error.cause)")
        } catch {
            return .failed("\(error)")
        }
    }
}
