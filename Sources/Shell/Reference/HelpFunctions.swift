public import LuaHost
internal import Primitives

/// The Lua functions `help` and `source`: for whoever sits at a prompt, and made only when named.
public enum HelpFunctions {
    /// Their names, for completion.
    public static var names: [String] { ["help", "source"] }

    /// The function of a name; nil where there is none.
    public static func primitive(_ name: String) -> Primitive? {
        switch name {
        case "help": help()
        case "source": source()
        default: nil
        }
    }

    /// `require` returns where it found a module besides the module.
    private static var besides: Parameter<String?> {
        Parameter("besides", "What require returns besides a module.", shown: "nothing")
    }

    private static func help() -> Primitive {
        let subject = Parameter<Subject>(
            "subject", "A name, a primitive, a module, a handle or a function of the stdlib.",
            default: .nothing)
        return Primitive(
            "help", "Tells how a primitive, a module or a handle is used.",
            positional: [subject.any, besides.any],
            example: "help \"fs.mount\""
        ) { call in
            let help = Help(catalogue: Catalogue(), layout: .forOutput)
            call.state.print(try help.text(try call[subject]))
            return []
        }
    }

    private static func source() -> Primitive {
        let function = Parameter<Subject>(
            "fn", "A function that is written in Lua, or a module of the stdlib.")
        return Primitive(
            "source", "Shows the Lua source of a function.", positional: [function.any, besides.any],
            example: "source(require \"inspect\".text)"
        ) { call in
            call.state.print(try sourceText(try call[function]))
            return []
        }
    }

    /// The lines of a function or a module.
    private static func sourceText(_ subject: Subject) throws -> String {
        switch subject {
        case .primitive(let primitive):
            throw ArgumentError(
                "\(primitive.name) is a primitive, written in Swift",
                hint: "help(\(primitive.name)) tells what it does")
        case .library(let name), .name(let name):
            guard let bytes = StandardLibrary.source(name) else {
                throw ArgumentError("no module of the stdlib is called \"\(name)\"")
            }
            return String(decoding: bytes, as: UTF8.self)
        case .function(let chunk, let first, let last):
            let text = try LuaChunk(name: chunk).text()
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            // The whole chunk where it is not a function of one.
            guard first > 0, last >= first, lines.count >= last else { return text }
            return lines[(first - 1)..<last].map { "\($0)\n" }.joined()
        default: throw ArgumentError("a function that is written in Lua wanted")
        }
    }
}

extension Help {
    /// Help on a Lua value.
    func text(_ subject: Subject) throws -> String {
        switch subject {
        case .nothing: return overview()
        case .primitive(let primitive): return text(primitive)
        case .module(let module): return text(module)
        case .kind(let kind): return text(kind)
        case .name(let name), .library(let name):
            if let text = text(name) { return text }
            throw unknown(name)
        case .function(let chunk, let first, _):
            let library = LuaChunk(name: chunk).library
            let functions = catalogue.libraries.first { $0.name == library }?.functions
            guard let function = functions?.first(where: { $0.line == first }) else {
                throw ArgumentError(
                    "there is no help on this function, which is written in Lua",
                    hint: "source(...) shows it")
            }
            return text(function)
        case .other(let kind): throw ArgumentError("there is no help on a \(kind)")
        }
    }

    /// An error that offers the nearest name.
    func unknown(_ name: String) -> ArgumentError {
        let shown = quoted(Array(name.utf8))
        guard let near = catalogue.nearest(name) else {
            return ArgumentError("there is no help on \(shown)", hint: "help() lists what there is")
        }
        return ArgumentError("there is no help on \(shown), did you mean \"\(near)\"?")
    }
}

/// Where Lua code came from, by the name its chunk was loaded under.
private struct LuaChunk {
    let name: [UInt8]

    /// The module of the stdlib that it is; nil for any other chunk.
    var library: String? {
        let text = String(decoding: name.prefix(256), as: UTF8.self)
        guard text.hasPrefix("=stdlib/"), text.hasSuffix(".lua") else { return nil }
        return String(text.dropFirst("=stdlib/".count).dropLast(".lua".count))
    }

    /// Its text: compiled in, read from its file, or the chunk's name itself where that is its text.
    func text() throws -> String {
        if let library, let bytes = StandardLibrary.source(library) {
            return String(decoding: bytes, as: UTF8.self)
        }
        switch name.first {
        case UInt8(ascii: "@"):
            let path = Array(name.dropFirst())
            guard let bytes = try? SourceFile.read(path) else {
                throw ArgumentError("the source is not at \(quoted(path)) any more")
            }
            return String(decoding: bytes, as: UTF8.self)
        case UInt8(ascii: "="), nil: throw ArgumentError("the source was not kept")
        default: return String(decoding: name, as: UTF8.self)
        }
    }
}
