internal import LuaHost

/// The manual in Markdown.
struct Manual {
    let catalogue: Catalogue
    let commands: [CommandLineCommand]

    func markdown() -> String {
        var text =
            "# tupper: the reference\n\nMade by `tupper reference` from the primitives' own declarations.\n"
        text += "\n## Contents\n\n- [Commands](#commands)\n- [Types](#types)\n"
        for module in catalogue.modules { text += "- [\(module.name)](#\(module.name)): \(module.summary)\n" }
        text +=
            "- [Handles](#handles)\n- [Written in Lua](#written-in-lua)\n- [Errors](#errors)\n- [Traces](#traces)\n"
        text += "\n## Commands\n"
        for command in commands {
            text += "\n### tupper \(command.name)\n\n\(command.summary)\n\n```\n\(command.usage)\n```\n"
            if !command.discussion.isEmpty { text += "\n\(command.discussion)\n" }
            if !command.items.isEmpty {
                text += "\n" + table(["option", ""], command.items.map { ["`\($0.term)`", $0.text] })
            }
        }
        text += surroundings()
        text += Self.conventions + types()
        for module in catalogue.modules {
            text += "\n## \(module.name)\n\n\(module.summary)\n\n"
            text += module.primitives.map { "- [`\($0.name)`](#\(anchor($0.name))): \($0.summary)\n" }
                .joined()
            text += module.primitives.map(entry).joined()
        }
        text += "\n## Handles\n"
        for kind in catalogue.kinds {
            text += "\n### \(kind.name)\n\n\(kind.summary)\n"
            if !kind.fields.isEmpty {
                text +=
                    "\n"
                    + table(
                        ["field", "type", ""], kind.fields.map { ["`\($0.name)`", $0.type, $0.summary] })
            }
            text += kind.methods.map(entry).joined()
        }
        text += "\n## Written in Lua\n"
        text += catalogue.libraries.map(entry).joined()
        return text + Self.errors + Self.traces
    }

    private func surroundings() -> String {
        let parts = [
            ("Exit status", "status", Surroundings.statuses),
            ("Environment", "variable", Surroundings.variables),
            ("Files", "file", Surroundings.files),
            ("Where Lua differs", "what", Surroundings.differences),
        ]
        return parts.map { title, column, rows in
            "\n### \(title)\n\n" + table([column, ""], rows.map { ["`\($0.key)`", $0.value] })
        }.joined()
    }

    private func types() -> String {
        var seen: Set<String> = []
        let aliases = catalogue.primitives.flatMap(\.parameters).flatMap(\.aliases).filter {
            seen.insert($0.name).inserted && $0.fields.isEmpty
        }
        return "\n## Types\n\n"
            + table(
                ["name", "in LuaCATS", ""],
                aliases.map { ["`\($0.name)`", "`\($0.annotation)`", $0.form] })
    }

    /// One module of the stdlib.
    private func entry(_ library: LuaLibrary) -> String {
        var text = "\n### \(library.name)\n\n`require \"\(library.name)\"`: \(library.head.text)\n"
        text += example(library.head)
        for function in library.ownFunctions + library.methods {
            let tags = function.comment.tags.map { "- \($0.name) \($0.text)\n" }
            text += "\n`\(function.name)(\(function.parameters.joined(separator: ", ")))`: "
            text += function.comment.text + "\n" + example(function.comment)
            text += tags.isEmpty ? "" : "\n" + tags.joined()
        }
        for known in library.classes {
            text += "\n`\(known.name)`: \(known.comment.text)\n\n"
            text += table(["field", "type", ""], known.fields.map { ["`\($0.name)`", $0.type, $0.text] })
        }
        return text
    }

    private func example(_ comment: LuaComment) -> String {
        comment.example.isEmpty
            ? "" : "\n```lua\n" + comment.example.map { "\($0)\n" }.joined() + "```\n"
    }

    /// One primitive, as everywhere in the manual.
    private func entry(_ primitive: Primitive) -> String {
        var text = "\n### \(primitive.name)\n\n`\(primitive.signature)`\n\n\(primitive.summary)\n"
        let rows = primitive.parameters + primitive.parameters.flatMap(\.fields)
        if !rows.isEmpty {
            text +=
                "\n"
                + table(
                    ["parameter", "type", "default", ""],
                    rows.map {
                        let end = $0.isRequired ? "must be given" : $0.shownDefault ?? "none"
                        let words = wordsOf($0.reference)
                        let type =
                            words.isEmpty ? $0.typeName : "\($0.typeName): \(words.joined(separator: ", "))"
                        return ["`\($0.name)`", type, end, $0.summary]
                    })
        }
        if let returns = primitive.returns {
            text += "\nReturns \(returns): `\(primitive.gives.joined(separator: ", "))`.\n"
        }
        if let leaves = primitive.leaves { text += "\nLeaves behind: \(leaves)\n" }
        let fails = primitive.fails.map { "- `\($0.key)`: \($0.value)\n" }.joined()
        if !fails.isEmpty { text += "\nFails with\n\n\(fails)" }
        if let shell = primitive.shell { text += "\nIn a shell: `\(shell.documented)`\n" }
        if let example = primitive.example { text += "\n```lua\n\(example)\n```\n" }
        if !primitive.see.isEmpty { text += "\nSee \(primitive.see.joined(separator: ", ")).\n" }
        return text
    }

    private func table(_ head: [String], _ rows: [[String]]) -> String {
        let lines = [head, head.map { _ in "---" }] + rows
        return lines.map { row in
            "| " + row.map { $0.split(separator: "|").joined(separator: "\\|") }.joined(separator: " | ")
                + " |\n"
        }.joined()
    }

    /// As a heading's link is spelled by what renders Markdown.
    private func anchor(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
    }

    private static let conventions = """

        ## Conventions

        At most two arguments have a place, the rest stands in one table of options. A primitive that fails raises an
        error object. What is made on the host is released when the script ends, newest first, unless it is kept.
        Examples run, as root, in a directory with `notes.txt`, `tree/` (`notes.txt`, `deep/more.txt`), `tree.tar`,
        `rootfs/` (a root of busybox), `disk.img` (btrfs, 200M) and that disk mounted at `btrfs/`, with the subvolume
        `btrfs/images/alpine`; lo is up, and /mnt is empty.

        """

    private static let errors = """

        ## Errors

        A failing primitive raises a table that prints as one line, with the fields `primitive` (as in `fs.mount`),
        `message`, and where they are known `call` (the system call), `code` (as in `EPERM`), `number`, `path`,
        `subject`, `detail` (the kernel's own words), `hint`, `result` (how a program ended, as `proc.run`
        returns it), `position` (FILE:LINE) and `traceback`.

        """

    private static let traces = TraceFormat.markdown
}
