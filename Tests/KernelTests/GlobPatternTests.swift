import Kernel
import Testing

@Suite("GlobPattern")
struct GlobPatternTests {
    private func matches(_ pattern: String, _ name: String) -> Bool {
        GlobPattern(Array(pattern.utf8)).matches(Array(name.utf8))
    }

    @Test(
        "what matches",
        arguments: [
            ("*", "a"), ("a*c", "abbc"), ("a*c", "ac"), ("*.lua", "x.lua"), ("a**b", "ab"), ("?", "a"),
            ("?", "ä"), ("[a-c]x", "bx"), ("[!a-c]x", "dx"), ("[^a]", "b"), ("[]a]", "]"), ("[a-]", "-"),
            ("\\*", "*"), ("[ä-ü]", "ö"), ("[", "["), ("[a", "[a"), (".*", ".x"), ("*a*b*c", "xxaxbxbc"),
        ])
    func accepted(pattern: String, name: String) {
        #expect(matches(pattern, name))
    }

    @Test(
        "what does not match",
        arguments: [
            ("?", ""), ("?", "ab"), ("a*c", "abd"), ("[a-c]", "d"), ("[!a-c]", "b"), ("\\*", "a"),
            ("*", ".hidden"), ("?x", ".x"), ("[.]x", ".x"), ("", "a"), ("[c-a]", "b"), ("*a*b*c", "xxaxbxb"),
        ])
    func refused(pattern: String, name: String) {
        #expect(!matches(pattern, name))
    }

    @Test("bytes that are no UTF-8 count one each")
    func bytes() {
        #expect(GlobPattern([0x3f]).matches([0xff]))
        #expect(!GlobPattern([0x3f]).matches([0xff, 0xfe]))
        #expect(GlobPattern([0xff, 0x2a]).matches([0xff, 0x41, 0xc3]))
        #expect(GlobPattern([0xff]).literal == [0xff])
    }

    @Test("many stars take no exponential time")
    func stars() {
        let pattern = String(repeating: "*a", count: 60) + "b"
        #expect(!matches(pattern, String(repeating: "a", count: 250)))
    }
}
