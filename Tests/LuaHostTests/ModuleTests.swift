import LuaHost
import Testing

@Suite("Module", .serialized)
struct ModuleTests {
    private func state() -> State {
        let state = State()
        let option = Parameter<Bool>("hostname", "A flag.", default: false)
        let first = Parameter<Int64>("number", "A number.")
        state.register(
            Module(
                "test", "For tests.",
                [
                    Declaration(
                        "twice",
                        Primitive("test.twice", "Doubles.", positional: [first.any], options: [option.any]) {
                            call in
                            [.value(.integer(try call[first] &* 2)), .value(.boolean(try call[option]))]
                        }),
                    Declaration(
                        "echo",
                        Primitive("test.echo", "Returns what it gets.", positional: [plain.any]) {
                            [plain] call in
                            [.value(try call[plain].value)]
                        }),
                ]))
        return state
    }
    private let plain = Parameter<PlainValue>("value", "A value.")

    private func message(of source: String) throws -> String {
        let state = state()
        do {
            _ = try state.load(Array(source.utf8), name: "=t")()
            return ""
        } catch let failure as LuaFailure {
            return state.text(of: failure)
        }
    }

    @Test("values cross both ways")
    func values() throws {
        let results = try state().load(Array("return test.twice(21, { hostname = true })".utf8), name: "=t")()
        #expect(results == [.integer(42), .boolean(true)])
        let echoed = try state().load(Array("return test.echo{ 1, 'a\\0b', 1.5 }".utf8), name: "=t")()
        #expect(echoed == [.list([.integer(1), .bytes([97, 0, 98]), .number(1.5)])])
    }

    @Test("a module lists what it has, also what no one has named yet; an unknown name is nil")
    func listing() throws {
        let source = """
            test.mine = 1
            local names = {}
            for name in pairs(test) do names[#names + 1] = name end
            table.sort(names)
            return table.concat(names, " "), test.nothing
            """
        #expect(
            try state().load(Array(source.utf8), name: "=t")()
                == [.bytes(Array("echo mine twice".utf8)), .absent])
    }

    @Test("an unknown option names the nearest known one")
    func unknownOption() throws {
        #expect(
            try message(of: "test.twice(1, { hostnme = true })")
                == "t:1: test.twice: unknown option 'hostnme', did you mean 'hostname'?")
    }

    @Test(
        "bad arguments are Lua errors",
        arguments: [
            ("test.twice()", "argument 1 (number) is missing"),
            ("test.twice('x')", "a whole number wanted, got \"x\""),
            ("test.twice(1e300)", "a whole number wanted"),
            ("test.twice(1, {}, 3)", "2 arguments at most, got 3"),
            ("test.twice(1, 2)", "a table of options wanted"),
            ("local t = {}; t.t = t; test.echo(t)", "contains itself"),
            ("test.echo(print)", "a function cannot be passed on"),
        ])
    func badArguments(source: String, expected: String) throws {
        #expect(try message(of: source).contains(expected))
    }

    @Test("a module of the program's own is loaded compiled, or from its text where this Lua takes no other")
    func ownModule() throws {
        let source = "return { from = 'compiled', fail = function() error 'here' end }"
        let dump = "return string.dump(load([==[\(source)]==], '=stdlib/own.lua'))"
        guard case .bytes(let compiled) = try State().load(Array(dump.utf8), name: "=t")().first else {
            Issue.record("nothing was compiled")
            return
        }
        // The byte behind the signature is the release.
        var foreign = compiled
        foreign[4] ^= 1
        let asks = "local own = require 'own' return own.from, select(2, pcall(own.fail))"
        for (code, from) in [(compiled, "compiled"), (foreign, "text"), ([], "text")] {
            let state = State()
            let text = source.replacing("compiled", with: "text")
            state.preload { name in
                name == "own" ? State.OwnModule(text: { Array(text.utf8) }, compiled: code) : nil
            }
            #expect(
                try state.load(Array(asks.utf8), name: "=t")()
                    == [.bytes(Array(from.utf8)), .bytes(Array("stdlib/own.lua:1: here".utf8))])
        }
    }
}
