import Foundation
import TestSupport
import Testing

/// The demo disturbed: calls that the kernel refuses, errors and signals. `TUPPER_FAULT_SEED` gives the seed of a run to
/// repeat, `TUPPER_FAULTS` how many calls are made to fail at most.
@Suite("faults", .serialized)
struct FaultTests {
    private static let environment = ProcessInfo.processInfo.environment

    private func run(_ name: String, _ arguments: String...) throws {
        let before = try Host.state()
        let scratch = try Scratch()
        let sources = LabScriptTests.directory.appendingPathComponent("Scripts/Faults")
        try scratch.write(
            "lane.lua", Array(Data(contentsOf: sources.appendingPathComponent("lane.lua"))))
        let demo = LabScriptTests.directory.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("scripts/demo.lua").path
        let script = try String(contentsOf: sources.appendingPathComponent(name), encoding: .utf8)
        let outcome = try Tupper.run(script, arguments: [scratch.path, demo] + arguments)
        print(outcome.output)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test(
        "a call of the demo that fails once ends in a readable error or is made good, and leaves nothing behind"
    )
    func calls() throws {
        let seed =
            Self.environment["TUPPER_FAULT_SEED"].flatMap { UInt32($0) } ?? UInt32.random(in: 1 ... .max)
        try run("faults.lua", "\(seed)", Self.environment["TUPPER_FAULTS"] ?? "150")
    }

    @Test("an error, Ctrl-C or SIGTERM at the head of any chapter of the demo leaves nothing behind")
    func chapters() throws { try run("chapters.lua") }
}
