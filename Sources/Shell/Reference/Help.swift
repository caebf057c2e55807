internal import LuaHost

/// Help as plain text for a terminal, rendered from the declarations.
struct Help {
    let catalogue: Catalogue
    let layout: Layout

    /// Everything there is, a line each; with how to ask for more at a prompt, or on a command line.
    func overview(onCommandLine: Bool = false) -> String {
        func ask(_ name: String) -> String { onCommandLine ? "tupper help \(name)" : "help \"\(name)\"" }
        return heading("modules")
            + rows(catalogue.modules.map { [$0.name, $0.summary] })
            + heading("handles")
            + rows(catalogue.kinds.map { [$0.name, $0.summary] })
            + heading("written in Lua, by require")
            + rows(catalogue.libraries.map { [$0.name, $0.summary] })
            + (catalogue.words.isEmpty ? "" : heading("at a prompt"))
            + rows(catalogue.words.map { [$0.name, $0.summary] })
            + "\n"
            + layout.paragraph(
                "\(ask("fs")) tells of a module, \(ask("fs.mount")) of a primitive, \(ask("link")) of a handle; "
                    + "\(ask("umount")) finds what does the work of a command.", indent: 0)
    }

    /// What goes by a name; nil where nothing does.
    func text(_ name: String) -> String? {
        let entries = catalogue.entries(name)
        if entries.count == 1 { return text(entries[0]) }
        let like = catalogue.primitives(like: name)
        if entries.isEmpty { return like.isEmpty ? nil : work(of: name, like) }
        let lines = entries.map { entry in
            switch entry {
            case .module(let module): [module.name, module.summary]
            case .primitive(let primitive): [primitive.name, primitive.summary]
            case .kind(let kind): ["tupper.\(kind.name)", "The handle: \(kind.summary)"]
            case .library(let library): [library.name, library.summary]
            case .function(let function): [function.name, function.summary]
            }
        }
        return layout.paragraph("More than one thing goes by \(name):", indent: 0) + rows(lines)
            + (like.isEmpty ? "" : "\n" + work(of: name, like))
    }

    /// What does the work of a command.
    private func work(of command: String, _ primitives: [Primitive]) -> String {
        layout.paragraph("The work of \(command) is done by:", indent: 0)
            + rows(primitives.map { [$0.name, $0.summary] })
    }

    /// One thing.
    func text(_ entry: Catalogue.Entry) -> String {
        switch entry {
        case .module(let module): text(module)
        case .primitive(let primitive): text(primitive)
        case .kind(let kind): text(kind)
        case .library(let library): text(library)
        case .function(let function): text(function)
        }
    }

    func text(_ module: Module) -> String {
        var text = layout.bold(module.name) + "\n" + layout.paragraph(module.summary, indent: 2) + "\n"
        text += rows(module.primitives.map { [$0.name, $0.summary] })
        if !module.constants.isEmpty {
            text += heading("values") + rows(module.constants.map { [$0.name, ""] })
        }
        if !module.kinds.isEmpty {
            text += heading("handles") + rows(module.kinds.map { [$0.name, $0.summary] })
        }
        return text
    }

    func text(_ kind: Kind) -> String {
        var text = layout.bold(kind.name) + "\n" + layout.paragraph(kind.summary, indent: 2)
        if !kind.fields.isEmpty {
            text += heading("fields") + rows(kind.fields.map { [$0.name, $0.type, $0.summary] })
        }
        if !kind.methods.isEmpty {
            text += heading("methods") + rows(kind.methods.map { [$0.signature, $0.summary] })
        }
        return text
    }

    func text(_ primitive: Primitive) -> String {
        var text = layout.bold(primitive.signature) + "\n" + layout.paragraph(primitive.summary, indent: 2)
        let positional = primitive.positional + (primitive.list.map { [$0] } ?? [])
        if !positional.isEmpty { text += "\n" + parameters(positional) }
        let nested = primitive.parameters.flatMap(\.fields)
        let options = primitive.options + nested
        if !options.isEmpty { text += heading("options") + parameters(options) }
        let forms = primitive.forms(of: catalogue)
        if !forms.isEmpty { text += heading("types") + rows(forms.map { [$0.name, $0.form] }) }
        if let returns = primitive.returns { text += section("returns", returns) }
        if let leaves = primitive.leaves { text += section("leaves behind", leaves) }
        let fails = primitive.fails.map { [$0.key, $0.value] }
        if !fails.isEmpty { text += heading("fails") + rows(fails) }
        if let shell = primitive.shell { text += section("in a shell", shell.documented) }
        if let example = primitive.example {
            text += heading("example") + example.split(separator: "\n").map { "    \($0)\n" }.joined()
        }
        if !primitive.see.isEmpty { text += section("see", primitive.see.joined(separator: ", ")) }
        return text
    }

