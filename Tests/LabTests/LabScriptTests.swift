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

    @Test(
        "the demos hold where nobody else is in the namespaces that they leave, whose numbers are used again",
        arguments: ["demo.lua", "demo-unshare.lua"])
    func demoAlone(name: String) throws {
        let outcome = try Tupper.runLab(["unshare", "-m", "-n", "-u"], ["script", "scripts/\(name)"])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test("the demo unpacks an image that is given")
    func demoImage() throws {
        let scratch = try Scratch()
        let made = try Tupper.run(
            """
            for _, path in ipairs { "bin", "etc", "proc", "sys", "tmp", "dev" } do fs.mkdir(arg[1] .. "/" .. path) end
            fs.copy("/bin/busybox", arg[1] .. "/bin/busybox")
            for _, name in ipairs { "sh", "ls", "ps", "hostname" } do fs.symlink("busybox", arg[1] .. "/bin/" .. name) end
            fs.write(arg[1] .. "/etc/FROM_THE_ARCHIVE", "")
            fs.pack(arg[1], arg[2])
            """, arguments: [scratch("root"), scratch("image.tar.gz")])
        #expect(made.status == 0, "\(made.errors)")
        let before = try Host.state()
        let outcome = try Tupper.runDemo("demo.lua", ["--image", scratch("image.tar.gz")])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.components(separatedBy: "it holds:").count == 18)
        #expect(outcome.output.contains("PID 1 on tupperware"))
        #expect(outcome.output.hasSuffix("left: links lo\n"), "\(outcome.output)")
        #expect(try Host.leftovers(since: before) == [])
        let missing = try Tupper.runDemo("demo.lua", ["--image", scratch("missing.tar")])
        #expect(missing.status == 1 && missing.errors.contains("no such file or directory (ENOENT)"))
    }

    @Test("the demo reaches an address outside, through this machine, and takes its rules back")
    func demoPing() throws {
        // The outside knows no way to the container: only masquerading brings answers.
        let outside = """
            here=$(readlink /proc/self/ns/net); unshare -n sleep 300 & outside=$!; trap 'kill $outside' EXIT
            while [ "$(readlink /proc/$outside/ns/net)" = "$here" ]; do sleep 0.01; done
            ip link add out0 type veth peer name out1 netns $outside
            ip addr add 192.0.2.1/24 dev out0; ip link set out0 up
            nsenter -t $outside -n sh -c 'ip addr add 192.0.2.7/24 dev out1; ip link set out1 up'
            """
        let outcome = try Tupper.runDemo("demo.lua", ["--ping", "192.0.2.7"], preparing: outside)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("it holds: 3 of 3 pings to the outside are answered"))
        #expect(outcome.output.hasSuffix("left: links lo out0\n"), "\(outcome.output)")
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
