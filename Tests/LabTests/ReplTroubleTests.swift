import Foundation
import TestSupport
import Testing

/// What a prompt must stand.
@Suite("tupper repl in trouble", .serialized)
struct ReplTroubleTests {
    let home: Scratch

    init() throws { home = try Scratch() }

    func start(_ arguments: [String] = ["repl"], columns: UInt16 = 80, rows: UInt16 = 24) throws
        -> TypedSession
    {
        let terminal = try TypedSession(arguments, home: home.path, columns: columns, rows: rows)
        try terminal.expect("> ")
        return terminal
    }

    @Test("errors in lines from a pipe name their lines")
    func pipedLines() throws {
        let outcome = try Tupper.shell(
            "$TUPPER repl", environment: [:],
            input:
                "x = 1\nerror 'a'\n\nfor i = 1, 2 do\n  x = i\nend error 'b'\nlocal y = 1\nx = = 2\n1 + nil; error 'c'\n"
                + String(repeating: "\n", count: 100) + "do\nx = \n")
        let lines = outcome.errors.split(separator: "\n").map {
            $0.split(separator: ":").prefix(2).joined(separator: ":")
        }
        #expect(lines == ["repl:2", "repl:6", "repl:8", "repl:9", "repl:111"], "\(outcome.errors)")
        #expect(outcome.status == 1)
    }

