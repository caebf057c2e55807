import Testing

@testable import LineEditor

@Suite("Completion")
struct CompletionTests {
    private func candidates(_ names: String...) -> Completion {
        Completion(start: 0, candidates: names.map { Completion.Candidate(Array($0.utf8)) })
    }

    @Test("the common text ends at a whole character")
    func common() {
        #expect(candidates("mount", "mounts", "move").commonText == Array("mo".utf8))
        #expect(candidates("xä", "xö").commonText == Array("x".utf8))
        #expect(Completion.none.commonText == [])
    }

    @Test("a list fits its window, and tells how many more there are")
    func listing() {
        #expect(candidates("a", "b", "c").listing(columns: 20, rows: 5) == "a  b  c\n")
        #expect(candidates("aaaa", "bbbb", "cccc").listing(columns: 7, rows: 2) == "aaaa\nbbbb\nand 1 more\n")
        #expect(candidates("a\u{1b}[2Jb", "c").listing(columns: 3, rows: 9).contains("\u{1b}") == false)
    }
}
