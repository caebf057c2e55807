import LuaHost
import Primitives
import Testing

@Suite("Declarations")
struct DeclarationTests {
    let modules = documentedModules()
    var kinds: [Kind] { modules.flatMap(\.kinds) }
    var primitives: [Primitive] { modules.flatMap(\.primitives) + kinds.flatMap(\.methods) }

    /// Said of the first that breaks a rule, by name.
    private func all(_ rule: (Primitive) -> Bool) -> [String] {
        primitives.filter { !rule($0) }.map(\.name)
    }

    @Test("a primitive's own name is its module's and the name that it is declared by")
    func names() {
        for module in modules {
            #expect(
                module.declarations.filter {
                    $0.primitive.name != "\(module.name).\($0.shortName)"
                }.map(\.shortName) == [])
        }
        for kind in kinds {
            #expect(kind.methods.filter { $0.name != "\(kind.name):\($0.shortName)" }.map(\.name) == [])
        }
    }

    @Test("no name is declared twice")
    func duplicates() {
        var seen: Set<String> = []
        let names = modules.map(\.name) + modules.flatMap(\.primitives).map(\.name)
        #expect(names.filter { !seen.insert($0).inserted } == [])
        for primitive in primitives {
            var own: Set<String> = []
            #expect(
                (primitive.positional + primitive.options).map(\.name).filter { !own.insert($0).inserted }
                    == [],
                "\(primitive.name)")
        }
    }

    @Test("a summary is one sentence of at most 72 letters")
    func summaries() {
        #expect(all { Self.isSentence($0.summary) && $0.summary.count <= 72 } == [])
        #expect(modules.filter { !Self.isSentence($0.summary) }.map(\.name) == [])
        #expect(kinds.filter { !Self.isSentence($0.summary) }.map(\.name) == [])
    }

    private static func isSentence(_ text: String) -> Bool {
        text.hasSuffix(".") && !text.contains(". ") && text.first?.isUppercase == true && !text.contains("\n")
    }

    @Test("every parameter and every field is documented, with a type")
    func parameters() {
        for primitive in primitives {
            let parameters = primitive.positional + primitive.options + (primitive.list.map { [$0] } ?? [])
            for parameter in parameters + parameters.flatMap(\.fields) {
                let place = "\(primitive.name): \(parameter.name)"
                #expect(parameter.summary.hasSuffix("."), "\(place): a sentence wanted")
                #expect(parameter.name.allSatisfy { $0.isLowercase || $0 == "_" || $0.isNumber }, "\(place)")
                #expect(!parameter.typeName.isEmpty, "\(place): the type's name is missing")
                #expect(
                    !parameter.reference.hasSuffix("any") || parameter.typeName == "any plain value",
                    "\(place): its type has no `annotation`")
                #expect(!parameter.reference.isEmpty)
            }
        }
        for kind in kinds {
            for field in kind.fields {
                #expect(field.summary.hasSuffix(".") && !field.type.isEmpty, "\(kind.name).\(field.name)")
            }
        }
    }

    // dev.node reads as mknod(1) does.
    @Test("at most two arguments have a place, and a function")
    func positional() {
        #expect(
            all { $0.positional.filter { $0.typeName != "function" }.count <= 2 || $0.name == "dev.node" }
                == [])
    }

    @Test("what is returned has a type wherever it is documented")
    func returns() {
        #expect(all { ($0.returns == nil) == $0.gives.isEmpty } == [])
    }

    @Test("a reference names a manual page, a document of its own, or another primitive")
    func references() {
        let names = Set(primitives.map(\.name))
        for primitive in primitives {
            for reference in primitive.see {
                let isPage = reference.wholeMatch(of: /[A-Za-z0-9_.:+-]+\([1-8]\)/) != nil
                #expect(
                    isPage || names.contains(reference) || reference.hasPrefix("https://"),
                    "\(primitive.name): \(reference)")
            }
        }
    }

    @Test("failures are named by their codes, once each, with a cause that is no sentence")
    func failures() {
        for primitive in primitives {
            var seen: Set<String> = []
            for (code, cause) in primitive.fails {
                #expect(code.wholeMatch(of: /E[A-Z0-9]+/) != nil, "\(primitive.name): \(code)")
                #expect(seen.insert(code).inserted, "\(primitive.name): \(code) twice")
                #expect(!cause.hasSuffix(".") && !cause.isEmpty, "\(primitive.name): \(cause)")
            }
        }
    }

    @Test("every primitive has an example")
    func examples() {
        #expect(all { $0.example?.isEmpty == false } == [])
    }

    @Test("a type of one name is the same type everywhere")
    func aliases() {
        var known: [String: String] = [:]
        for alias in primitives.flatMap({ $0.positional + $0.options }).flatMap(\.aliases) {
            #expect(known[alias.name] ?? alias.annotation == alias.annotation, "\(alias.name)")
            known[alias.name] = alias.annotation
        }
    }
}
