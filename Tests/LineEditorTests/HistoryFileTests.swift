import Foundation
import Testing

@testable import LineEditor

@Suite("The history file")
struct HistoryFileTests {
    @Test("a file over a mebibyte keeps the newest entries, half a mebibyte of them")
    func cutting() throws {
        let path = NSTemporaryDirectory() + "tupper-history-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let entries = (1...30_000).map { "entry number \($0) with some more words in it" }
        try Data((entries.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
        let read = try HistoryFile(path: path).read(most: 1000)
        #expect(read.count == 1000)
        #expect(read.last == Array(entries[29_999].utf8))
        let kept = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(kept.count > 10_000 && kept.count < 15_000)
        #expect(kept.last.map(String.init) == entries.last)
        #expect(kept.first.map(String.init) == entries[30_000 - kept.count])
    }
}
