/// A primitive by its short name, built only once it is asked for: building all of them takes longer than many a
/// script runs.
public struct Declaration {
    /// Its short name, as in `"mount"`.
    public let shortName: String
    private let build: () -> Primitive

    /// Declares `"mount"` of the module `fs`, say; the primitive's own name is then `"fs.mount"`.
    public init(_ name: String, _ primitive: @autoclosure @escaping () -> Primitive) {
        shortName = name
        build = primitive
    }

    /// Whether these bytes are its short name.
    func isNamed(_ name: [UInt8]) -> Bool { shortName.utf8.elementsEqual(name) }

    /// The primitive, built.
    public var primitive: Primitive { build() }
}

/// A module by its name, declared only once a script names it.
public struct LazyModule {
    let name: String
    /// Builds it.
    public let declare: () -> Module

    /// A module to be declared by `declare`.
    public init(_ name: String, _ declare: @escaping () -> Module) {
        self.name = name
        self.declare = declare
    }
}

/// A Lua module: a global table of primitives.
public struct Module {
    /// Its global name, as in `"fs"`.
    public let name: String
    /// What it is for, in a sentence.
    public let summary: String
    /// Its functions.
    public let declarations: [Declaration]
    /// Its plain values.
    public let constants: [(name: String, value: Value)]
    private let listKinds: () -> [Kind]

    /// Declares a module.
    public init(
        _ name: String, _ summary: String, _ declarations: [Declaration],
        constants: [(name: String, value: Value)] = [],
        kinds: @autoclosure @escaping () -> [Kind] = []
    ) {
        self.name = name
        self.summary = summary
        self.declarations = declarations
        self.constants = constants
        listKinds = kinds
    }

    /// Its functions, all built.
    public var primitives: [Primitive] { declarations.map(\.primitive) }
    /// The kinds of handle that it returns.
    public var kinds: [Kind] { listKinds() }
}