    @Test("save tells in its own name what it cannot write")
    func unsavable() throws {
        let outcome = try Tupper.shell(
            "$TUPPER repl", environment: [:],
            input: "save '/nowhere/x.lua'\nsave '/proc/x'\nsave '\(home.path)'\nsave(('x'):rep(5000))\n")
        #expect(
            outcome.errors == """
                repl:1: save: openat "/nowhere/x.lua": no such file or directory (ENOENT)
                repl:2: save: openat "/proc/x": no such file or directory (ENOENT)
                repl:3: save: openat "\(home.path)": is a directory (EISDIR)
                  hint: save("\(home.path)/recipe.lua")
                repl:4: save: argument 1 (path): a path wanted

                """)
    }

    @Test("a string of 1 MB is cut to the screen, and show prints all of it")
    func longString() throws {
        let terminal = try start()
        try terminal.enter("('x'):rep(1 << 20)")
        let cut = try terminal.expect("show(_) prints all\n")
        #expect(cut.utf8.count < 4000 && cut.contains("1048578 bytes in all"))
        try terminal.enter("show(_); 'all' .. ' of it'")
        try terminal.enter("'all' .. ' of it'")
        #expect(try terminal.expect("\"all of it\"").utf8.count < 1 << 20)
        try terminal.enter("show(('x'):rep(1 << 20))")
        try terminal.enter("'that was' .. ' all'")
        #expect(try terminal.expect("\"that was all\"").utf8.count > 1 << 20)
        try terminal.enter("t = {}; for i = 1, 1000 do t[i] = { i } end")
        try terminal.enter("t")
        try terminal.expect("more lines; show(_) prints all\n")
        try terminal.enter("error(('e'):rep(1 << 20))")
        #expect(try terminal.expect("eee...\n").utf8.count < 4000)
    }

    @Test("bytes that are not UTF-8 are typed, run, printed and kept in the history as they are")
    func strayBytes() throws {
        let terminal = try start()
        try terminal.type(bytes: Array("s = 'a".utf8) + [0xff, 0xc3] + Array("b'\r".utf8))
        try terminal.expect("> ")
        try terminal.enter("s")
        try terminal.expect("\n\"a\\xFF\\xC3b\"\n")
        try terminal.enter("'grün 漢字 🙂'")
        try terminal.expect("\n\"grün 漢字 🙂\"\n")
        try terminal.expect("> ")
        try terminal.type("'gr\u{fc}\u{7f}\u{7f}un' .. 'd'\r")
        try terminal.expect("\n\"gund\"\n")
        let history = try #require(home.read(".local/state/tupper/history"))
        #expect(history.starts(with: Array("s = 'a".utf8) + [0xff, 0xc3] + Array("b'\n".utf8)))
    }

    @Test("a terminal of 20 columns has room for a long line, a list and a value")
    func narrow() throws {
        let terminal = try start(columns: 20, rows: 8)
        try terminal.enter("ns.unshare{ 'mount', 'uts', 'ipc', 'net' }; sys.hostname 'tupperware'")
        try terminal.enter("sum = 0; for i = 1, 10 do sum = sum + i end print('sum ' .. sum)")
        try terminal.expect("\nsum 55\n")
        try terminal.expect("> ")
        try terminal.type("string.f\u{9}")
        try terminal.expect("\nfind    format\n")
        try terminal.type("\u{15}{ one = 'eleven letters', two = 'twelve letters' }\r")
        try terminal.expect("one = \"eleven letters\",\n  two")
    }

    @Test("a window that changes its size while a line is typed")
    func resize() throws {
        let terminal = try start()
        try terminal.type("x = 'a line that is typed ")
        try terminal.expect("typed ")
        for columns in [30, 10, 200, 80] as [UInt16] {
            terminal.resize(columns: columns, rows: 10)
            // The line is shown once more, at least its end.
            try terminal.expect("> ")
        }
        try terminal.type("on'; #x, 'resized'\r")
        try terminal.expect("unexpected symbol near '#'")
        try terminal.type("x = 'a line that is typed ")
        try terminal.expect("> x = 'a line that is typed ")
        terminal.resize(columns: 40, rows: 10)
        try terminal.expect("> x = 'a line that is typed ")
        try terminal.type("on'\r")
        try terminal.enter("x .. ', and on'")
        try terminal.expect("\n\"a line that is typed on, and on\"\n")
    }

    @Test("the keys of vi, by option and by editrc", arguments: [true, false])
    func vi(byOption: Bool) throws {
        if !byOption { try home.write(".editrc", Array("bind -v\n".utf8)) }
        let terminal = try start(byOption ? ["repl", "--vi"] : ["repl"])
        try terminal.type("6 * 8")
        try terminal.expect("6 * 8")
        // Escape, delete the character, append.
        try terminal.type("\u{1b}xa7\r")
        try terminal.expect("\n42\n")
    }

    @Test("a program that leaves the terminal raw and silent does no harm")
    func modes() throws {
        let terminal = try start()
        try terminal.enter("proc.run{ 'stty', 'raw', '-echo' }.code")
        try terminal.expect("\n0\n")
        let stty = "stty -a | grep -ow -- '-icanon' || echo cooked again"
        try terminal.enter("proc.run{ 'sh', '-c', [[\(stty)]] }; line = io.read()")
        try terminal.expect("\ncooked again\n")
        try terminal.enter("typed at a cooked terminal")
        try terminal.enter("line")
        try terminal.expect("\n\"typed at a cooked terminal\"\n")
    }

    @Test("history on a full disk, and on one that is read-only: said once, and the session goes on")
    func history() throws {
        try home.makeDirectory("state")
        let terminal = try start()
        try terminal.enter("ns.unshare{ 'mount' }")
        try terminal.expect("mount] > ")
        try terminal.enter(
            "function inner() proc.run{ '\(Tupper.path)', 'repl', env = { XDG_STATE_HOME = s } } end")
        try terminal.enter(
            "s = '\(home.path)/state'; fs.tmpfs(s, { size = '64K' }); fs.mkdir(s .. '/tupper')")
        try terminal.enter("fs.write(s .. '/tupper/history', 'x = 1\\n')")
        try terminal.enter("pcall(fs.write, s .. '/filler', ('x'):rep(1 << 17))")
        try terminal.expect("ENOSPC")
        try terminal.enter("inner()")
        try terminal.expect("Ctrl-D leaves.\n")
        // Before there is a prompt, a terminal takes no line this long.
        try terminal.expect("> ")
        let long = "#'\(String(repeating: "y", count: 5000))'"
        try terminal.enter(long)
        try terminal.expect("tupper: history is kept no longer: no space left on device (ENOSPC)\n5000\n")
        try terminal.expect("> ")
        try terminal.enter(long)
        #expect(try !terminal.expect("\n5000\n").contains("history is"))
        try terminal.expect("> ")
        try terminal.type("\u{4}")
        try terminal.expect("mount] > ")
        try terminal.enter("fs.read(s .. '/tupper/history')")
        try terminal.expect("\n\"x = 1\\n\"\n")
        try terminal.enter("fs.mount{ source = 'none', type = 'tmpfs', target = '/srv', readonly = true }")
        try terminal.enter("s = '/srv'; inner()")
        try terminal.expect("tupper: history is not kept: /srv/tupper: read-only file system (EROFS)\n")
        try terminal.enter("6 * 7")
        try terminal.expect("\n42\n")
    }

    @Test("os.exit gives the status, and proc.exec the terminal to another program")
    func leave() throws {
        let one = try start()
        try one.enter("os.exit(3)")
        #expect(try one.ending() == 3)
        let two = try start()
        try two.enter("proc.exec{ 'sh', '-c', 'echo in a shell; read line; echo \"got $line\"; exit 5' }")
        try two.expect("\nin a shell\n")
        try two.enter("this")
        try two.expect("\ngot this\n")
        #expect(try two.ending() == 5)
    }

    // MARK: Without a terminal

    private func pipe(_ shell: String) throws -> Tupper.Outcome {
        try Tupper.shell(shell, environment: ["HOME": home.path])
    }

    @Test("chunks from a pipe print their values, and the last one gives the status")
    func piped() throws {
        let one = try pipe("printf 'x = {\\n  1,\\n}\\nx\\n\"a\", nil' | $TUPPER repl")
        #expect(one.output == "{ 1 }\n\"a\"\nnil\n" && one.errors == "" && one.status == 0)
        let two = try pipe("printf 'error \"no\"\\n6 * 7\\n' | $TUPPER")
        #expect(two.output == "42\n" && two.errors == "repl:1: no\n" && two.status == 0)
        let three = try pipe("printf '1\\nfs.read \"/none\"\\n' | $TUPPER repl")
        #expect(three.output == "1\n" && three.errors.contains("ENOENT") && three.status == 1)
        let four = try pipe("printf 'for i = 1, 2 do' | $TUPPER repl")
        #expect(four.errors.contains("'end' expected near <eof>") && four.status == 1)
        #expect(
            try pipe("printf 'proc.run{ \"cat\" }.code\\nleft for cat\\n' | $TUPPER repl").output
                == "left for cat\n0\n")
        #expect(home.read(".local/state/tupper/history") == nil)
    }

    @Test("standard input that is closed is an end, and no file takes its place")
    func closed() throws {
        let outcome = try pipe(
            "$TUPPER repl <&-; echo $?; echo 'fs.list \"/proc/self/fd\"' | $TUPPER repl 2>&- | cat")
        #expect(outcome.output.hasPrefix("0\n{ \"0\", \"1\", \"2\""), "\(outcome.output)\(outcome.errors)")
        #expect(try pipe("echo 1 | $TUPPER repl >&-").status == 0)
    }
}
