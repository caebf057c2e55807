import TestSupport
import Testing

/// What the stepper says that a line has changed, where others change things too.
@Suite("What a line is told to have changed", .serialized)
struct ObservationTests {
    private func changes(_ script: String, meanwhile: String = "sleep 0.1") throws -> [String] {
        let scratch = try Scratch()
        try scratch.write("script.lua", Array(script.utf8))
        let outcome = try Tupper.runLab(
            [
                "unshare", "-m", "-n", "-u", "-p", "-f", "--mount-proc", "bash", "-c",
                """
                group=$(find /sys/fs/cgroup -maxdepth 2 -name cgroup.procs -printf '%h\\n' -quit)/foreign$$
                (while :; do \(meanwhile); done) 2>/dev/null & other=$!
                yes step | head -50 | $0 step \(scratch("script.lua")); status=$?
                kill -9 $other; wait $other; rmdir $group 2>/dev/null
                exit $status
                """,
            ], [])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        return outcome.output.split(separator: "\n").filter { $0.firstMatch(of: #/^ {4}[-+~?] /#) != nil }.map
        {
            String($0.dropFirst(4)).replacing(#/[0-9]{5,}/#, with: "N")
        }
    }

    @Test("groups that others make and remove are not the script's, its own are")
    func groups() throws {
        let found = try changes(
            """
            for i = 1, 5 do sys.sleep "20ms" end
            local name = "own" .. ns.id "mount"
            local group = cgroup.create(name .. "/inner", { pids = 9 })
            sys.sleep "20ms"
            group:release()
            """, meanwhile: "mkdir $group; sleep 0.005; rmdir $group; sleep 0.005")
        #expect(found.contains { $0.hasPrefix("+ cgroup ") && $0.hasSuffix("/ownN/inner") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("- cgroup ") && $0.hasSuffix("/ownN/inner") }, "\(found)")
        #expect(found.allSatisfy { $0.contains("cgroup") && $0.contains("/ownN") }, "\(found)")
    }

    @Test("a change of pid namespaces, and a /proc that numbers anew, are no coming and going of processes")
    func numbers() throws {
        let found = try changes(
            """
            local other = proc.spawn { "sleep", "100" }
            ns.unshare { "mount" }
            ns.unshare { "pid" }
            local mine = proc.spawn { "sleep", "200" }
            fs.mount { type = "proc", target = "/proc" }
            mine:signal "KILL"; sys.sleep "50ms"
            mine:wait()
            """)
        #expect(
            found.filter { $0.contains(" process ") }.map { $0.replacing(#/ [0-9]+ /#, with: " N ") } == [
                "+ process N sleep 100", "+ process N sleep 200", "~ process N has ended",
                "- process N sleep",
            ], "\(found)")
    }
}
