import TestSupport
import Testing

/// What this machine's own kernel or its control groups do not show.
@Suite("Virtual machine", .serialized)
struct MachineTests {
    @Test("control groups hold on every version", arguments: ["2", "1", "hybrid"])
    func controlGroups(version: String) throws {
        let outcome = try Tupper.runInMachine(script: "Scripts/cgroups.lua", cgroups: version)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test("an ordinary user makes groups in one that was delegated, and nowhere else")
    func delegation() throws {
        let outcome = try Tupper.runInMachine(script: "Machine/delegation.lua", cgroups: "2")
        #expect(
            outcome.status == 0 && outcome.output == "the user is content\n",
            "\(outcome.output)\(outcome.errors)")
    }

    @Test(
        "sandboxes are as tight with another kernel, on every version of control groups",
        arguments: ["2", "1"])
    func sandbox(version: String) throws {
        let outcome = try Tupper.runInMachine(script: "Machine/sandbox.lua", cgroups: version)
        #expect(
            outcome.status == 0 && outcome.output == "the sandboxes hold\n",
            "\(outcome.output)\(outcome.errors)")
    }
}
