import TestSupport
import Testing

/// A person at `tupper repl`: what is typed at a real terminal, and what is printed.
@Suite("tupper repl at a terminal", .serialized)
struct ReplTests {
    let home: Scratch

    init() throws { home = try Scratch() }

    /// A session that shows its first prompt.
    func start(
        _ arguments: [String] = ["repl"], columns: UInt16 = 80, environment: [String: String] = [:]
    ) throws -> TypedSession {
        let terminal = try TypedSession(
            arguments, home: home.path, columns: columns, environment: environment)
        try terminal.expect("> ")
        return terminal
    }

    @Test("an expression prints its value, and _ is the last one")
    func expression() throws {
        let terminal = try start()
        try terminal.enter("{ 1, key = { 'two' } }")
        try terminal.expect("\n{ 1, key = { \"two\" } }\n")
        try terminal.enter("_[1] + 41")
        try terminal.expect("\n42\n")
        try terminal.enter("x = 7")
        try terminal.enter("x, _")
        try terminal.expect("\n7\n42\n")
    }

    @Test("plain tupper opens the same prompt, and Ctrl-D leaves with status 0")
    func plain() throws {
        let terminal = try start([])
        try terminal.enter("'a' .. 'b'")
        try terminal.expect("\n\"ab\"\n")
        try terminal.expect("> ")
        try terminal.type("\u{4}")
        #expect(try terminal.ending() == 0)
        for word in ["exit", " quit() "] {
            let other = try start()
            try other.enter(word)
            #expect(try other.ending() == 0)
        }
    }

    @Test("an unfinished chunk continues on the next line")
    func unfinished() throws {
        let terminal = try start()
        try terminal.enter("function twice(x)")
        try terminal.expect(">> ")
        try terminal.enter("  return 2 * x")
        try terminal.expect(">> ")
        try terminal.enter("end")
        try terminal.enter("twice(21)")
        try terminal.expect("\n42\n")
        try terminal.enter("{ 1,")
        try terminal.expect(">> ")
        try terminal.enter("2 }")
        try terminal.expect("\n{ 1, 2 }\n")
        try terminal.enter("1 + + 2")
        try terminal.expect("repl:1: unexpected symbol near '+'\n")
        try terminal.enter("'no end")
        try terminal.expect("unfinished string")
        try terminal.expect("> ")
    }

    @Test("the arrow keys bring back a chunk of several lines, whole")
    func history() throws {
        let terminal = try start()
        for line in ["for i = 1, 2 do", "print('turn ' .. i)", "end"] { try terminal.enter(line) }
        try terminal.expect("turn 1\nturn 2\n")
        try terminal.expect("> ")
        try terminal.type("\u{1b}[A\r")
        try terminal.expect("turn 1\nturn 2\n")
    }

    @Test("what was typed in one session is found by Ctrl-R in the next")
    func search() throws {
        do {
            let terminal = try start()
            try terminal.enter("print('found ' .. 6 * 7)")
            try terminal.expect("\nfound 42\n")
            try terminal.expect("> ")
            try terminal.type("\u{4}")
            #expect(try terminal.ending() == 0)
        }
        let written = try #require(home.read(".local/state/tupper/history"))
        #expect(String(decoding: written, as: UTF8.self) == "print('found ' .. 6 * 7)\n")
        let terminal = try start()
        try terminal.type("\u{12}found")
        try terminal.expect("found ' .. 6")
        try terminal.type("\r")
        try terminal.expect("\nfound 42\n")
    }

    @Test("pasted lines are taken as one piece, and run at Enter")
    func paste() throws {
        let terminal = try start()
        try terminal.type("\u{1b}[200~if true then\r\tprint('pa' .. 'sted')\rend\u{1b}[201~")
        try terminal.expect("sted')")
        try terminal.type("\r")
        try terminal.expect("\npasted\n")
    }

    @Test("a chunk of 10,000 lines is pasted, with marks and without")
    func longPaste() throws {
        let terminal = try start()
        let lines = ["big = {"] + (1...10_000).map { "  { number = \($0), name = 'row' }," } + ["}"]
        try terminal.type("\u{1b}[200~\(lines.joined(separator: "\r"))\u{1b}[201~\r")
        try terminal.enter("#big, 'with marks'")
        try terminal.expect("\n10000\n\"with marks\"\n")
        try terminal.enter("big = nil")
        try terminal.type(lines.joined(separator: "\r") + "\r")
        try terminal.enter("#big, 'without'")
        try terminal.expect("\n10000\n\"without\"\n", within: 120)
    }

    @Test("Ctrl-C drops a line, and stops a chunk but not the session")
    func interrupt() throws {
        let terminal = try start()
        try terminal.type("this is no Lua")
        try terminal.expect("no Lua")
        try terminal.type("\u{3}")
        try terminal.expect("> ")
        try terminal.enter("print 'running'; while true do end")
        try terminal.expect("\nrunning\n")
        try terminal.type("\u{3}")
        try terminal.expect("interrupted\n")
        try terminal.enter("print 'sleeping'; sys.sleep '100s'")
        try terminal.expect("\nsleeping\n")
        try terminal.type("\u{3}")
        try terminal.expect("interrupted\n")
        try terminal.enter("6 * 7")
        try terminal.expect("\n42\n")
    }

    @Test("an error is one line with its hint, and the traceback comes on request")
    func error() throws {
        let terminal = try start()
        try terminal.enter("local function inner() fs.mount{ source = '/nowhere', targte = '/' } end inner()")
        let said = try terminal.expect("did you mean 'target'?\n")
        #expect(!said.contains("stack traceback"))
        try terminal.enter("traceback()")
        try terminal.expect("stack traceback:")
        try terminal.expect("inner")
        try terminal.enter("error 'text'")
        #expect(try !terminal.expect("repl:1: text\n").contains("stack traceback"))
        try terminal.expect("> ")
    }

    @Test("Tab completes globals, fields, methods, options, words and paths")
    func completion() throws {
        let terminal = try start()
        try terminal.type("uni\u{9}")
        try terminal.type("\u{15}string.up\u{9}")
        try terminal.expect("string.upper")
        try terminal.type("('x')\r")
        try terminal.expect("\n\"X\"\n")
        try terminal.type("fs.mount{ so\u{9}'/pr\u{9}")
        try terminal.expect("source = ")
        try terminal.expect("/proc/")
        try terminal.type("\u{15}ns.unshare{ 'mou\u{9}")
        try terminal.expect("mount'")
        try terminal.type("\u{15}fs.pro\u{9}('/', 'sl\u{9}")
        try terminal.expect("propagation")
        try terminal.expect("slave'")
        try terminal.type("\u{15}box = proc.spawn{ 'sleep', '100' }\r")
        try terminal.expect("> ")
        try terminal.type("box:sig\u{9} 'KILL'\rbox:wa\u{9}().signal\r")
        try terminal.expect("\n\"KILL\"\n")
    }

    @Test("Tab lists what there is to choose from")
    func list() throws {
        let terminal = try start()
        try terminal.type("fs.mo\u{9}")
        try terminal.expect("\nmount   mounts  move\n")
        try terminal.expect("> fs.mo")
        try terminal.type("unts()[1].parent ~= nil\r")
        try terminal.expect("\ntrue\n")
    }
}
