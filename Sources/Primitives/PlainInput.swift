internal import Kernel

/// Lines from standard input where no terminal is.
public enum PlainInput: Sendable, Equatable {
    /// A line without its end.
    case line([UInt8])
    /// A signal asks to stop.
    case stopped
    /// There are no more.
    case end

    /// The longest line that is taken.
    private static let limit = 16 << 20

    /// Reads a line, and nothing after it.
    public static func read() -> PlainInput {
        var line: [UInt8] = []
        while line.count < limit {
            switch StandardInput.next() {
            case .byte(UInt8(ascii: "\n")): return .line(line)
            case .byte(let byte): line.append(byte)
            case .stopped: return .stopped
            case .end: return line.isEmpty ? .end : .line(line)
            }
        }
        return .line(line)
    }
}

/// What a process and its copies write down together.
public final class SharedRecord {
    private let file: SharedFile

    /// For this process and the copies to come.
    public init() throws { file = try SharedFile("record") }

    /// Appends a line, in one piece.
    public func append(_ line: String) {
        // A process that is asked to stop has no time to wait, and what it has to tell is short.
        try? file.lock(0)
        try? file.append(Array((line + "\n").utf8))
        file.unlock(0)
    }

    /// Every line so far.
    public var lines: [Substring] {
        String(decoding: (try? file.contents()) ?? [], as: UTF8.self).split(separator: "\n")
    }
}

/// Takes turns with the copies of this process: at the terminal, at a record.
public final class Turns {
    private let file: SharedFile

    /// For this process and the copies to come.
    public init() throws { file = try SharedFile("turns") }

    /// Waits for the turn. Whoever waits comes before whoever had the last turn. False when a signal asks to stop.
    public func take() -> Bool {
        do {
            try file.lock(0)
            defer { file.unlock(0) }
            try file.lock(1)
            return true
        } catch {
            return false
        }
    }

    /// Gives the turn back.
    public func give() { file.unlock(1) }
}
