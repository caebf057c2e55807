/// A primitive by its short name, built only once it is asked for: building all of them takes longer than many a
/// script runs.
public struct Declaration {
    let name: [UInt8]
    /// Its short name, as in `"mount"`.
    public var shortName: String { String(decoding: name, as: UTF8.self) }
    private let build: () -> Primitive

    /// Declares `"mount"` of the module `fs`, say; the primitive's own name is then `"fs.mount"`.
    public init(_ name: String, _ primitive: @autoclosure @escaping () -> Primitive) {
        self.name = Array(name.utf8)
        build = primitive
    }

    /// The primitive, built.
    public var primitive: Primitive { build() }
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
