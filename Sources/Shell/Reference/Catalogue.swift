internal import LuaHost
internal import Primitives

/// All that there is help on: the primitives by their own declarations, the stdlib by its comments.
struct Catalogue {
    let modules: [Module]
    /// Every kind of handle once.
    let kinds: [Kind]
    let libraries: [LuaLibrary]
    /// The functions of a prompt.
    let words: [Primitive]

    /// Of all modules and the whole stdlib.
    init() {
        self.init(
            modules: documentedModules(),
            libraries: StandardLibrary.names.compactMap { name in
                StandardLibrary.source(name).map { LuaLibrary(name, source: $0) }
            },
            words: HelpFunctions.names.compactMap(HelpFunctions.primitive)
                + SessionFunctions.names.compactMap(SessionFunctions().primitive))
    }

    init(modules: [Module], libraries: [LuaLibrary], words: [Primitive] = []) {
        self.words = words
        self.modules = modules
        self.libraries = libraries
        var kinds: [Kind] = []
        for kind in modules.flatMap(\.kinds) where !kinds.contains(where: { $0.name == kind.name }) {
            kinds.append(kind)
        }
        self.kinds = kinds
    }

    /// What a name can mean.
    enum Entry {
        case module(Module), primitive(Primitive), kind(Kind)
        case library(LuaLibrary), function(LuaLibrary.Function)
    }

    /// Every primitive and every method.
    var primitives: [Primitive] { modules.flatMap(\.primitives) + kinds.flatMap(\.methods) }

    /// Every name there is help on.
    var names: [String] {
        modules.map(\.name) + kinds.map(\.name) + primitives.map(\.name) + libraries.map(\.name)
            + libraries.flatMap { $0.functions.map(\.name) } + words.map(\.name)
    }

    /// What goes by a name: exactly, without its module, or with the module's name before a handle's kind.
    func entries(_ name: String) -> [Entry] {
        if let module = modules.first(where: { $0.name == name }) { return [.module(module)] }
        if let word = words.first(where: { $0.name == name }) { return [.primitive(word)] }
        let dotted = name.split(separator: ":", maxSplits: 1).joined(separator: ".")
        if let primitive = primitives.first(where: { spelled($0.name) == dotted }) {
            return [.primitive(primitive)] + kinds.filter { "net.\($0.name)" == name }.map(Entry.kind)
        }
        if let library = libraries.first(where: { $0.name == name }) { return [.library(library)] }
        if let function = libraries.flatMap(\.functions).first(where: { spelled($0.name) == dotted }) {
            return [.function(function)]
        }
        let words = dotted.split(separator: ".").map(String.init)
        if words.count > 1, modules.contains(where: { $0.name == words[0] }) || words[0] == "tupper" {
            let inner = words.dropFirst().joined(separator: ".")
            return kinds.filter { $0.name == inner }.map(Entry.kind)
                + kinds.flatMap(\.methods).filter { spelled($0.name) == inner }.map(Entry.primitive)
        }
        return kinds.filter { $0.name == name }.map(Entry.kind)
            + primitives.filter { $0.shortName == name }.map(Entry.primitive)
    }

    /// The nearest name to a mistyped one.
    func nearest(_ name: String) -> String? {
        LuaHost.nearest(to: name, among: names)
            ?? LuaHost.nearest(to: name, among: primitives.map(\.shortName))
            ?? LuaHost.nearest(to: name, among: commands)
    }

    private func spelled(_ name: String) -> String {
        name.split(separator: ":").joined(separator: ".")
    }
}

extension Primitive {
    /// As it is called: `fs.bind(source, target [, options])`. `more` are options that do not stand with the list.
    var signature: String {
        var words = positional.map { $0.isRequired ? $0.name : "[\($0.name)]" }
        if takesTable {
            let isOptional = options.allSatisfy { !$0.isRequired } && list?.isRequired != true
            words.append(isOptional ? "[options]" : "options")
            if takesMoreOptions { words.append("[more]") }
        }
        return "\(name)(\(words.joined(separator: ", ")))"
    }

    /// Every parameter: by position, the list, by name.
    var parameters: [AnyParameter] { positional + (list.map { [$0] } ?? []) + options }
}
