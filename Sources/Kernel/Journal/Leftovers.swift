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
    }

    /// Takes away what dead runs made, the newest of each run first; with `isDry` only says what would be.
    ///
    /// What was handed over to the user is not in a journal. A run whose process lives is not touched.
    public static func clean(isDry: Bool) throws(SystemCallError) -> [Item] {
        let directory: PrivateDirectory
        do { directory = try RunDirectory.open(making: false) } catch let error where error.number == ENOENT {
            return []
        }
        let opened = try Descriptor.open(".", O_RDONLY | O_DIRECTORY, at: directory.number)
        let names = try Listing.read(opened, "the run directory").map(\.name.text).sorted()
        let files = names.compactMap { JournalReader($0, in: directory) }
        // A parameter that a living run wants too stays as it is.
        let wanted = Set(files.filter(\.isAlive).flatMap { $0.open.map(\.thing) }.compactMap(\.parameter))
        var items: [Item] = []
        for file in files where !file.isAlive {
            let own = file.clean(isDry: isDry, wanted)
            items += own
            let isDone = !own.contains { if case .failed = $0.outcome { true } else { false } }
            if !isDry, isDone { unsafe unlinkat(directory.number, file.name, 0) }
        }
        return items
    }
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
                Path(name), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, at: directory.number),
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
        guard isOfThisBoot else { return [] }
        var items: [Leftovers.Item] = []
        // The directories of one group belong together: what runs in it is killed through all of them.
        let groups = open.filter { if case .group = $0.thing { true } else { false } }
        for entry in open.reversed() where !groups.contains(entry) {
            items.append(.init(run: pid, thing: entry.thing, outcome: outcome(entry, isDry, wanted)))
        }
        return items
            + LeftGroups(groups).clean(isDry: isDry).map { .init(run: pid, thing: $0.0, outcome: $0.1) }
    }

    private func outcome(_ entry: Entry, _ isDry: Bool, _ wanted: Set<String>) -> Leftovers.Outcome {
        if let parameter = entry.thing.parameter, wanted.contains(parameter) {
            return .left("another run that lives has set it too")
        }
        do { return try entry.remove(ofRunSince: start, isDry: isDry) } catch let error as SystemCallError {
            return .failed("\(error.call): \(error.cause)")
        } catch {
            return .failed("\(error)")
        }
    }
}
