import TestSupport
import Testing

/// `scripts/demo-rootless.lua`, run as a user who is nobody in particular.
@Suite("The demo without root", .serialized)
struct RootlessTests {
    private func holds(_ outcome: Tupper.Outcome, _ words: String...) {
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.components(separatedBy: "it holds:").count == 12, "\(outcome.output)")
        for text in words + [
            "PID 1 on tupperware", "CapBnd:\t00000000a80425fb", "NoNewPrivs:\t1", "Seccomp:\t2",
        ] {
            #expect(outcome.output.contains(text), "\(text): \(outcome.output)")
        }
    }

    @Test("it runs to its end with a network by pasta, and each of its claims holds")
    func pasta() throws {
        let before = try Host.state()
        let outcome = try Tupper.runOrdinary("demo-rootless.lua")
        holds(outcome, "served by pasta", "served by an overlay", "one user only", "host's loopback answers")
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test("ranges of /etc/subuid are used where there are some")
    func ranges() throws {
        let outcome = try Tupper.runOrdinary(
            "demo-rootless.lua",
            preparing: "echo tester:200000:65536 > /srv/subuid; echo tester:200000:65536 > /srv/subgid")
        holds(outcome, "served by pasta")
        #expect(!outcome.output.contains("one user only"))
    }

    @Test("without pasta it has its loopback only, and says so")
    func loopback() throws {
        holds(
            try Tupper.runOrdinary(
                "demo-rootless.lua", preparing: "mount --bind /dev/null $(command -v pasta)"),
            "loopback only: pasta")
    }

    @Test("where pasta finds no way out it has its loopback only, and a copy for a snapshot where asked")
    func copy() throws {
        holds(
            try Tupper.runOrdinary(
                "demo-rootless.lua", "--copy", preparing: "umount /dev/net; ip route del default"),
            "loopback only: pasta", "served by a copy: as asked")
    }
}
