import Testing

@testable import Shell

@Suite("Lua tokens")
struct LuaTokensTests {
    private func words(_ text: String) -> [String] {
        var tokens = LuaTokens()
        return tokens.read(Array(text.utf8)).map(\.text)
    }

    /// Whether something is open after these lines.
    private func isOpen(_ lines: String...) -> Bool {
        var tokens = LuaTokens()
        for line in lines { _ = tokens.read(Array(line.utf8)) }
        return tokens.isOpen
    }

    @Test("words, numbers, strings and symbols are told apart")
    func split() {
        #expect(
            words("a.b:c{ x = 'y z', 1.5e3 } -- end") == [
                "a", ".", "b", ":", "c", "{", "x", "=", "'y z'", ",", "1.5e3", "}", "-- end",
            ])
        #expect(words("a..b ~= c//d") == ["a", "..", "b", "~=", "c", "//", "d"])
        #expect(words("x = [==[ ]] ]==] y") == ["x", "=", "[==[ ]] ]==]", "y"])
    }

    @Test("blocks, brackets, long strings and comments stay open until they are closed")
    func open() {
        #expect(isOpen("for i = 1, 2 do", "if x then"))
        #expect(!isOpen("for i = 1, 2 do", "if x then a() elseif y then b() else c() end", "end"))
        #expect(isOpen("repeat") && !isOpen("repeat", "until true"))
        #expect(isOpen("t = {", "{ 1 },") && !isOpen("t = {", "{ 1 },", "}"))
        #expect(isOpen("x = [[", "end", "]") && !isOpen("x = [[", "do", "]]"))
        #expect(isOpen("--[==[", "]]") && !isOpen("--[==[", "do", "]==]"))
        #expect(isOpen("x = 'a\\") && !isOpen("x = 'a\\", "do' y = 1"))
        #expect(!isOpen("x = 'do {'") && !isOpen("-- do {"))
    }

    @Test(
        "no bytes upset it",
        arguments: [[0xff, 0x00, 0x5b, 0x3d], [0x22, 0x5c], [0x5b, 0x5b], [0x2d, 0x2d, 0x5b]])
    func anything(_ bytes: [UInt8]) {
        var tokens = LuaTokens()
        let read = tokens.read(bytes)
        #expect(read.allSatisfy { $0.start + $0.bytes.count <= bytes.count })
    }
}
