import Foundation
import TestSupport
import Testing

@Suite("Reference")
struct ReferenceTests {
    /// The stubs in one directory, by name.
    private func stubs() throws -> (Scratch, [String: String]) {
        let scratch = try Scratch()
        let outcome = try Tupper.run(arguments: ["stubs", scratch("stubs")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let paths = outcome.output.split(separator: "\n").map(String.init)
        return (
            scratch,
            try Dictionary(
                uniqueKeysWithValues: paths.map {
                    (
                        URL(fileURLWithPath: $0).lastPathComponent,
                        try String(contentsOfFile: $0, encoding: .utf8)
                    )
                })
        )
    }

    @Test("the stubs are Lua that compiles and that luacheck reads")
    func compile() throws {
        let (scratch, files) = try stubs()
        #expect(files.count > 8 && files["fs.lua"] != nil && files["inspect.lua"] != nil)
        let outcome = try Tupper.run(
            "for _, name in ipairs(fs.list(arg[1])) do assert(loadfile(arg[1] .. '/' .. name)) end",
            arguments: [scratch("stubs")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let check = try Tupper.runShell(
            "cd '\(scratch("stubs"))' && luacheck *.lua --std lua54 --no-config -q --only '0.*'")
        #expect(check.status == 0, "\(check.output)")
    }

    @Test("the stubs are LuaCATS: known tags, every type of ours defined once, parameters as in the function")
    func annotations() throws {
        let (_, files) = try stubs()
        let own = files.filter { $0.value.hasPrefix("---@meta") }
        let text = own.values.joined(separator: "\n")
        let tags = text.matches(of: /(?m)^---@([a-z]+)/).map { String($0.1) }
        #expect(Set(tags).isSubset(of: ["meta", "class", "field", "param", "return", "alias", "see"]))
        let defined = text.matches(of: /(?m)^---@(?:class|alias) (?:\(exact\) )?([A-Za-z0-9_.]+)/).map {
            String($0.1)
        }
        #expect(Set(defined).count == defined.count)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var parameters: [String] = []
        for line in lines {
            if line.hasPrefix("---@") {
                // What follows the type is prose.
                let words = line.split(separator: "#")[0]
                for use in words.matches(of: /\b(tupper\.[a-z_]+|[a-z_]+\.[a-z_]+\.Options)\b/) {
                    #expect(defined.contains(String(use.1)), "\(line)")
                }
            }
            if let parameter = line.firstMatch(of: /^---@param ([a-z_]+)\??/) {
                parameters.append(String(parameter.1))
            }
            if let function = line.firstMatch(of: /^function [A-Za-z_.:]+\((.*)\) end$/) {
                let named = function.1.split(separator: ", ").map(String.init)
                #expect(named == parameters, "\(line)")
                parameters = []
            }
        }
    }

    private struct Declarations: Decodable {
        struct Named: Decodable { let name: String }
        struct Module: Decodable {
            let name: String
            let primitives: [Named]
        }
        let modules: [Module]
    }

    private func declarations() throws -> [Declarations.Module] {
        let json = try Tupper.run(arguments: ["reference", "--json"]).output
        return try JSONDecoder().decode(Declarations.self, from: Data(json.utf8)).modules
    }

    @Test("the manual tells of every primitive, and its links lead somewhere")
    func manual() throws {
        let manual = try Tupper.run(arguments: ["reference"]).output
        let modules = try declarations()
        #expect(modules.map(\.name).prefix(3) == ["ns", "fs", "net"])
        let headings = manual.matches(of: /(?m)^##+ (.*)$/).map { String($0.1) }
        for primitive in modules.flatMap(\.primitives) {
            #expect(headings.contains(primitive.name), "\(primitive.name)")
        }
        let anchors = Set(
            headings.map { heading in
                heading.lowercased().filter { $0.isLetter || $0.isNumber || "_- ".contains($0) }
                    .replacing(" ", with: "-")
            })
        for link in manual.matches(of: /\]\(#([^)]*)\)/) {
            #expect(anchors.contains(String(link.1)), "\(link.1)")
        }
    }

    @Test("the manual page is set without a warning")
    func manualPage() throws {
        let page = try Tupper.run(arguments: ["reference", "--man"]).output
        let scratch = try Scratch()
        try scratch.write("tupper.1", Array(page.utf8))
        let outcome = try Tupper.runShell(
            "LC_ALL=C.UTF-8 groff -man -Tutf8 -ww -rLL=200n '\(scratch("tupper.1"))' | col -b")
        #expect(outcome.errors == "")
        #expect(outcome.output.contains("fs.bind(source, target, [options])"))
        for words in [
            "-o, --output <output>", "--follow <follow>", "--dry-run", "--generate-completion-script",
            "NO_COLOR",
            "XDG_RUNTIME_DIR", "~/.local/state/tupper/history", "/run/tupper", "/var/cache/tupper", "128+N",
            "f, finish",
        ] { #expect(outcome.output.contains(words), "\(words)") }
    }

    @Test("README's primitives at a glance are those there are")
    func readme() throws {
        let readme = try String(
            contentsOfFile: Tupper.repository.appendingPathComponent("README.md").path, encoding: .utf8)
        let start = try #require(readme.range(of: "## The primitives at a glance"))
        let section = readme[start.upperBound...].prefix(while: { $0 != "#" })
        for module in try declarations().map(\.name) where module != "os" {
            let listed = try #require(
                section.firstMatch(of: try Regex("(?s)- `\(module)`: (.*?)\n(- `|\n)")), "\(module)")
            // A part that is not a list of single words says something about them.
            let lists = (listed.output[1].substring ?? "").split(separator: ";").map { part in
                part.split(separator: ",").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            }.filter { $0.allSatisfy { !$0.contains(" ") && !$0.contains("`") } }
            let names = Set(lists.flatMap(\.self))
            let help = try Tupper.run(arguments: ["help", module]).output
            let declared = Set(
                help.matches(of: try Regex("(?m)^  \(module)\\.([a-z_]+)")).compactMap {
                    $0.output[1].substring.map(String.init)
                })
            #expect(names.symmetricDifference(declared) == [], "\(module)")
        }
    }

    @Test(
        "what shells complete: commands, options, and the names that help knows",
        arguments: ["bash", "zsh", "fish"])
    func completion(_ shell: String) throws {
        let script = try Tupper.run(arguments: ["--generate-completion-script", shell])
        #expect(script.status == 0, "\(script.errors)")
        for word in ["doctor", "stubs", "trace"] { #expect(script.output.contains(word), "\(word)") }
    }

    @Test(
        "zsh and fish complete commands, names, files and the values of options", arguments: ["zsh", "fish"])
    func interactive(_ shell: String) throws {
        let scratch = try Scratch()
        let script = try Tupper.run(arguments: ["--generate-completion-script", shell]).output
        try scratch.write(shell == "zsh" ? "_tupper" : "tupper.fish", Array(script.utf8))
        try scratch.write("build.lua", [])
        let terminal = try TypedSession(
            shell == "zsh" ? ["-f", "-i"] : ["--no-config"], program: "/usr/bin/\(shell)", home: scratch.path,
            environment: [
                "PATH": "\(URL(fileURLWithPath: Tupper.path).deletingLastPathComponent().path):/usr/bin:/bin"
            ])
        try terminal.enter("cd; echo rea''dy")
        try terminal.expect("ready")
        try terminal.enter(
            shell == "zsh"
                ? "fpath=(~ $fpath); autoload -Uz compinit; compinit -u -d ~/dump; echo loa''ded"
                : "source tupper.fish; echo loa''ded")
        try terminal.expect("loaded")
        for (typed, completed) in [
            ("tupper doct", "doctor"), ("tupper help fs.unm", "fs.unmount"), ("tupper step bui", "build.lua"),
            ("tupper step --follow bo", "both"), ("tupper record build.lua --outp", "--output"),
        ] {
            // The line as it was completed is printed: what is drawn while typing jumps about.
            try terminal.type(typed + "\t")
            try terminal.type("\u{1}echo got-\u{5}\r")
            try terminal.expect("got-tupper")
            try terminal.expect("\(completed)")
        }
    }

    @Test("bash completes the names of primitives after help")
    func bash() throws {
        let outcome = try Tupper.runShell(
            """
            PATH=$(dirname '\(Tupper.path)'):$PATH
            source <(tupper --generate-completion-script bash)
            COMP_WORDS=(tupper help fs.unm); COMP_CWORD=2; COMP_LINE='tupper help fs.unm'; COMP_POINT=${#COMP_LINE}
            _tupper tupper fs.unm help
            echo "${COMPREPLY[@]}"
            """)
        #expect(outcome.output.contains("fs.unmount"), "\(outcome.output)\(outcome.errors)")
    }

    @Test(
        "help on what one types in a shell leads to the primitives that do it",
        arguments: [
            ("ls", "fs.list"), ("mkfs.btrfs", "fs.image"), ("iptables", "net.masquerade"),
            ("ip link", "net.links"), ("ip addr add", "link:address"), ("mount --bind", "fs.bind"),
            ("mount", "fs.mount"), ("chroot", "fs.chroot"), ("mkfs.xfs /dev/vdb", "fs.image"),
        ])
    func shellWords(line: String, name: String) throws {
        let outcome = try Tupper.run(arguments: ["help", line])
        #expect(outcome.status == 0, "\(outcome.errors)")
        // First in its list, or the page itself.
        let start = outcome.output.contains("The work of") ? "is done by:\n  \(name) " : "\(name)("
        #expect(outcome.output.contains(start), "\(outcome.output)")
        let words = line.split(separator: " ").map(String.init)
        #expect(try Tupper.run(arguments: ["help"] + words).output == outcome.output)
    }

    @Test("a name without help is a failure that offers the nearest one; wrong usage is 64")
    func failures() throws {
        let outcome = try Tupper.run(arguments: ["help", "fs.mout"])
        #expect(outcome.status == 1 && outcome.errors.contains("did you mean \"fs.mount\"?"))
        #expect(try Tupper.run(arguments: ["reference", "--man", "--json"]).status == 64)
        #expect(try Tupper.run(arguments: ["stubs", "/proc/nowhere"]).errors.hasPrefix("tupper: mkdirat"))
        let none = try Tupper.run(arguments: ["help", "nothing-near"])
        #expect(none.errors.hasSuffix("hint: tupper help lists what there is\n"))
        #expect(try Tupper.run(arguments: ["help", "script"]).output.contains("USAGE: tupper script"))
    }

    @Test(
        "help knows the words of the prompt", arguments: ["undo", "made", "keep", "save", "source", "show"])
    func promptWords(word: String) throws {
        let entry = try Tupper.run(arguments: ["help", word]).output
        #expect(entry.hasPrefix("\(word)(") && entry.contains("\nexample\n"), "\(entry)")
        #expect(try Tupper.run(arguments: ["help"]).output.contains("\n  \(word) "))
        let session = try Tupper.shell(
            "$TUPPER repl", environment: [:], input: "help(\(word))\nhelp '\(word)'\n")
        #expect(session.output == entry + entry, "\(session.errors)")
    }

    @Test(
        "a file or a mistyped word where a command is expected gets the line that was meant",
        arguments: [
            (
                "demo.lua",
                "tupper: \"demo.lua\" is no command\n  hint: tupper script demo.lua runs a script\n"
            ),
            (
                "./x y.lua",
                "tupper: \"./x y.lua\" is no command\n  hint: tupper script './x y.lua' runs a script\n"
            ),
            (
                "/etc/hostname",
                "tupper: \"/etc/hostname\" is no command\n  hint: tupper script /etc/hostname runs a script\n"
            ),
            ("scrpt", "tupper: \"scrpt\" is no command, did you mean \"script\"?\n"),
            ("b\u{1b}[2J", "tupper: \"b\\27[2J\" is no command\n  hint: tupper --help lists them\n"),
        ])
    func noCommand(_ word: String, _ words: String) throws {
        let outcome = try Tupper.run(arguments: [word, "more"])
        #expect(outcome.status == 64 && outcome.errors == words && outcome.output == "", "\(outcome.errors)")
    }

    @Test(
        "what cannot be printed is a complaint and status 1; that nobody reads any more is neither",
        arguments: [
            "script - <<<'print(1)'", "script - <<<'print(1) os.exit(0)'", "script - <<<'io.write(1)'",
            "repl <<<'1 + 1'", "repl <<<'help()'", "help fs", "help", "reference --man", "reference --json",
            "doctor", "record -o /dev/full <(echo 'local x')",
        ])
    func fullOutput(command: String) throws {
        let outcome = try Tupper.runShell("'\(Tupper.path)' \(command) >/dev/full")
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(
            outcome.errors.contains(
                /\Atupper: (standard output|\/dev\/full): (no space left on device|not all could be written)\n\z/
            ),
            "\(outcome.errors)")
        let piped = try Tupper.runShell("'\(Tupper.path)' \(command) | true; echo ${PIPESTATUS[0]}")
        if command.hasPrefix("script") || command.hasPrefix("repl") {
            #expect(piped.output == "0\n" && piped.errors == "", "\(piped.output)\(piped.errors)")
        }
    }
}
