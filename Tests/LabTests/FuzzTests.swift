import Foundation
import LuaHost
import Primitives
import TestSupport
import Testing

/// Random calls of every declared primitive with random arguments. `TUPPER_FUZZ_SEED` gives the seed of a run to
/// repeat, `TUPPER_FUZZ_CALLS` another number of calls.
@Suite("fuzz")
struct FuzzTests {
    @Test("100,000 random calls of a user without privilege return or raise, and none of them traps")
    func calls() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["TUPPER_FUZZ_SEED"].flatMap { UInt32($0) } ?? UInt32.random(in: 1 ... .max)
        let calls = environment["TUPPER_FUZZ_CALLS"].flatMap { Int($0) } ?? 100_000
        let before = try Host.state()
        let declared = Declared()
        let scratch = try Scratch()
        let sources = LabScriptTests.directory.appendingPathComponent("Scripts/Fuzz")
        for name in ["values.lua", "calls.lua"] {
            try scratch.write(name, Array(Data(contentsOf: sources.appendingPathComponent(name))))
        }
        try scratch.write("declared.lua", Array(declared.lua.utf8))
        let room = try String(contentsOf: sources.appendingPathComponent("room.lua"), encoding: .utf8)
        let outcome = try Tupper.run(room, arguments: [scratch.path, "\(seed)", "\(calls)"])
        let lines = outcome.output.split(separator: "\n")
        print(lines.filter { !$0.hasPrefix("reached: ") }.joined(separator: "\n"))
        #expect(outcome.status == 0, "seed \(seed)\n\(outcome.output)\(outcome.errors.suffix(4000))")
        let reached = Set(
            lines.last { $0.hasPrefix("reached: ") }?.split(separator: " ").dropFirst().map(String.init) ?? []
        )
        #expect(declared.functions.subtracting(reached) == [], "seed \(seed)")
        #expect(try Host.leftovers(since: before) == [])
    }
}

/// Every declaration of every module as a Lua table, for the generator of arguments.
private struct Declared {
    let lua: String
    /// The names of the modules' own functions.
    let functions: Set<String>

    init() {
        let modules = documentedModules()
        var rows: [String] = []
        for module in modules {
            rows += module.primitives.map { Self.row($0, "module = \"\(module.name)\"") }
        }
        functions = Set(modules.flatMap { $0.primitives.map(\.name) })
        var seen: Set<String> = []
        for kind in modules.flatMap(\.kinds) where seen.insert(kind.name).inserted {
            rows += kind.methods.map { Self.row($0, "kind = \"\(kind.name)\"") }
        }
        lua = "return {\n\(rows.joined(separator: ",\n"))\n}\n"
    }

    private static func row(_ primitive: Primitive, _ place: String) -> String {
        let method = primitive.name.split { $0 == "." || $0 == ":" }.last ?? ""
        return """
            { name = "\(primitive.name)", method = "\(method)", \(place), \
            positional = { \(primitive.positional.map(parameter).joined(separator: ", ")) }, \
            options = { \(primitive.options.map(parameter).joined(separator: ", ")) }, \
            list = \(primitive.list.map(parameter) ?? "nil"), \
            takes_table = \(!primitive.options.isEmpty || primitive.list != nil) }
            """
    }

    private static func parameter(_ parameter: AnyParameter) -> String {
        let type = parameter.typeName.replacing("\"", with: "\\\"")
        return "{ name = \"\(parameter.name)\", type = \"\(type)\", required = \(parameter.isRequired) }"
    }
}
