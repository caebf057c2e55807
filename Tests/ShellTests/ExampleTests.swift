import Foundation
import LuaHost
import Primitives
import TestSupport
import Testing

@Suite("Examples", .serialized)
struct ExampleTests {
    var primitives: [Primitive] {
        documentedModules().flatMap { $0.primitives + $0.kinds.flatMap(\.methods) }
    }

    @Test("every example of the documentation runs, and leaves the host as it was")
    func run() throws {
        let stage = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("examples.lua"), encoding: .utf8)
        var seen: Set<String> = []
        let examples = primitives.compactMap { primitive -> String? in
            guard let example = primitive.example, seen.insert(primitive.name).inserted else { return nil }
            return "{ [=[\(primitive.name)]=], [==[\n\(example)\n]==] }"
        }
        let before = try Host.state()
        let outcome = try Tupper.run("EXAMPLES = {\n\(examples.joined(separator: ",\n"))\n}\n\(stage)")
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(
            outcome.output.hasSuffix("\n\(examples.count) examples, 0 failed\n"),
            "\(outcome.output)\(outcome.errors)")
        #expect(try Host.leftovers(since: before) == [])
    }
}
