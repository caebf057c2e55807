import Foundation
import TestSupport
import Testing

/// Each through a terminal of its own; a script that touches the system does so in namespaces of its own.
@Suite("tupper step", .serialized)
struct StepTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    static let sums = """
        local function add(a, b)
            local sum = a + b
            return sum
        end
        local total = 0
        for i = 1, 3 do
            total = add(total, i)
        end

        print("total", total)
        """

    /// A line marked as the current one.
    static func at(_ line: Int) -> String {
        "→ " + String(repeating: " ", count: 3 - "\(line)".count) + "\(line)  "
    }

    func start(
        _ script: String, _ options: [String] = [], columns: UInt16 = 100,
        environment: [String: String] = [:],
        inOwnNetwork: Bool = false
    ) throws -> TypedSession {
        try scratch.write("script.lua", Array(script.utf8))
        let words = ["step"] + options + [scratch("script.lua")]
        let variables = ["NO_COLOR": "1"].merging(environment) { $1 }
        let terminal =
            try inOwnNetwork
            ? TypedSession(
                ["--net", Tupper.path] + words, program: "/usr/bin/unshare", home: scratch.path,
                columns: columns, rows: 40, environment: variables)
            : TypedSession(
                words, home: scratch.path, columns: columns, rows: 40, environment: variables)
        #expect(terminal.sees("step> "), "\(terminal.shown)")
        return terminal
    }

    @Test("the source around the first line is shown, with the line marked")
    func source() throws {
        let terminal = try start(Self.sums)
        #expect(terminal.shown.contains(Self.at(1) + "local function add(a, b)"))
        #expect(terminal.shown.contains("    3      return sum"))
        #expect(terminal.says("quit", "quit"))
        #expect(try terminal.ending() == 0)
    }

    @Test("step goes into a function, next over it, finish out of it")
    func stepping() throws {
        let terminal = try start(Self.sums)
        for line in [5, 6, 7] { #expect(terminal.says("next", Self.at(line)), "\(terminal.shown)") }
        #expect(terminal.says("step", Self.at(2) + "    local sum"))
        #expect(terminal.says("finish", Self.at(7)))
        #expect(terminal.says("next", Self.at(7)))
        #expect(terminal.says("next", Self.at(10) + "print"))
        #expect(terminal.says("next", "total\t6") || terminal.shown.contains("total"))
        #expect(try terminal.ending() == 0)
    }

    @Test("an empty line repeats, and a count goes on several times")
    func repetition() throws {
        let terminal = try start(Self.sums)
        #expect(terminal.says("n", Self.at(5)))
        #expect(terminal.says("", Self.at(6)))
        #expect(terminal.says("step 3", Self.at(3) + "    return sum"), "\(terminal.shown)")
    }

    @Test("a breakpoint on a line without a statement stands on the next; continue stops there")
    func breakpoint() throws {
        let terminal = try start(Self.sums)
        #expect(terminal.says("break 9", "breakpoint 1"))
        #expect(terminal.sees(":10"))
        #expect(terminal.says("continue", "●→  10  print"))
        #expect(terminal.says("break 11", "no statement on line 11"))
        #expect(terminal.says("break nothing", "no function 'nothing'"))
        #expect(terminal.says("c", "total"))
        #expect(try terminal.ending() == 0)
    }

    @Test("a breakpoint in a function holds where its condition does; delete takes it away")
    func condition() throws {
        let terminal = try start(Self.sums)
        #expect(terminal.says("break add if b == 2", "if b == 2"))
        #expect(terminal.says("continue", Self.at(2)))
        #expect(terminal.says("print a, b", "1\t2"), "\(terminal.shown)")
        #expect(terminal.says("b add", "breakpoint 2"))
        #expect(terminal.says("b", "2  "))
        #expect(terminal.says("delete 2", "deleted 2"))
        #expect(terminal.says("x", "deleted 1"))
        #expect(terminal.says("c", "total"))
        #expect(try terminal.ending() == 0)
    }

    @Test("until goes on to a line")
    func until() throws {
        let terminal = try start(Self.sums)
        #expect(terminal.says("until 10", Self.at(10) + "print"))
        #expect(terminal.says("until x", "wants a line"))
    }

    @Test("variables are listed, and those of the callers after up and down")
    func variables() throws {
        let terminal = try start(Self.sums)
        #expect(terminal.says("b 3 if a == 3", "breakpoint"))
        #expect(terminal.says("c", Self.at(3)))
        #expect(terminal.says("locals", "sum = 6"))
        #expect(terminal.says("where", "#1 "))
        #expect(terminal.sees(":7 in the main chunk"))
        #expect(terminal.says("up", Self.at(7)))
        #expect(terminal.says("p total, i", "3\t3"))
        #expect(terminal.says("down", Self.at(3)))
        #expect(terminal.says("down", "innermost"))
    }

    @Test("repl reads and sets locals and upvalues; an unfinished chunk goes on")
    func repl() throws {
        let terminal = try start(
            "local count = 1\nlocal function more()\n    local own = 2\n    count = count + own\nend\n"
                + "more()\nprint('count is', count)\n")
        #expect(terminal.says("b 4", "breakpoint"))
        #expect(terminal.says("c", Self.at(4)))
        #expect(terminal.says("repl", "lua 4> "))
        #expect(terminal.says("own = 40", "lua 4> "))
        #expect(terminal.says("for _ = 1, 2 do", "lua 4>> "))
        #expect(terminal.says("count = count * 10 end", "lua 4> "))
        #expect(terminal.says("count", "100"))
        #expect(terminal.says("error 'no'", "no"))
        #expect(terminal.says("exit", "step> "))
        #expect(terminal.says("c", "count is\t140") || terminal.shown.contains("140"), "\(terminal.shown)")
        #expect(try terminal.ending() == 0)
    }

    @Test("list shows more, help all commands, and what is none is said")
    func help() throws {
        let terminal = try start(Self.sums)
        #expect(terminal.says("list", "6  for"))
        #expect(terminal.says("l", "10  print"))
        #expect(terminal.says("help", "An empty line repeats"))
        for name in [
            "step", "next", "finish", "continue", "until", "break", "delete", "print", "locals", "where",
        ] {
            #expect(terminal.shown.contains("  \(name)"))
        }
        #expect(terminal.says("jump", "no command 'jump'"))
    }

    @Test("after a line its primitives stand with their shell lines, and what changed")
    func changes() throws {
        let terminal = try start(
            """
            ns.unshare { "mount", "uts", "net" }
            sys.hostname "stepped"
            local place <close> = fs.tmpfs("/mnt", { size = "1M" })
            net.link "lo":up():address "10.9.8.7/24"
            local a <close>, b = net.veth { name = "left", peer = "right" }
            local bridge <close> = net.bridge "br0"
            a:attach(bridge):up()
            sys.chdir "/mnt"
            print "end"
            """)
        #expect(terminal.says("n", "~ namespace mount "), "\(terminal.shown)")
        #expect(terminal.shown.contains("# unshare --mount --uts --net"))
        #expect(terminal.says("n", "→ stepped"))
        #expect(terminal.says("n", "+ mount /mnt: tmpfs (tmpfs, "))
        #expect(terminal.says("n", "+ address 10.9.8.7/24 on lo"))
        #expect(terminal.says("n", "+ link left (veth, down)"))
        #expect(terminal.says("n", "+ link br0 (bridge, "))
        #expect(terminal.says("n", "~ link left is attached to br0"), "\(terminal.shown)")
        #expect(terminal.says("n", "~ directory "))
        #expect(terminal.says("n", "released at the end") || terminal.shown.contains("- mount /mnt"))
        #expect(try terminal.ending() == 0)
    }

    @Test("colours stand on a terminal, and none where NO_COLOR is set")
    func colours() throws {
        let coloured = try start("sys.hostname()\nprint(1)", environment: ["NO_COLOR": ""])
        #expect(coloured.shown.contains("\u{1b}[32m→"))
        let plain = try start("sys.hostname()\nprint(1)")
        #expect(!plain.shown.contains("\u{1b}[3"))
    }

    @Test("quit and Ctrl-D end the script and release what it made", arguments: ["quit\r", "\u{4}"])
    func quit(word: String) throws {
        let before = try Host.state()
        let terminal = try start(
            "local b <close> = net.bridge 'stepdummy'\nprint 'not reached'\nprint 'nor this'",
            inOwnNetwork: true)
        #expect(terminal.says("n", "+ link stepdummy") && terminal.sees("step> "), "\(terminal.shown)")
        try terminal.type(word)
        #expect(try terminal.ending() == 0)
        #expect(!terminal.shown.contains("nor this\r\n"))
        #expect(terminal.shown.contains("- link stepdummy"))
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test(
        "a script's own end gives the status: os.exit, an error, another program, a signal",
        arguments: [
            ("os.exit(7)", 7, "released"), ("error { code = 3 }", 1, "without words: { code = 3 }"),
            ("error 'broken'", 1, "broken"),
            ("proc.exec { 'sh', '-c', 'echo became $0; exit 5' }", 5, "became"),
            ("proc.kill(proc.self(), 'TERM'); sys.sleep '5s'", 143, "- link stepend"),
            ("proc.kill(proc.self(), 'INT'); while true do end", 130, "- link stepend"),
        ])
    func ending(_ line: String, _ status: Int32, _ text: String) throws {
        let before = try Host.state()
        // What a script holds when it becomes a program stays: nobody is left to release it.
        let isProgram = line.hasPrefix("proc.exec")
        let first = isProgram ? "local n = 1" : "local b <close> = net.bridge 'stepend'"
        let terminal = try start("\(first)\n\(line)\nprint 'not reached'", inOwnNetwork: true)
        #expect(terminal.says("n", isProgram ? Self.at(2) : "+ link stepend"), "\(terminal.shown)")
        try terminal.enter("c")
        #expect(try terminal.ending() == status, "\(terminal.shown)")
        #expect(terminal.shown.contains(text), "\(terminal.shown)")
        if isProgram { #expect(terminal.shown.contains("proc.exec  does not return")) }
        #expect(try Host.leftovers(since: before) == [])
    }

    static let family = """
        ns.unshare { "uts" }
        local box = ns.spawn({ "uts", "net", "pid" }, function(parent)
            local inside = 1
            sys.hostname "child"
            parent:send(inside)
        end)
        local got = box:receive()
        box:wait()
        print("got", got)
        """

    @Test("follow parent stays with the parent; the child runs by itself")
    func followParent() throws {
        let terminal = try start(Self.family, ["--follow", "parent"])
        #expect(terminal.says("n", Self.at(2)) && terminal.says("s", Self.at(7)), "\(terminal.shown)")
        #expect(terminal.says("c", "got"))
        #expect(try terminal.ending() == 0)
        #expect(!terminal.shown.contains("[1.1]"))
    }

    @Test("follow child goes with the child, and says what is different there")
    func followChild() throws {
        let terminal = try start(Self.family)
        #expect(terminal.says("follow child", "follow child"))
        #expect(terminal.says("n", Self.at(2)) && terminal.says("s", "[1.1] process 1.1 begins"))
        #expect(terminal.sees("[1.1]     ~ namespace net "))
        #expect(terminal.sees(Self.at(3)))
        #expect(terminal.says("n", Self.at(4)) && terminal.says("n", "→ child"))
        #expect(terminal.says("c", "got"), "\(terminal.shown)")
        #expect(try terminal.ending() == 0)
    }

    @Test("with follow both each line says whose it is, and the two take turns")
    func followBoth() throws {
        let terminal = try start(Self.family, ["--follow", "both"])
        #expect(terminal.says("n", Self.at(2)))
        try terminal.enter("s")
        for _ in 0..<12 where terminal.sees("step> ", within: 5) { try terminal.enter("n") }
        #expect(try terminal.ending() == 0, "\(terminal.shown)")
        #expect(terminal.shown.contains("[1] ") && terminal.shown.contains("[1.1] "))
        #expect(terminal.shown.contains("[1.1]     ~ hostname") && terminal.shown.contains("got"))
    }

    @Test(
        "ns.unshare with a pid namespace is followed by itself, and a root without /proc says what it hides")
    func unshare() throws {
        let terminal = try start(
            """
            ns.unshare { "mount", "uts", "pid" }
            local root = "/mnt"
            local place = fs.tmpfs(root)
            fs.mkdir(root .. "/etc")
            fs.pivot(root)
            sys.hostname "inside"
            os.exit(4)
            """)
        #expect(terminal.says("n", "~ namespace pid "), "\(terminal.shown)")
        #expect(terminal.sees("~ pid ") && terminal.sees("step> "))
        #expect(terminal.says("until 5", Self.at(5)))
        #expect(terminal.says("n", "~ root "), "\(terminal.shown)")
        #expect(terminal.sees("? unseen mounts: no /proc is in sight"))
        #expect(terminal.says("n", "→ inside"), "\(terminal.shown)")
        #expect(terminal.says("c", "c"))
        #expect(try terminal.ending() == 4, "\(terminal.shown)")
    }

    @Test("Ctrl-C at the prompt clears the line")
    func interrupt() throws {
        let terminal = try start("local n = 0\nprint 'runs'\n")
        try terminal.type("garbage\u{3}")
        #expect(terminal.sees("step> "))
        #expect(terminal.says("n", Self.at(2)), "\(terminal.shown)")
    }

    @Test("a terminal that goes away ends the script and releases")
    func hangUp() throws {
        let before = try Host.state()
        let terminal = try start("local b <close> = net.bridge 'stephang'\nprint 'x'\nprint 'y'")
        #expect(terminal.says("n", "+ link stephang"))
        terminal.hangUp()
        #expect(try terminal.ending() != 0)
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test("20 columns are enough, and odd bytes in the source reach no terminal")
    func narrow() throws {
        let terminal = try start("local word = '\u{1b}[31mred\u{7}'\nprint(#word)", columns: 20)
        #expect(!terminal.shown.contains("\u{1b}[31m") && !terminal.shown.contains("\u{7}"))
        #expect(terminal.says("n", Self.at(2)))
        #expect(terminal.says("n", "9"))
        #expect(try terminal.ending() == 0)
    }

    @Test("source is cut where the line ends, and whose it is takes room too")
    func cut() throws {
        let long = "ns.spawn({}, function() sys.sleep(0) end):wait() -- " + String(repeating: "x", count: 80)
        let terminal = try start(long + "\nprint 'done'", ["--follow", "both"], columns: 50)
        try terminal.enter("s")
        for _ in 0..<8 where terminal.sees("step> ", within: 5) { try terminal.enter("n") }
        #expect(try terminal.ending() == 0, "\(terminal.shown)")
        let lines = terminal.output.split(whereSeparator: \.isNewline).filter { $0.contains("ns.spawn({}") }
        #expect(lines.contains { $0.hasPrefix("[1.1] ") } && lines.allSatisfy { $0.count <= 50 }, "\(lines)")
    }

    @Test("without a terminal plain lines are read, and their end is quit")
    func plain() throws {
        let outcome = try Tupper.step("print 'one'\nprint 'two'\n", commands: "next\nprint 1 + 1\n")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("one\n") && outcome.output.contains("step> print 1 + 1\n2\n"))
        #expect(!outcome.output.contains("\ntwo"))
    }

    @Test("coroutines are stepped, and next goes over one that yields")
    func coroutines() throws {
        let terminal = try start(
            "local co = coroutine.wrap(function()\n    local x = 1\n    coroutine.yield(x)\n    x = 2\nend)\n"
                + "co()\nprint 'between'\nco()\nprint 'end'\n")
        #expect(terminal.says("n", Self.at(6)))
        #expect(terminal.says("s", Self.at(2)))
        #expect(terminal.says("n", Self.at(3)))
        #expect(terminal.says("n", Self.at(7)), "\(terminal.shown)")
        #expect(terminal.says("n", Self.at(8)) && terminal.says("n", Self.at(9)), "\(terminal.shown)")
    }

    @Test("Tab completes commands, functions and variables; the arrow keys find earlier lines")
    func completion() throws {
        let terminal = try start(Self.sums)
        try terminal.type("brea\tad\t\r")
        #expect(terminal.sees("breakpoint 1") && terminal.sees(":2"), "\(terminal.shown)")
        #expect(terminal.says("c", Self.at(2)) && terminal.says("n", Self.at(3)))
        #expect(terminal.sees("step> "))
        try terminal.type("p su\t * 0 + 77\r")
        #expect(terminal.sees("77\r\n"), "\(terminal.shown)")
        #expect(terminal.says("where", "in add") && terminal.sees("step> "))
        try terminal.type("\u{1b}[A\u{1b}[A\r")
        #expect(terminal.sees("77\r\n"), "\(terminal.shown)")
    }

    @Test("a script that changes the terminal's modes changes neither the prompt nor what is left")
    func modes() throws {
        try scratch.write(
            "script.lua", Array("proc.run { 'stty', 'raw', '-echo' }\nlocal n = 2\nprint 'end'".utf8))
        let terminal = try TypedSession(
            ["step", scratch("script.lua")], home: scratch.path, columns: 100, rows: 40,
            environment: ["NO_COLOR": "1"])
        let before = terminal.modes
        #expect(terminal.sees("step> "))
        #expect(terminal.says("n", Self.at(2)), "\(terminal.shown)")
        #expect(terminal.says("p 40 + n", "attempt to perform arithmetic"), "\(terminal.shown)")
        #expect(terminal.says("c", "end"))
        #expect(try terminal.ending() == 0)
        #expect(terminal.modes == before)
    }
}
