import Foundation
import TestSupport
import Testing

/// Each script asserts for itself, in namespaces of its own; the host is compared before and after.
@Suite("Lab scripts", .serialized)
struct LabScriptTests {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    static let scripts =
        ((try? FileManager.default.contentsOfDirectory(atPath: directory.path + "/Scripts")) ?? [])
        .filter { $0.hasSuffix(".lua") }.sorted()

    @Test("a lab script holds and leaves the host as it was", arguments: scripts)
    func script(_ name: String) throws {
        let before = try Host.state()
        let source = try String(
            contentsOf: Self.directory.appendingPathComponent("Scripts/\(name)"), encoding: .utf8)
        let outcome = try Tupper.run(source)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test("there are lab scripts")
    func some() { #expect(Self.scripts.count >= 6) }

    @Test("the demo runs to its end, and each of its claims holds")
    func demo() throws {
        let outcome = try Tupper.runDemo("demo.lua")
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.components(separatedBy: "it holds:").count == 18)
        #expect(outcome.output.contains("PID 1 on tupperware"))
        #expect(outcome.output.hasSuffix("left: links lo\n"), "\(outcome.output)")
    }

    @Test("the demo in which the interpreter itself moves in runs to its end")
    func demoUnshare() throws {
        let outcome = try Tupper.runDemo("demo-unshare.lua")
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("PID 1 on tupperware"))
    }

    @Test(
        "a stop signal ends the demo at any moment, and nothing is left", arguments: [2, 15],
        [40, 90, 150, 250, 400])
    func stopped(signal: Int32, milliseconds: Int) throws {
        let before = try Host.state()
        _ = try Tupper.runDemo("demo.lua", stoppedBy: signal, after: milliseconds)
        #expect(try Host.leftovers(since: before) == [])
    }
}
