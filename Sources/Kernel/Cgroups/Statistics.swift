/// What a group has used and met; a part is nil where its controller is not in use.
public struct CgroupStatistics: Sendable, Equatable {
    /// What there is to tell of.
    public enum Part: String, CaseIterable, Sendable { case memory, cpu, pids, io, pressure }

    public internal(set) var memory: Memory?
    public internal(set) var cpu: Processors?
    public internal(set) var pids: Processes?
    public internal(set) var io: [Device] = []
    public internal(set) var pressure: [Pressure] = []

    /// Bytes, and how often something happened.
    public struct Memory: Sendable, Equatable {
        public let current: UInt64
        public internal(set) var limit: UInt64?
        public internal(set) var high: UInt64?
        public internal(set) var peak: UInt64?
        public internal(set) var swap: UInt64?
        public internal(set) var anonymous: UInt64?
        public internal(set) var file: UInt64?
        public internal(set) var timesHigh: UInt64?
        public internal(set) var timesAtLimit: UInt64?
        public internal(set) var outOfMemory: UInt64?
        public internal(set) var killed: UInt64?

        init(current: UInt64) { self.current = current }
    }

    /// Seconds of processor time, and how often the quota was used up.
    public struct Processors: Sendable, Equatable {
        public internal(set) var usage: Double?
        public internal(set) var user: Double?
        public internal(set) var system: Double?
        public internal(set) var periods: UInt64?
        public internal(set) var throttled: UInt64?
        public internal(set) var throttledTime: Double?
    }

    /// Processes and threads.
    public struct Processes: Sendable, Equatable {
        public let current: UInt64
        public let limit: UInt64?
        public let peak: UInt64?
        /// How often one more was refused.
        public let refused: UInt64?
    }

    /// What was read from and written to a block device.
    public struct Device: Sendable, Equatable {
        /// Its numbers, as in `"8:0"`.
        public let device: String
        public internal(set) var bytesRead: UInt64 = 0
        public internal(set) var bytesWritten: UInt64 = 0
        public internal(set) var reads: UInt64 = 0
        public internal(set) var writes: UInt64 = 0
    }

    /// How much of the time processes waited for something: the kernel's Documentation/accounting/psi.rst.
    public struct Pressure: Sendable, Equatable {
        /// `"cpu"`, `"memory"` or `"io"`.
        public let resource: String
        /// `"some"` of the processes, or the `"full"` group.
        public let extent: String
        /// Percent of the time.
        public let tenSeconds: Double
        public let minute: Double
        public let fiveMinutes: Double
        /// Seconds.
        public let total: Double
    }
}

/// One file to be written.
struct CgroupWrite: Sendable, Equatable {
    let controller: CgroupController
    let file: String
    let value: String

    init(_ controller: CgroupController, _ file: String, _ value: String) {
        self.controller = controller
        self.file = file
        self.value = value
    }
}

/// A setting that this machine's control groups cannot have.
public struct CgroupUnsupported: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String { "option '\(option)': \(reason)" }

    /// The option's name.
    public let option: String
    /// Why, as the rest of a sentence.
    public let reason: String

    init(_ option: String, _ reason: String) {
        self.option = option
        self.reason = reason
    }
}

/// The files of one group, read by name; one that is missing is nil or empty.
struct CgroupFiles {
    let content: (String) -> String?

    init(_ content: @escaping (String) -> String?) { self.content = content }

    /// A single number; nil for `max`.
    func number(_ file: String) -> UInt64? {
        content(file).flatMap { UInt64($0.prefix { $0 != "\n" }) }
    }

    /// The words of each line.
    func lines(_ file: String) -> [[String]] {
        (content(file) ?? "").split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    /// `name number` a line.
    func fields(_ file: String) -> [String: UInt64] {
        var fields: [String: UInt64] = [:]
        for words in lines(file) where words.count == 2 { fields[words[0]] = UInt64(words[1]) }
        return fields
    }

    /// `name=number` each.
    static func assignments(_ words: some Sequence<String>) -> [String: UInt64] {
        values(words) { UInt64($0) }
    }

    /// `name=number` each, with decimals.
    static func decimals(_ words: some Sequence<String>) -> [String: Double] {
        values(words) { Double($0) }
    }

    private static func values<Number>(
        _ words: some Sequence<String>, _ read: (Substring) -> Number?
    ) -> [String: Number] {
        var fields: [String: Number] = [:]
        for word in words {
            let parts = word.split(separator: "=")
            if parts.count == 2 { fields[String(parts[0])] = read(parts[1]) }
        }
        return fields
    }
}
