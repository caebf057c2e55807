internal import LuaHost

/// tupper(1), as man(7) has it.
struct ManualPage {
    let catalogue: Catalogue
    let commands: [CommandLineCommand]

    func roff() -> String {
        var page = ".TH TUPPER 1 \"\" \"tupper 0.1.0\" \"User Commands\"\n"
        page += section("NAME") + "tupper \\- a shell for building Linux containers step by step\n"
        page += section("SYNOPSIS")
        for command in commands { page += ".B tupper\n\(escaped(withoutProgram(command.usage)))\n.br\n" }
        page += section("DESCRIPTION")
        page += text(
            "tupper runs Lua 5.4 with the kernel's own building blocks as primitives: namespaces, mounts, links, processes, "
                + "privileges. What a script makes on the host while it runs is released when it ends, in whatever way "
                + "it ends, newest first. Without a command it is at a prompt.")
        page += section("OPTIONS") + items(Surroundings.options)
        page += section("COMMANDS")
        for command in commands {
            page += ".SS \(escaped(command.usage))\n" + text(command.summary)
            if !command.discussion.isEmpty { page += text(command.discussion) }
            for option in command.items { page += item(option.term, option.text) }
        }
        page +=
            section("STEPPING") + text("At the prompt of tupper step; a beginning that only one has will do.")
        for command in StepCommand.allCases {
            page += item(
                "\(command.letter), \(command.rawValue) \(command.argument)".trimmed, command.summary)
        }
        page += text("An empty line repeats the last command.")
        page += section("PRIMITIVES")
        for module in catalogue.modules {
            page += ".SS \(escaped(module.name))\n" + text(module.summary)
            for primitive in module.primitives { page += item(primitive.signature, primitive.summary) }
        }
        for kind in catalogue.kinds {
            page += ".SS \(escaped("\(kind.name) (a handle)"))\n" + text(kind.summary)
            for method in kind.methods { page += item(method.signature, method.summary) }
        }
        page += section("EXIT STATUS") + items(Surroundings.statuses)
        page += section("ENVIRONMENT") + items(Surroundings.variables)
        page += section("FILES") + items(Surroundings.files)
        page += section("DIFFERENCES FROM LUA 5.4") + items(Surroundings.differences)
        page += section("EXAMPLES")
        page += text("What a script does, as lines of shell:")
        page += ".RS\n.nf\ntupper script \\-\\-trace demo.lua\n.fi\n.RE\n"
        page += text("Which primitive does the work of a command:")
        page += ".RS\n.nf\ntupper help umount\n.fi\n.RE\n"
        page += section("SEE ALSO")
        page += pages().map { ".BR \(escaped($0.name)) (\($0.section))" }.joined(separator: " ,\n") + "\n"
        return page + text("tupper reference prints the whole manual in Markdown.")
    }

    /// The manual pages that more than one primitive names.
    private func pages() -> [(name: String, section: String)] {
        var counts: [String: Int] = [:]
        for page in catalogue.primitives.flatMap(\.see) where page.hasSuffix(")") {
            counts[page, default: 0] += 1
        }
        return counts.filter { $0.value > 1 }.keys.sorted().map { page in
            let parts = page.dropLast().split(separator: "(").map(String.init)
            return (parts[0], parts.last ?? "")
        }
    }

    private func withoutProgram(_ usage: String) -> String {
        usage.hasPrefix("tupper ") ? String(usage.dropFirst("tupper ".count)) : usage
    }

    private func section(_ title: String) -> String { ".SH \(title)\n" }
    private func text(_ text: String) -> String { ".PP\n\(escaped(text))\n" }
    private func items(_ rows: KeyValuePairs<String, String>) -> String {
        rows.map { item($0.key, $0.value) }.joined()
    }
    private func item(_ term: String, _ text: String) -> String {
        ".TP\n.B \(escaped(term))\n\(escaped(text))\n"
    }

    /// Text in which roff sees nothing of its own.
    private func escaped(_ text: String) -> String {
        var output = ""
        for character in text {
            switch character {
            case "\\": output += "\\e"
            case "-": output += "\\-"
            case "\"" where output.isEmpty: output += "\\(dq"
            case ".", "'":
                if output.isEmpty || output.hasSuffix("\n") { output += "\\&" }
                output.append(character)
            default: output.append(character)
            }
        }
        return output
    }
}
