/// An archive that could not be read or written to its end.
public struct ArchiveError: Error, Sendable, Equatable {
    /// The member it was about; nil for the archive itself.
    public let member: String?
    /// The error number, as in errno(3); 0 where there is none.
    public let number: Int32
    /// What is wrong, in libarchive's words.
    public let words: String

    /// As bytes, to come out of a child process.
    var report: [UInt8] { Array("\(number)\0\(member ?? "")\0\(words)".utf8) }

    init(member: String?, number: Int32, words: String) {
        self.member = member
        self.number = number
        self.words = words
    }

    init?(report: [UInt8]) {
        let parts = String(decoding: report, as: UTF8.self)
            .split(separator: "\0", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let number = Int32(parts[0]) else { return nil }
        self.init(member: parts[1].isEmpty ? nil : parts[1], number: number, words: parts[2])
    }
}
