import Foundation
import TestSupport
import Testing

/// What interrupts a stepped script, or gets in the way of stepping it.
@Suite("tupper step and trouble", .serialized)
struct StepTroubleTests {
    let steps: StepTests

    init() throws { steps = try StepTests() }

    @Test(
        "Ctrl-C stops at the line being run, and once more ends the script",
        arguments: [
            "while true do n = n + 1 end", "while true do end", "repeat pcall(error) until false",
            "coroutine.wrap(function() while true do end end)()", "sys.sleep '100s'",
            "while true do pcall(function() while true do end end) end",
        ])
    func interrupt(line: String) throws {
        let terminal = try steps.start("n = 0\nprint 'runs'\n\(line)\nprint 'not reached'")
        try terminal.enter("c")
        #expect(terminal.sees("runs"))
        Thread.sleep(forTimeInterval: 0.2)
        try terminal.type("\u{3}")
        #expect(terminal.sees("once more ends the script"), "\(terminal.shown)")
        #expect(terminal.sees(StepTests.at(3)) && terminal.sees("step> "), "\(terminal.shown)")
        #expect(terminal.says("p n >= 0, 'looks'", "true\t\"looks\""), "\(terminal.shown)")
        if !line.hasPrefix("sys") {
            // What was said since makes the next Ctrl-C an empty line.
            try terminal.type("\u{3}")
            #expect(terminal.says("p 'again'", "\"again\""))
            try terminal.enter("c")
            Thread.sleep(forTimeInterval: 0.2)
            try terminal.type("\u{3}")
            #expect(terminal.sees("once more") && terminal.sees("step> "), "\(terminal.shown)")
            try terminal.type("\u{3}")
            #expect(try terminal.ending() == 130, "\(terminal.shown)")
        } else {
            try terminal.enter("c")
            #expect(terminal.sees("EINTR"), "\(terminal.shown)")
            #expect(try terminal.ending() == 1, "\(terminal.shown)")
        }
        #expect(!terminal.shown.contains("not reached\r\n"))
    }

    @Test("next goes on from where Ctrl-C stopped, in a function called from there too")
    func nextAfterInterrupt() throws {
        let terminal = try steps.start(
            "local stop = false\nlocal function wait()\n    while not stop do end\n    return 1\nend\nprint(wait())\nprint 'last'\n"
        )
        try terminal.enter("c")
        Thread.sleep(forTimeInterval: 0.3)
        try terminal.type("\u{3}")
        #expect(terminal.sees(StepTests.at(3)) && terminal.sees("step> "), "\(terminal.shown)")
        #expect(terminal.says("p stop = true", "step> "))
        #expect(terminal.says("n", StepTests.at(4)), "\(terminal.shown)")
        #expect(terminal.says("finish", StepTests.at(7)), "\(terminal.shown)")
        #expect(terminal.says("c", "last"))
        #expect(try terminal.ending() == 0)
    }

    @Test("what the person runs at the prompt is stopped by itself")
    func interruptAtPrompt() throws {
        let terminal = try steps.start("local n = 0\nprint 'x'\n")
        try terminal.enter("p print 'runs', pcall(function() while true do end end)")
        try terminal.enter("p (function() print 'runs' while true do end end)()")
        #expect(terminal.sees("runs"))
        Thread.sleep(forTimeInterval: 0.2)
        try terminal.type("\u{3}")
        #expect(terminal.sees("interrupted (SIGINT)") && terminal.sees("step> "), "\(terminal.shown)")
        #expect(terminal.says("n", StepTests.at(2)))
    }

    @Test("with the terminal raw, lines of the stepper begin at the left, and the script's modes are kept")
    func rawTerminal() throws {
        let terminal = try TypedSession(
            ["step", try script()], home: steps.scratch.path, columns: 100, rows: 40,
            environment: ["NO_COLOR": "1"])
        let before = terminal.modes
        #expect(terminal.sees("step> "))
        #expect(terminal.says("n", StepTests.at(2)) && terminal.says("n", StepTests.at(3)))
        #expect(terminal.says("n", "proc.run  "), "\(terminal.shown)")
        #expect(terminal.sees("step> ") && terminal.says("q", "q"))
        #expect(try terminal.ending() == 0)
        #expect(terminal.modes == before)
        #expect(terminal.shown.contains("speed") && terminal.shown.contains("-opost"), "\(terminal.shown)")
        let own = terminal.shown.split(separator: "speed")[0]
        #expect(!own.contains(/[^\r]\n/), "\(own)")
    }

    private func script() throws -> String {
        let lines = ["proc.run{ 'stty', 'raw' }", "local n = 2", "proc.run{ 'stty', '-a' }", "local m = 3"]
        try steps.scratch.write("script.lua", Array(lines.joined(separator: "\n").utf8))
        return steps.scratch("script.lua")
    }

