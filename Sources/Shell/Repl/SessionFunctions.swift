internal import LuaHost
internal import Primitives

/// The Lua functions of a session, beside `help` and `source`.
struct SessionFunctions {
    private let session: Session?

    /// Those of a session; without one they can be looked at.
    init(session: Session? = nil) { self.session = session }

    /// Their names, for completion.
    static let names = ["undo", "made", "keep", "save", "show", "traceback"]

    private func inSession() throws -> Session {
        guard let session else { throw ArgumentError("this is for a prompt: tupper repl") }
        return session
    }

    /// The function of a name; nil where there is none.
    func primitive(_ name: String) -> Primitive? {
        switch name {
        case "undo": undo()
        case "made": made()
        case "keep": keep()
        case "save": save()
        case "show": show()
        case "traceback": traceback()
        default: nil
        }
    }

    private func undo() -> Primitive {
        Primitive(
            "undo", "Takes back the last thing made: a mount, a link, a hostname, a snapshot, ...",
            example: "sys.hostname \"tupperware\"; undo()"
        ) { call in
            for label in try inSession().record.undo() {
                call.state.print("taken back: \(printable(label))\n")
            }
            return []
        }
    }

    private func made() -> Primitive {
        Primitive(
            "made", "Lists what is held now and released when the session ends.",
            returns: "a list of tables: what, by, shell", example: "made()"
        ) { _ in
            [
                .value(
                    .list(
                        try inSession().record.held.map { what, step in
                            .record([
                                "what": .text(what), "by": step.map { .text($0.primitive) } ?? .absent,
                                "shell": step?.shell.map(Value.text) ?? .absent,
                            ])
                        }))
            ]
        }
    }

    private func keep() -> Primitive {
        let handle = Parameter<AnyValue>("handle", "What a primitive returned.")
        return Primitive(
            "keep", "Hands a thing over: the session's end leaves it.", positional: [handle.any],
            returns: "the handle", example: "keep(fs.tmpfs \"/mnt\")"
        ) { call in
            let subject = try call[handle].reference
            guard let holding = subject.holding(in: call.state) else {
                throw ArgumentError("argument 1 (handle): a handle that can be released wanted")
            }
            try holding.handOver()
            return [.reference(subject)]
        }
    }

    private func save() -> Primitive {
        let path = Parameter<ByteString>("path", "The script's file.")
        let replace = Parameter<Bool>(
            "replace", "Also where a file stands there that no session wrote.", default: false)
        return Primitive(
            "save", "Writes the session as a script, without what failed or was taken back.",
            positional: [path.any],
            options: [replace.any], example: "save \"recipe.lua\""
        ) { call in
            let path = try call[path].bytes
            guard !path.isEmpty, !path.contains(0), path.count < 4096 else {
                throw ArgumentError("argument 1 (path): a path wanted")
            }
            if let there = try? SourceFile.read(path), !there.isEmpty,
                !there.starts(with: Recipe.header.utf8), try !call[replace]
            {
                throw ArgumentError(
                    "\(quoted(path)) is there already", hint: "save(\(quoted(path)), { replace = true })")
            }
            let entries = try inSession().record.entries.dropLast()
            let source = Recipe(state: call.state, entries: Array(entries)).source
            do { try SourceFile.write(source, to: path) } catch var failure as Failure {
                failure.primitive = "save"
                if failure.code == "EISDIR" {
                    let file =
                        path + Array((path.last == UInt8(ascii: "/") ? "" : "/").utf8)
                        + Array("recipe.lua".utf8)
                    failure.hint = "save(\(quoted(file)))"
                }
                throw failure
            }
            let word = shellQuoted(String(decoding: path, as: UTF8.self))
            call.state.print("saved; it runs by: tupper script \(word)\n")
            return []
        }
    }

    private func show() -> Primitive {
        let value = Parameter<AnyValue>("value", "Anything.")
        return Primitive(
            "show", "Prints a value, however long it is.", positional: [value.any],
            example: "show(fs.mounts())"
        ) { call in
            call.state.print(printableLines(try inSession().printer.text(try call[value].reference)) + "\n")
            return []
        }
    }

    private func traceback() -> Primitive {
        Primitive(
            "traceback", "Shows where the last error came from.",
            example: "pcall(error, \"no\"); traceback()"
        ) { call in
            call.state.print(try inSession().lastTraceback ?? "there was no error yet\n")
            return []
        }
    }
}
