import Foundation
import TestSupport
import Testing

/// Ctrl-C and signals, whatever thread of Lua runs and whatever catches errors there.
@Suite("stopping a script", .serialized)
struct StopTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Each runs for ever, after it has said so.
    static let endless = [
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do end end)()",
        "local function f() while true do end end while true do pcall(coroutine.wrap(f)) end",
        "local co = coroutine.create(function() while true do coroutine.yield() end end) "
            + "while true do coroutine.resume(co) end",
        "while true do coroutine.wrap(pcall)(function() while true do end end) end",
        "while true do pcall(sys.sleep, 5) end",
        "while true do os.execute 'sleep 60' end",
        "while true do io.popen('sleep 60'):read() end",
        "coroutine.close(coroutine.create(print)) while true do pcall(sys.uid) end",
    ]

    func start(_ command: String, _ script: String) throws -> TypedSession {
        try scratch.write("script.lua", Array(script.utf8))
        return try TypedSession(
            ["--net", Tupper.path, command, scratch("script.lua")], program: "/usr/bin/unshare",
            home: scratch.path, environment: ["NO_COLOR": "1"])
    }

    @Test("one Ctrl-C ends a script that catches it, or runs a coroutine", arguments: endless)
    func script(line: String) throws {
        let before = try Host.state()
        let terminal = try start("script", "local b <close> = net.bridge 'stopped'\nprint 'runs'\n" + line)
        #expect(terminal.sees("runs"))
        try terminal.type("\u{3}")
        #expect(try terminal.ending() == 130, "\(terminal.shown)")
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test("so does the key that quits, Ctrl-\\")
    func quitKey() throws {
        let before = try Host.state()
        let terminal = try start(
            "script", "local b <close> = net.bridge 'quitted'\nprint 'runs'\nwhile true do end")
        #expect(terminal.sees("runs"))
        try terminal.type("\u{1c}")
        #expect(try terminal.ending() == 131, "\(terminal.shown)")
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test("one Ctrl-C gives back a session's prompt", arguments: endless)
    func session(line: String) throws {
        let terminal = try TypedSession(home: scratch.path)
        try terminal.expect("> ")
        try terminal.enter("do print 'runs'; \(line) end")
        try terminal.expect("\nruns\n")
        try terminal.type("\u{3}")
        try terminal.expect("interrupted\n")
        try terminal.enter("6 * 7, coroutine.wrap(function() return 6 end)()")
        try terminal.expect("\n42\n6\n")
    }

    @Test("Ctrl-C at a prompt is a key: it stops no child of the session, and the keys are put back")
    func children() throws {
        let terminal = try TypedSession(home: scratch.path)
        try terminal.expect("> ")
        try terminal.enter("box = proc.spawn{ 'sleep', '100' }; proc.run{ 'stty', '-a' }")
        try terminal.expect("intr = ^C")
        try terminal.expect("> ")
        try terminal.type("dropped\u{3}")
        try terminal.expect("> ")
        try terminal.enter("box:running(), 'still'")
        try terminal.expect("\ntrue\n\"still\"\n")
        try terminal.expect("> ")
        try terminal.enter("while true do end")
        Thread.sleep(forTimeInterval: 0.3)
        try terminal.type("\u{3}")
        try terminal.expect("interrupted\n")
    }

    @Test("the third signal ends what no hook reaches, and releases what is held")
    func third() throws {
        let before = try Host.state()
        let terminal = try start(
            "script",
            "local b = net.bridge 'stopped'\nprint 'runs'\n"
                + "print(('a'):rep(80):find(('a*'):rep(40) .. 'b'))")
        #expect(terminal.sees("runs"))
        for _ in 0..<3 {
            Thread.sleep(forTimeInterval: 0.2)
            try terminal.type("\u{3}")
        }
        #expect(try terminal.ending() == 130, "\(terminal.shown)")
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test("coroutine.wrap, resume and close are what they were")
    func coroutines() throws {
        let outcome = try Tupper.run(
            """
            local function note(...)
                local words = table.pack(...)
                for index = 1, words.n do words[index] = tostring(words[index]) end
                print(table.concat(words, " "))
            end
            local closer = setmetatable({}, { __close = function() note "closed" end })
            note(pcall(coroutine.wrap(function() error "no" end)))
            local co = coroutine.create(function(a)
                local thing <close> = closer
                coroutine.yield(a + 1)
            end)
            note(coroutine.resume(co, 1))
            note(coroutine.close(co), coroutine.status(co))
            note(select("#", coroutine.wrap(function() end)()))
            for word in coroutine.wrap(function() coroutine.yield "x" coroutine.yield "y" end) do note(word) end
            note(pcall(coroutine.resume, 1))
            note(pcall(coroutine.close, coroutine.running()))
            local dead = coroutine.wrap(function() end)
            dead()
            note(pcall(dead))
            note(select(2, pcall(coroutine.wrap(function() local thing <close> = closer; error { 1 } end)))[1])
            """)
        // As lua5.4 prints it.
        #expect(
            outcome.output == """
                false stdin:7: no
                true 2
                closed
                true dead
                0
                x
                y
                false bad argument #1 to 'coroutine.resume' (thread expected, got number)
                false cannot close a running coroutine
                false cannot resume dead coroutine
                closed
                1

                """, "\(outcome.errors)")
    }
}
