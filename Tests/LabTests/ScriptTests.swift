import TestSupport
import Testing

@Suite("tupper script")
struct ScriptTests {
    @Test("a script's output and its arguments")
    func arguments() throws {
        let outcome = try Tupper.run("print(arg[0], arg[1], ...)", arguments: ["one"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "stdin\tone\tone\n")
    }

    @Test("a Lua error ends with status 1 and its place")
    func luaError() throws {
        let outcome = try Tupper.run("local x = 1\nerror 'no'")
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("stdin:2: no"))
    }

    @Test("a syntax error names its line and shows it")
    func syntaxError() throws {
        let outcome = try Tupper.run("local x = 1\nlocal y = = \u{1b}2")
        #expect(outcome.status == 1)
        #expect(outcome.errors == "stdin:2: unexpected symbol near '='\n  local y = = \u{fffd}2\n")
    }

    @Test(
        "an error that is no text is shown with what is in it, and no terminal acts on what an error says",
        arguments: [
            ("error { code = 2, '\\27[2J' }", "an error without words: { \"\\27[2J\", code = 2 }\n"),
            ("error(nil)", "an error without words: nil\n"),
            (
                "error(setmetatable({}, { __tostring = function() return 'in words \\27[2J' end }))",
                "in words \u{fffd}[2J\n"
            ),
            ("error('\\27[2J\\194\\155', 0)", "\u{fffd}[2J\u{fffd}\nstack traceback:"),
        ])
    func errorValue(_ script: String, _ words: String) throws {
        let outcome = try Tupper.run(script)
        #expect(outcome.status == 1 && outcome.errors.hasPrefix(words), "\(outcome.errors)")
        let session = try Tupper.shell("$TUPPER repl", environment: [:], input: script + "\n")
        #expect(session.errors.hasPrefix(words.replacing("stack traceback:", with: "")), "\(session.errors)")
    }

