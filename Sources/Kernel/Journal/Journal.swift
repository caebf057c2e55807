internal import CKernel
internal import Glibc

/// What this run makes on the host, each thing noted before it is made, so that it can be taken away when the run was
/// killed.
///
/// A small file in the run directory, made with the first note and locked as long as this process lives (fcntl(2)):
/// a lock tells a run that goes on from one that is dead whatever pids are used again for.
public final class Journal {
    private var file: File?
    private var count = 0
    /// The lines of each thing that is noted and not yet gone.
    private var open: [Int: [UInt8]] = [:]
    /// What this run has handed over to the user, oldest first, and the lines of each.
    private(set) var kept: [JournalReader.Entry] = []
    private var keptLines: [Int: [UInt8]] = [:]
    /// How many bytes the file has, and how many it may have before it is written anew.
    private var size = 0
    private var mostBytes = 65536
    private var generation = Processes.generation
    private var isRefused = false
    /// Told once, where there can be no journal.
    public var complain: (SystemCallError) -> Void = { _ in }

    private final class File {
        let descriptor: Descriptor
        let name: String
        init(_ descriptor: consuming Descriptor, _ name: String) {
            self.descriptor = descriptor
            self.name = name
        }
    }

    /// An empty one: nothing is on disk yet.
    public init() {}

    /// Notes a thing that is about to be made; nil where that is not possible.
    public func note(_ thing: JournalThing) -> JournalNote? {
        if generation != Processes.generation { startAnew() }
        if isRefused { return nil }
        count += 1
        let line = Self.line("+\(count)", thing.words)
        do {
            try append(line)
        } catch {
            isRefused = true
            // Behind another root there is nothing on the host to be made.
            if error.number != EXDEV { complain(error) }
            return nil
        }
        open[count] = line
        return JournalNote(self, .init(number: count, thing: thing))
    }

    /// A copy of this process keeps a journal of its own.
    private func startAnew() {
        file = nil
        (count, open, isRefused, generation) = (0, [:], false, Processes.generation)
        (kept, keptLines, size, mostBytes) = ([], [:], 0, 65536)
    }

    fileprivate func confirm(_ number: Int, _ identity: String) {
        guard generation == Processes.generation, let noted = open[number] else { return }
        let line = Self.line("=\(number)", [Array(identity.utf8)])
        open[number] = noted + line
        try? append(line)
    }

    fileprivate func forget(_ number: Int) {
        guard generation == Processes.generation, open.removeValue(forKey: number) != nil else { return }
        try? append(Self.line("-\(number)", []))
        if size > mostBytes { shorten() }
    }

    /// Writes a file with what is noted and not yet gone only, then removes the long one. A run that is killed between the
    /// two leaves the same notes twice, which does no harm.
    private func shorten() {
        guard let long = file else { return }
        file = nil
        size = 0
        do {
            let lines = open.merging(keptLines) { $1 }
            for number in lines.keys.sorted() { try append(lines[number] ?? []) }
            if file == nil { try append([]) }
            mostBytes = max(65536, 2 * size)
            Self.remove(long)
        } catch {
            if let file { Self.remove(file) }
            file = long
            mostBytes *= 2
        }
    }

    /// Notes that a thing is the user's now, who finds it again by this.
    fileprivate func keep(_ entry: JournalReader.Entry) {
        guard generation == Processes.generation, let noted = open.removeValue(forKey: entry.number) else {
            return
        }
        let line = Self.line("k\(entry.number)", [])
        guard (try? append(line)) != nil else { return }
        keptLines[entry.number] = noted + line
        kept.append(entry)
        kept[kept.count - 1].isKept = true
    }

    /// Notes that a thing that was handed over is gone.
    func forgetKept(_ number: Int) {
        guard generation == Processes.generation, kept.contains(where: { $0.number == number }) else {
            return
        }
        kept.removeAll { $0.number == number }
        keptLines[number] = nil
        try? append(Self.line("-\(number)", []))
    }

    /// To be called before this process becomes another program: the lock ends, the process does not.
    public func becomeProgram() {
        guard generation == Processes.generation, !open.isEmpty,
            let space = try? Namespace.pid.identifier(), let start = ProcessStart.read(getpid())
        else { return }
        try? append(Self.line("program", ["\(getpid())", "\(start)", "\(space)"].map { Array($0.utf8) }))
    }

    /// Removes the file, unless something that was noted or handed over is still there.
    public func close() {
        guard generation == Processes.generation, open.isEmpty, let file else { return }
        kept.removeAll {
            JournalReader.outcome(of: $0, ofRunSince: Clock.nanoseconds, isDry: true) == .gone
        }
        guard kept.isEmpty else { return }
        Self.remove(file)
        self.file = nil
    }

    private static func remove(_ file: File) {
        guard let directory = try? RunDirectory.open(making: false) else { return }
        unsafe unlinkat(directory.number, file.name, 0)
    }

    private static func line(_ mark: String, _ words: [[UInt8]]) -> [UInt8] {
        JournalLine.encode([Array(mark.utf8)] + words)
    }

    private func append(_ line: [UInt8]) throws(SystemCallError) {
        size += line.count
        if let file { return try file.descriptor.write(line) }
        let fresh = try Self.make()
        do { try fresh.descriptor.write(JournalLine.encode(Self.header) + line) } catch {
            Self.remove(fresh)
            throw error
        }
        file = fresh
    }

    private static var header: [[UInt8]] {
        ["tupper", "1", "\(getpid())", boot].map { Array($0.utf8) }
    }

    /// What tells this start of the machine from others.
    static var boot: String {
        let bytes = try? Descriptor.open("/proc/sys/kernel/random/boot_id", O_RDONLY).readToEnd()
        return String(decoding: bytes?.prefix { $0 > 32 } ?? [UInt8(ascii: "?")], as: UTF8.self)
    }

    nonisolated(unsafe) private static var own: (name: String, generation: Int)?

    /// Whether a file is this run's own. To open it once more and close it would end the lock.
    static func isOwn(_ name: String) -> Bool {
        unsafe own?.name == name && own?.generation == Processes.generation
    }

    private static func make() throws(SystemCallError) -> File {
        let directory = try RunDirectory.open(making: true)
        while true {
            let name = "\(getpid())-\(Clock.nanoseconds)"
            let fresh = try Descriptor.open(
                Path(name), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW, mode: 0o600,
                at: directory.number)
            do throws(SystemCallError) {
                try systemCall("fcntl") { ck_lock_record(fresh.number, 1) }
                unsafe own = (name, Processes.generation)
                // Whoever cleans up may have taken the file for a dead run's before it was locked.
                if try fresh.status().st_nlink == 1 { return File(fresh, name) }
            } catch {
                unsafe unlinkat(directory.number, name, 0)
                throw error
            }
        }
    }
}

/// A thing that was noted.
public final class JournalNote {
    private let journal: Journal
    private var entry: JournalReader.Entry

    init(_ journal: Journal, _ entry: JournalReader.Entry) {
        self.journal = journal
        self.entry = entry
    }

    /// It is made: what tells it from others that have its name later.
    public func confirm(_ identity: String) {
        entry.identity = identity
        journal.confirm(entry.number, identity)
    }

    /// It is gone, or was never made.
    public func forget() { journal.forget(entry.number) }

    /// It is the user's now.
    public func keep() { journal.keep(entry) }
}

/// When a process began, in ticks since the machine started: with its pid, what tells it from all others.
enum ProcessStart {
    static func read(_ pid: Int32) -> UInt64? {
        guard let bytes = try? ProcessFiles.read("\(pid)/stat") else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        // The 22nd field; the second ends here.
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }
}