    @Test("an if or a block on one line is one stop, also for a breakpoint")
    func oneLine() throws {
        let terminal = try steps.start(
            "local n = 0\nif n == 0 then n = n + 1 end\ndo n = n + 1 end\n"
                + "if n == 2 then\n    n = 3 else n = 4 end\nfor i = 1, 2 do n = n + i end\nprint(n)")
        #expect(terminal.says("b 2", "breakpoint"))
        #expect(terminal.says("c", StepTests.at(2)))
        for line in [3, 4, 5, 6, 6, 6, 7] {
            #expect(terminal.says("n", StepTests.at(line)), "\(line): \(terminal.shown)")
        }
    }

    static let modules = """
        package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
        local shapes = require "shapes"
        print(shapes.area(2))
        dofile((arg[0]:gsub("script", "more")))
        print "end"
        """

    func startModules() throws -> TypedSession {
        try steps.scratch.write(
            "shapes.lua",
            Array(
                "#!/bin/x\nlocal shapes = {}\nfunction shapes.area(side)\n    return side * side\nend\nreturn shapes\n"
                    .utf8))
        try steps.scratch.write("more.lua", Array("local more = 1\nprint(more)\n".utf8))
        return try steps.start(Self.modules)
    }

    @Test("files that a script requires or runs are stepped into, and over")
    func required() throws {
        let terminal = try startModules()
        #expect(terminal.says("n", StepTests.at(2)))
        #expect(terminal.says("s", "shapes.lua:2 in the main chunk") && terminal.sees(StepTests.at(2)))
        #expect(terminal.says("n", StepTests.at(3)) && terminal.says("finish", StepTests.at(3) + "print"))
        #expect(terminal.says("s", "shapes.lua:4 in area") && terminal.says("up", StepTests.at(3) + "print"))
        #expect(terminal.says("n", StepTests.at(4)), "\(terminal.shown)")
        #expect(terminal.says("n", StepTests.at(5)), "\(terminal.shown)")
        #expect(terminal.says("c", "end"))
        #expect(try terminal.ending() == 0)
    }

    @Test("a breakpoint stands in another file, also before that is read")
    func otherFile() throws {
        let terminal = try startModules()
        #expect(terminal.says("b shapes.lua:3", "breakpoint 1  shapes.lua:3  once that is read"))
        #expect(terminal.says("b more.lua:9 if x", "breakpoint 2  more.lua:9  if x  once that is read"))
        #expect(terminal.says("b more.lua:2 if more == 1", "breakpoint 3"))
        #expect(terminal.says("c", "shapes.lua:3 in the main chunk"), "\(terminal.shown)")
        #expect(terminal.says("b", "shapes.lua:3"))
        #expect(terminal.says("b 4", "breakpoint 4") && terminal.says("c", "shapes.lua:4 in area"))
        #expect(terminal.says("c", "breakpoint 2: ") && terminal.sees("more.lua has no statement on line 9"))
        #expect(terminal.sees("more.lua:2 in the main chunk"), "\(terminal.shown)")
        #expect(terminal.says("delete", "deleted 1, 3, 4"))
        #expect(terminal.says("b other.lua:0", "from 1 on"))
        #expect(terminal.says("c", "end"))
        #expect(try terminal.ending() == 0)
    }

    @Test(
        "a condition that is no expression is refused, and what a file has wrong is told as without stepping")
    func wrong() throws {
        let terminal = try steps.start(
            "local n = 1\nlocal chunk, problem = loadfile(arg[0] .. '.none')\n"
                + "print(chunk, problem)\nprint(pcall(require, 'no.such.module'))\n"
                + "local f = io.open(arg[0] .. '.bad', 'w') f:write 'x = = 1' f:close()\n"
                + "print(loadfile(arg[0] .. '.bad'))")
        #expect(terminal.says("b 3 if n +", "unexpected symbol near <eof>"), "\(terminal.shown)")
        #expect(terminal.says("b 3 if n = 1", "near '='"), "\(terminal.shown)")
        #expect(terminal.says("b", "no breakpoints"))
        #expect(terminal.says("b 4 if n == 1", "breakpoint 1") && terminal.says("c", "nil\tcannot open"))
        #expect(terminal.sees(StepTests.at(4)), "\(terminal.shown)")
        #expect(terminal.says("c", "module 'no.such.module' not found"))
        #expect(terminal.sees("script.lua.bad:1: unexpected symbol near '='"), "\(terminal.shown)")
        #expect(try terminal.ending() == 0)
    }

    @Test("what a coroutine calls is labelled with the coroutine's line")
    func coroutineLabel() throws {
        let terminal = try steps.start(
            "local co = coroutine.wrap(function()\n    local x = 1\n    sys.hostname()\nend)\nco()\nprint 'x'"
        )
        #expect(
            terminal.says("b 6", "breakpoint") && terminal.says("c", "script.lua:3\r\n"), "\(terminal.shown)")
        #expect(terminal.sees("  sys.hostname  "))
    }
}
