import Testing

@testable import Kernel

@Suite("Key sequences")
struct KeySequenceTests {
    @Test("keys are named as on a keyboard")
    func names() {
        for (text, bytes) in [
            ("ctrl-p ctrl-q", [16, 17]), ("ctrl-a,d", [1, 100]), ("CTRL-]", [29]), ("x", [120]),
        ] {
            var keys = KeySequence(text)
            #expect(keys?.take(bytes.map { UInt8($0) }).isComplete == true, "\(text)")
        }
        for text in ["", " ", "ctrl-", "ctrl-1", "ctrl-`", "alt-x", "ctrl-aa", "a b c d e f g h i"] {
            #expect(KeySequence(text) == nil, "\(text)")
        }
    }

    @Test("what is not the sequence passes, in order")
    func passing() {
        var keys = KeySequence("a b")
        #expect(keys?.take(Array("xaax".utf8)).passing == Array("xaax".utf8))
        #expect(keys?.take(Array("ca".utf8)).passing == Array("c".utf8))
        #expect(keys?.isUnderWay == true)
        #expect(keys?.giveUp() == Array("a".utf8))
        #expect(keys?.isUnderWay == false)
        #expect(keys?.take(Array("b".utf8)).passing == Array("b".utf8))
        #expect(keys?.take(Array("aa".utf8)).passing == Array("a".utf8))
        #expect(keys?.take(Array("b".utf8)).isComplete == true)
    }
}
