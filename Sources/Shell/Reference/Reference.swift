internal import LuaHost
internal import Primitives

/// What the command line shows of the primitives' documentation.
public enum Reference {
    /// Help on a name, or on what there is; nil where nothing goes by the name.
    public static func help(_ name: String?) -> String? {
        let help = Help(catalogue: Catalogue(), layout: .forOutput)
        return name.map(help.text) ?? help.overview(onCommandLine: true)
    }

    /// What is said where there is no help on a name.
    public static func unknown(_ name: String) -> String {
        let error = Help(catalogue: Catalogue(), layout: .forOutput).unknown(name)
        return error.message + (error.hint == nil ? "" : "\n  hint: tupper help lists what there is")
    }

    /// Every name there is help on, for completion.
    public static var names: [String] { Catalogue().names }

    /// Writes the declarations for an editor into a directory; returns the files' paths.
    public static func writeStubs(to directory: String) throws -> [String] {
        guard !directory.isEmpty, !directory.utf8.contains(0), directory.utf8.count < 4000 else {
            throw Failure("tupper stubs", "a directory wanted")
        }
        return try LuaStubs(catalogue: Catalogue()).files().map { file in
            let path = try SourceFile.write(file.text, named: file.name, in: Array(directory.utf8))
            return String(decoding: path, as: UTF8.self)
        }
    }

    /// An error in a line, and its hint in another.
    public static func message(of error: any Error) -> String {
        guard let failure = error as? Failure else { return "\(error)" }
        return failure.message + (failure.hint.map { "\n  hint: \($0)" } ?? "")
    }

    /// The manual in Markdown.
    public static func manual(_ commands: [CommandLineCommand]) -> String {
        Manual(catalogue: Catalogue(), commands: commands).markdown()
    }

    /// The manual page tupper(1).
    public static func manualPage(_ commands: [CommandLineCommand]) -> String {
        ManualPage(catalogue: Catalogue(), commands: commands).roff()
    }

    /// The declarations as one JSON object.
    public static func json() -> String {
        let catalogue = Catalogue()
        return Value.record([
            "modules": .list(
                catalogue.modules.map {
                    .record([
                        "name": .text($0.name), "summary": .text($0.summary),
                        "primitives": .list($0.primitives.map(\.value)),
                    ])
                }),
            "handles": .list(
                catalogue.kinds.map {
                    .record([
                        "name": .text($0.name), "summary": .text($0.summary),
                        "fields": .list(
                            $0.fields.map {
                                .record([
                                    "name": .text($0.name), "type": .text($0.type),
                                    "summary": .text($0.summary),
                                ])
                            }), "methods": .list($0.methods.map(\.value)),
                    ])
                }),
        ]).json
    }
}

extension Primitive {
    /// Its declaration as a table.
    fileprivate var value: Value {
        .record([
            "name": .text(name), "signature": .text(signature), "summary": .text(summary),
            "positional": .list(positional.map(\.value)), "list": list?.value ?? .absent,
            "options": .list(options.map(\.value)), "returns": returns.map(Value.text) ?? .absent,
            "types": .list(gives.map(Value.text)), "leaves": leaves.map(Value.text) ?? .absent,
            "fails": .list(fails.map { .record(["code": .text($0.key), "cause": .text($0.value)]) }),
            "shell": shell.map { .text($0.documented) } ?? .absent,
            "see": .list(see.map(Value.text)), "example": example.map(Value.text) ?? .absent,
        ])
    }
}

extension AnyParameter {
    fileprivate var value: Value {
        .record([
            "name": .text(name), "summary": .text(summary), "type": .text(typeName),
            "annotation": .text(reference), "required": .boolean(isRequired),
            "default": shownDefault.map(Value.text) ?? .absent,
            "fields": fields.isEmpty ? .absent : .list(fields.map(\.value)),
        ])
    }
}
