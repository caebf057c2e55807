import TestSupport
import Testing

/// What this machine's own kernel or its control groups do not show.
@Suite("Virtual machine", .serialized)
struct MachineTests {
    @Test("control groups hold on every version", arguments: ["2", "1", "hybrid"])
    func controlGroups(version: String) throws {
        let outcome = try Tupper.runInMachine(labScript: "cgroups.lua", cgroups: version)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }
}
