import Foundation
import TestSupport
import Testing

@Suite("Traces")
struct TraceTests {
    private struct Record: Decodable {
        let time: Double
        let pid: Int
        let parent: Int
        let `where`: String?
        let primitive: String
        let arguments: [String: JSONValue]
        let shell: String?
        let stage: String
        let seconds: Double?
        let error: [String: JSONValue]?
    }

    /// Any value of JSON.
    private enum JSONValue: Decodable, Equatable {
        case text(String), number(Double), flag(Bool), list([JSONValue]), object([String: JSONValue])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let list = try? container.decode([JSONValue].self) {
                self = .list(list)
            } else {
                self = .object(try container.decode([String: JSONValue].self))
            }
        }
    }

    private func records(_ script: String) throws -> [Record] {
        let outcome = try Tupper.run(script, options: ["--trace=json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.errors.split(separator: "\n").map {
            try JSONDecoder().decode(Record.self, from: Data($0.utf8))
        }
    }

    @Test("what a terminal would act on is in a shell line by its number, and read back by a shell")
    func activeCharacters() throws {
        let trace = try Tupper.run("pcall(fs.list, '/\\27[2J\\194\\155\\'\\\\')", options: ["--trace"]).errors
        let line = try #require(trace.split(separator: "# ").last)
        #expect(line == "LC_ALL=C ls -A $'/\\033[2J\\302\\233\\'\\\\'\n", "\(line)")
        let read = try Tupper.runShell("printf %s \(line.dropFirst("LC_ALL=C ls -A ".count))").output
        #expect(read == "/\u{1b}[2J\u{9b}'\\")
    }

    @Test(
        "--trace=json tells of each primitive in an object a line: where, with what, how long, and its error")
    func objects() throws {
        let found = try records(
            """
            ns.unshare { "mount" }
            fs.tmpfs("/mnt", { size = "1M" }):release()
            pcall(fs.read, "/no\\xFFthing")
            pcall(fs.list, "/" .. ("ä"):rep(2040) .. "x")
            """)
        #expect(found.map(\.primitive) == ["ns.unshare", "fs.tmpfs", "mount:release", "fs.read", "fs.list"])
        #expect(found[0].arguments == ["kinds": .list([.text("mount")])])
        #expect(found[1].arguments == ["target": .text("/mnt"), "size": .text("1M")])
        #expect(found[1].shell == "mount -t tmpfs -o size=1M -o mode=0755 tmpfs /mnt")
        #expect(found[1].where == "stdin:2" && found[1].stage == "returned" && (found[1].seconds ?? 0) > 0)
        #expect(found[2].arguments == ["self": .text("mount /mnt")])
        #expect(found[3].arguments == ["path": .object(["base64": .text("L25v/3RoaW5n")])])
        #expect(found[3].where == "stdin:3" && found[3].stage == "failed")
        #expect(found[3].error?["code"] == .text("ENOENT") && found[3].error?["call"] == .text("openat"))
        #expect(found[3].error?["traceback"] == nil)
        #expect(found.allSatisfy { $0.pid == found[0].pid && $0.parent > 0 && $0.time > 0 })
    }

    @Test("what is released is told of with the shell line for it: by hand, by <close>, at the end")
    func releases() throws {
        let script = """
            ns.unshare { "mount", "net" }
            fs.tmpfs("/mnt"):release()
            do local bridge <close> = net.bridge "br0" end
            local link = net.link "lo":address "10.8.0.1/32"
            fs.tmpfs "/srv"
            """
        let found = try records(script)
        #expect(
            found.map { $0.primitive == "release" || $0.primitive == "mount:release" ? $0.shell : nil } == [
                nil, nil, "umount /mnt", nil, "ip link delete br0", nil, nil, nil, "umount /srv",
                "ip address delete 10.8.0.1/32 dev lo",
            ])
        #expect(found.last?.primitive == "release" && found.last?.where == nil)
        #expect(found.last?.arguments == ["thing": .text("addresses of lo")])
        let outcome = try Tupper.run(script, options: ["--trace"])
        #expect(
            outcome.errors.contains(#/\nreleased  link br0  [0-9.]+ ms  # ip link delete br0\n/#),
            "\(outcome.errors)")
    }

    @Test("a group's shell lines have the directories that it is in, whichever version has a controller")
    func groups() throws {
        let outcome = try Tupper.run(
            """
            local group <close> = cgroup.create("traced" .. proc.self() .. "/inner", { pids = 9 })
            group:set { pids = 10 }
            local child <close> = proc.spawn { "sleep", "60" }
            group:add(child)
            print(table.concat(group.paths, " "))
            """, options: ["--trace=json"])
        let paths = outcome.output.split(whereSeparator: \.isWhitespace).map(String.init)
        let shell = try outcome.errors.split(separator: "\n").map {
            try JSONDecoder().decode(Record.self, from: Data($0.utf8)).shell ?? ""
        }
        let pids = try #require(paths.last { $0.contains("/pids/") } ?? paths.first)
        #expect(
            shell[1] == "mkdir -p \(paths.joined(separator: " ")) && echo 9 > \(pids)/pids.max", "\(shell)")
        #expect(shell[2] == "echo 10 > \(pids)/pids.max")
        #expect(shell.contains { line in paths.allSatisfy { line.contains(" > \($0)/cgroup.procs") } })
        #expect(shell.last?.hasSuffix("rmdir " + paths.joined(separator: " ")) == true)
    }

    @Test("a string that is very long is cut between two letters, and said to be")
    func long() throws {
        let found = try records("fs.write('/dev/null', 'x' .. ('ä'):rep(15000))")
        guard case .text(let content)? = found[0].arguments["content"] else {
            Issue.record("no text")
            return
        }
        #expect(content == "x" + String(repeating: "ä", count: 2047) + "...")
    }

    @Test("children tell with their own pid and their parent's; what starts one is told of before and after")
    func children() throws {
        let found = try records(
            """
            local box = ns.spawn({ "pid" }, function()
                sys.uname()
                proc.fork(function() proc.exec { "true", env = { A = "b c" }, clear_env = true } end):wait()
            end)
            box:wait()
            """)
        let first = found[0]
        #expect(first.primitive == "ns.spawn" && first.stage == "started" && first.seconds == nil)
        #expect(
            found.contains { $0.primitive == "ns.spawn" && $0.stage == "returned" && $0.pid == first.pid })
        let child = try #require(found.first { $0.primitive == "sys.uname" })
        #expect(child.parent == first.pid && child.pid != first.pid && child.pid > 1)
        let exec = try #require(found.first { $0.primitive == "proc.exec" })
        #expect(exec.parent == child.pid && exec.stage == "left" && exec.seconds == nil)
        #expect(exec.shell == "exec env -i env 'A=b c' true")
        let end = try #require(found.first { $0.primitive == "os.exit" })
        #expect(end.pid == child.pid && end.where == nil && end.shell == "exit 0")
    }

    @Test("--trace marks a child's lines with its pid, and gives the line that starts it once")
    func text() throws {
        let outcome = try Tupper.run(
            "ns.spawn({ 'uts' }, function() sys.hostname 'x' end):wait()", options: ["--trace"])
        let lines = outcome.errors.split(separator: "\n").map(String.init)
        #expect(lines.contains("stdin:1  ns.spawn  starts  # unshare --uts --fork"))
        #expect(lines.filter { $0.contains("# unshare") }.count == 1)
        #expect(
            lines.contains {
                $0.wholeMatch(of: /\[[0-9]+\] stdin:1  sys.hostname  .* ms  # hostname x/) != nil
            })
        #expect(lines.contains { $0.hasSuffix("os.exit  no return  # exit 0") })
    }

    @Test("a hostname that is set back is told of with the line that does so")
    func names() throws {
        let outcome = try Tupper.shell(
            "unshare --uts sh -c 'hostname before; exec $TUPPER script --trace -'", environment: [:],
            input: "sys.hostname 'after'")
        #expect(outcome.errors.hasSuffix(" ms  # hostname before\n"), "\(outcome.errors)")
    }

    @Test("an unknown format is wrong usage; --trace alone takes no word after it")
    func usage() throws {
        #expect(try Tupper.run("", options: ["--trace=xml"]).status == 64)
        #expect(try Tupper.run("print(#arg)", options: ["--trace"], arguments: ["json"]).output == "1\n")
    }
}