    @Test("a handle tells what became of it, and paths below a root have one slash")
    func handleTexts() throws {
        let outcome = try Tupper.run(
            """
            ns.unshare{ "mount" }
            local process, released = proc.spawn{ "true" }, proc.spawn{ "sleep", "9" }
            print((tostring(process):gsub("%d+", "N")))
            process:wait() released:release()
            print((tostring(process):gsub("%d+", "N")), (tostring(released):gsub("%d+", "N")))
            local mount = fs.tmpfs "/mnt"
            print(select(2, pcall(fs.list, "/nope", { root = "/mnt" })), select(2, pcall(fs.list, "/nope", { root = "/" })))
            mount:release()
            print(mount)
            """, options: ["--trace"])
        #expect(
            outcome.output == """
                process N
                process N (ended)\tprocess N (ended)
                fs.list: openat2 "/mnt/nope": no such file or directory (ENOENT)\t\
                fs.list: openat2 "/nope": no such file or directory (ENOENT)
                mount /mnt (released)

                """, "\(outcome.errors)")
        #expect(outcome.errors.contains("ls -A /mnt/nope\n") && outcome.errors.contains("ls -A /nope\n"))
        #expect(!outcome.errors.contains(" \n"))
    }

    @Test("what a script returns is not looked at", arguments: ["print", "3", "{ print }"])
    func returned(_ value: String) throws {
        let outcome = try Tupper.run("print 'ran'\nreturn \(value)")
        #expect(outcome.status == 0 && outcome.output == "ran\n" && outcome.errors == "", "\(outcome.errors)")
    }

    @Test(
        "a script that cannot be read is named with the cause",
        arguments: [("/nowhere/x.lua", "no such file or directory"), ("/etc", "is a directory")])
    func unreadable(_ path: String, _ cause: String) throws {
        let outcome = try Tupper.command(["script", path])
        #expect(outcome.status == 1 && outcome.errors == "tupper: \(path): \(cause)\n", "\(outcome.errors)")
    }

    @Test("an argument of the wrong type is refused with position and type")
    func wrongType() throws {
        let outcome = try Tupper.run("ns.id(true)")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("stdin:1: ns.id: argument 1 (kind): one of mount"))
    }

    @Test("an error object has fields")
    func errorFields() throws {
        let outcome = try Tupper.run(
            """
            local ok, err = pcall(ns.id, "net", 2147483647)
            print(ok, err.primitive, err.call, err.code)
            """)
        #expect(outcome.output == "false\tns.id\tstat\tENOENT\n", "\(outcome.errors)")
    }

    @Test("a hostname set in a namespace of its own is not the host's")
    func hostname() throws {
        let outcome = try Tupper.run(
            """
            local outside = ns.id "uts"
            ns.unshare{ "uts" }
            sys.hostname "tupperware"
            print(sys.hostname(), ns.id "uts" ~= outside)
            """)
        #expect(outcome.output == "tupperware\ttrue\n", "\(outcome.errors)")
        #expect(try Tupper.run("io.write(sys.hostname())").output != "tupperware")
    }

    @Test(
        "a name of a namespace that the script did not make is set back at its end, unless it is to be kept")
    func hostnameSetBack() throws {
        let outcome = try Tupper.runShell(
            """
            unshare --mount --uts bash -s <<'END'
            mount -t tmpfs -o mode=755 run /run; hostname before
            try() { '\(Tupper.path)' script - <<<"$1" 2>/dev/null; hostname; }
            try 'sys.hostname "one"; sys.hostname "two"; print(sys.hostname())'
            try 'sys.hostname "one"; ns.unshare{ "uts", "pid" }; sys.hostname "two"; print(sys.hostname())'
            try 'proc.fork(function() sys.hostname "child" end):wait(); error "no"'
            try 'sys.hostname "mine"; proc.run{ "hostname", "theirs" }'; hostname before
            try 'sys.hostname "killed"; proc.kill(proc.self(), "KILL")' 2>&-
            '\(Tupper.path)' clean
            try 'sys.hostname("kept", { keep = true })'
            hostname before
            '\(Tupper.path)' repl <<<$'sys.hostname "a"\\n#made()\\nundo()\\nsys.hostname()\\nsys.hostname "b"'; hostname
            END
            """)
        let clean = "removed kernel parameter kernel/hostname (it was before)"
        #expect(
            outcome.output.split(separator: "\n").joined(separator: "|")
                == "two|before|two|before|before|theirs|killed|\(clean)|kept|\"a\"|1|"
                + "taken back: hostname (it was before)|\"before\"|\"b\"|before", "\(outcome.errors)")
    }

    @Test("--trace prints each primitive with its place and the shell line that does the same")
    func trace() throws {
        let script =
            "ns.unshare{ 'mount' }\nfs.tmpfs('/mnt', { size = '1M', noexec = true })\nfs.unmount '/mnt'"
        let lines = try Tupper.run(script, options: ["--trace"]).errors.split(separator: "\n")
        // What is gone by the end is not released then.
        #expect(lines.count == 3)
        #expect(lines[0].hasSuffix("# unshare --mount"))
        #expect(
            lines[1].contains("stdin:2  fs.tmpfs") && lines[1].contains(" ms  # mount -t tmpfs -o size=1M"))
        #expect(lines[2].hasSuffix("# umount /mnt"))
    }

    @Test("os.exit releases, and its status is the program's")
    func exit() throws {
        let outcome = try Tupper.run("ns.unshare{ 'mount' }; fs.tmpfs '/mnt'; os.exit(7)")
        #expect(outcome.status == 7 && outcome.errors.isEmpty)
    }

    @Test("os.execute tells of a command's end as Lua's own does")
    func execute() throws {
        let outcome = try Tupper.run(
            """
            io.write "before " print(os.execute "echo said")
            print(os.execute "exit 3") print(os.execute "kill -9 $$") print(os.execute())
            ns.unshare { "mount" }
            fs.tmpfs "/mnt" fs.chroot "/mnt"
            print(os.execute "true") print(os.execute())
            """)
        let expected =
            "before said\ntrue\texit\t0\nnil\texit\t3\nnil\tsignal\t9\ntrue\nnil\texit\t127\nfalse\n"
        #expect(outcome.output == expected, "\(outcome.errors)")
    }

    @Test("inspect shows nested tables readably")
    func inspect() throws {
        let outcome = try Tupper.run(
            "local t = {1, 'a', k = {x = 2}}; t.self = t; print(require 'inspect'(t))")
        #expect(outcome.output == "{ 1, \"a\", k = { x = 2 }, self = <itself> }\n", "\(outcome.errors)")
    }

    @Test("where a standard file is closed, /dev/null stands in rather than a file of the program's own")
    func closedFiles() throws {
        let outcome = try Tupper.runShell(
            """
            file=$(mktemp); tupper='\(Tupper.path)'
            echo 'proc.run{ "readlink", "/proc/self/fd/0", "/proc/self/fd/2" }' >$file
            $tupper script $file <&- 2>&-
            $tupper record -o /dev/null $file <&- 2>&-
            $tupper step $file <&- | grep -c "^step> "
            $tupper repl <&-; echo $?; rm $file
            """)
        #expect(
            outcome.output == String(repeating: "/dev/null\n", count: 4) + "1\n0\n",
            "\(outcome.output)\(outcome.errors)")
    }
}
