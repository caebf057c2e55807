/// What can stand where the cursor is.
public struct Completion: Sendable, Equatable {
    /// One thing that can stand there.
    public struct Candidate: Sendable, Equatable {
        /// What is written there, from ``Completion/start`` on.
        public let text: [UInt8]
        /// What follows it where it is the only one, as in `/` after a directory.
        public let suffix: String
        /// How the list shows it.
        public let shown: String

        /// A candidate; the list shows `text` unless told otherwise.
        public init(_ text: [UInt8], suffix: String = "", shown: String? = nil) {
            self.text = text
            self.suffix = suffix
            self.shown = shown ?? String(decoding: text, as: UTF8.self)
        }
    }

    /// The offset, in bytes, of what is completed.
    public let start: Int
    /// What it can be completed to, in the order to be listed.
    public let candidates: [Candidate]

    /// A completion.
    public init(start: Int, candidates: [Candidate]) {
        self.start = start
        self.candidates = candidates
    }

    /// Nothing can stand there.
    public static let none = Completion(start: 0, candidates: [])

    /// What all candidates begin with, whole characters only.
    var commonText: [UInt8] {
        guard var common = candidates.first?.text[...] else { return [] }
        for candidate in candidates.dropFirst() {
            let same = zip(common, candidate.text).prefix { $0 == $1 }.count
            common = common.prefix(same)
        }
        while let last = common.last, last >= 0x80, String(validating: common, as: UTF8.self) == nil {
            common = common.dropLast()
        }
        return Array(common)
    }

    /// The list in columns, at most so many rows.
    func listing(columns: Int, rows: Int) -> String {
        let names = candidates.map { name in
            // What a file's name holds must not reach the terminal as it is.
            String(name.shown.prefix(200).map { $0.unicodeScalars.allSatisfy { $0.value >= 32 } ? $0 : "?" })
        }
        let width = min((names.map(\.count).max() ?? 0) + 2, max(columns, 4))
        let across = max(1, columns / width)
        let needed = (names.count + across - 1) / across
        let down = min(needed, max(rows, 1))
        var text = ""
        for row in 0..<down {
            let line = stride(from: row, to: names.count, by: needed).map { index in
                names[index].count < width
                    ? names[index] + String(repeating: " ", count: width - names[index].count)
                    : String(names[index].prefix(max(width - 1, 1))) + " "
            }
            var shown = line.reduce("", +)
            while shown.last == " " { shown.removeLast() }
            text += shown + "\n"
        }
        return needed > down ? text + "and \(names.count - down * across) more\n" : text
    }
}