    func text(_ library: LuaLibrary) -> String {
        layout.bold("require \"\(library.name)\"") + "\n" + layout.paragraph(library.head.text, indent: 2)
            + example(library.head) + (library.ownFunctions.isEmpty ? "" : "\n")
            + rows(library.ownFunctions.map { [$0.name, $0.summary] })
            + library.classes.map(text).joined()
            + (library.methods.isEmpty
                ? "" : heading("methods") + rows(library.methods.map { [$0.name, $0.summary] }))
    }

    func text(_ function: LuaLibrary.Function) -> String {
        let signature = "\(function.name)(\(function.parameters.joined(separator: ", ")))"
        let tags = function.comment.tags.map { [$0.name, $0.text] }
        let library = catalogue.libraries.first { $0.functions.contains { $0.name == function.name } }
        return layout.bold(signature) + "\n" + layout.paragraph(function.comment.text, indent: 2)
            + example(function.comment) + (tags.isEmpty ? "" : "\n" + rows(tags))
            + (library?.classes(of: function) ?? []).map(text).joined()
            + "\n" + layout.paragraph("Written in Lua: \(function.shower(in: library)) shows it.", indent: 2)
    }

    private func text(_ table: LuaLibrary.Class) -> String {
        heading(table.name) + layout.paragraph(table.comment.text, indent: 2)
            + rows(table.fields.map { [$0.name, $0.type, $0.text] })
    }

    private func example(_ comment: LuaComment) -> String {
        comment.example.isEmpty ? "" : heading("example") + comment.example.map { "    \($0)\n" }.joined()
    }

    // MARK: Pieces

    private func parameters(_ parameters: [AnyParameter]) -> String {
        rows(
            parameters.map { parameter in
                let end =
                    parameter.isRequired ? "" : parameter.shownDefault.map { " [\($0)]" } ?? " [none]"
                return [parameter.name, parameter.typeName, parameter.summary + end]
            })
    }

    private func rows(_ rows: [[String]]) -> String {
        layout.table(rows) { _, column, text in column == 0 ? layout.bold(text) : text }
    }

    private func heading(_ text: String) -> String { "\n" + layout.faint(text) + "\n" }

    private func section(_ title: String, _ text: String) -> String {
        heading(title) + layout.paragraph(text, indent: 2)
    }
}

extension LuaLibrary.Function {
    /// The call that shows its source: a method's table has no name outside.
    fileprivate func shower(in library: LuaLibrary?) -> String {
        isMethod ? "source \"\(library?.name ?? "")\"" : "source(\(name))"
    }
}

extension Primitive {
    /// The types of its parameters whose names do not say all: what a value looks like, or which words there are.
    func forms(of catalogue: Catalogue) -> [(name: String, form: String)] {
        var forms: [(name: String, form: String)] = []
        func add(_ name: String, _ form: String) {
            if !forms.contains(where: { $0.name == name }), !form.isEmpty { forms.append((name, form)) }
        }
        for parameter in parameters {
            add(parameter.typeName, wordsOf(parameter.reference).joined(separator: ", "))
            for alias in parameter.aliases where alias.fields.isEmpty {
                let name = String((alias.name.split(separator: ".").last ?? "").map { $0 == "_" ? " " : $0 })
                let words = wordsOf(alias.annotation).joined(separator: ", ")
                add(name, alias.form + (words.isEmpty || alias.form.isEmpty ? "" : ": ") + words)
            }
        }
        return forms
    }
}

/// The words of a type that is one out of a few; none for any other type.
func wordsOf(_ annotation: String) -> [String] {
    let parts = annotation.split(separator: "|")
    guard parts.allSatisfy({ $0.count > 1 && $0.hasPrefix("\"") && $0.hasSuffix("\"") }) else { return [] }
    return parts.map { String($0.dropFirst().dropLast()) }
}
