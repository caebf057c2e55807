import TestSupport
import Testing

/// The session and its terminal: windows of any size, settings of any content, programs that take the terminal over.
@Suite("tupper repl and its terminal", .serialized)
struct ReplTerminalTests {
    let home: Scratch

    init() throws { home = try Scratch() }

    func start(columns: UInt16 = 80) throws -> TypedSession {
        let terminal = try TypedSession(home: home.path, columns: columns, rows: 10)
        try terminal.expect("> ")
        return terminal
    }

    @Test("a window of one to nine columns takes lines", arguments: [1, 2, 3, 5, 9] as [UInt16])
    func narrow(columns: UInt16) throws {
        let terminal = try start(columns: columns)
        try terminal.type("6 * 7\n")
        try terminal.expect("42")
        terminal.resize(columns: 60, rows: 10)
        try terminal.type("4000 + 242\r")
        try terminal.expect("\n4242\n")
        try terminal.expect("> ")
        try terminal.type("\u{4}")
        #expect(try terminal.ending() == 0)
    }

    @Test(
        "a window that changes at random while a line is typed does no harm",
        arguments: [1, 2, 3] as [UInt64])
    func random(seed: UInt64) throws {
        let terminal = try start()
        var number = seed
        for _ in 1...40 {
            number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            terminal.resize(columns: UInt16(1 + number >> 33 % 40), rows: UInt16(1 + number >> 40 % 12))
            try terminal.type(number >> 50 % 3 == 0 ? "\u{1b}[D" : "x")
            if number >> 52 % 4 == 0 { terminal.settle() }
        }
        terminal.resize(columns: 80, rows: 10)
        terminal.settle()
        try terminal.type("\u{3}")
        try terminal.expect("> ")
        try terminal.type("4000 + 242\r")
        try terminal.expect("4242")
    }

    @Test(
        "lines of editrc that libedit cannot take are left out, the others count",
        arguments: [
            "bind \"^T", "bind '", "bind \\", String(repeating: "x", count: 2000),
            "bind " + String(repeating: "ab", count: 1500) + " ed-insert", "bind \u{0}", "bind",
            "tupper:bind \"", "settc", "edit",
        ])
    func settings(line: String) throws {
        try home.write(".editrc", Array("\(line)\nbind -v\n".utf8))
        let terminal = try start()
        try terminal.type("6 * 8")
        try terminal.expect("6 * 8")
        try terminal.type("\u{1b}xa7\r")
        try terminal.expect("\n42\n")
    }

    @Test("a program that takes the terminal over gives it back, also from a new pid namespace")
    func foreground() throws {
        let terminal = try start()
        try terminal.enter("proc.run{ 'bash', '--norc', '-i', '-c', 'kill -9 $$', check = false }.signal")
        try terminal.expect("\n\"KILL\"\n")
        try terminal.enter("ns.unshare{ 'pid', 'mount' }")
        try terminal.expect("[mount pid] > ")
        try terminal.enter("proc.run{ 'bash', '--norc' }.code")
        try terminal.expect("# ")
        try terminal.enter("echo inside-$$")
        try terminal.expect("inside-2\n")
        try terminal.enter("exit")
        try terminal.expect("\n0\n")
        try terminal.expect("[mount pid] > ")
        try terminal.enter("4000 + 242")
        try terminal.expect("\n4242\n")
        try terminal.expect("> ")
        try terminal.type("\u{4}")
        #expect(try terminal.ending() == 0)
    }
}
