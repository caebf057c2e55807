import Seccomp
import Testing

@Suite("JSON")
struct JSONTests {
    private func read(_ text: String) throws(ProfileError) -> JSON { try JSON(parsing: Array(text.utf8)) }

    @Test("values of every kind")
    func values() throws {
        #expect(
            try read(" {\"a\": [1, -2.5e1, true, false, null, \"x\\n\\u00e9\\ud83d\\ude00\"], \"b\": {}} ")
                == .object([
                    .init(
                        "a",
                        .list([
                            .integer(1), .number(-25), .boolean(true), .boolean(false), .null,
                            .text("x\né😀"),
                        ])), .init("b", .object([])),
                ]))
        #expect(try read("18446744073709551615") == .integer(.max))
        #expect(try read("18446744073709551616") == .number(18_446_744_073_709_551_616))
    }

    @Test(
        "what is no JSON is refused with its line",
        arguments: [
            "", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "[1 2]", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
            "01",
            "1.", "-", "+1", "nul", "1e999", "\"\u{1}\"", "[1]x", "{\"a\":1,\"a\":2}", "{1:2}", "--1",
            "\"\\u+123\"",
        ])
    func refused(text: String) {
        let error = #expect(throws: ProfileError.self) { try read("\n" + text) }
        #expect(error?.message.hasPrefix("line 2: ") == true, "\(String(describing: error))")
    }

    @Test("depth is bounded")
    func deep() {
        #expect(throws: ProfileError.self) { try read(String(repeating: "[", count: 100_000)) }
    }

    @Test("random changes to a profile trap nothing")
    func random() {
        var generator = SystemRandomNumberGenerator()
        let standard = Profile.standard
        for _ in 0..<300 {
            let start = Int.random(in: 0..<standard.count, using: &generator)
            var bytes = Array(standard[start...].prefix(400))
            for _ in 0..<Int.random(in: 0...6, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if let document = try? JSON(parsing: bytes) { _ = try? Profile(docker: document) }
            if let document = try? JSON(
                parsing: Array("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[".utf8) + bytes)
            {
                _ = try? Profile(docker: document)
            }
        }
    }
}
