/// What a Lua argument can be read as.
public protocol ArgumentType {
    /// The type as documentation names it, as in `"path"` or `"size"`.
    static var typeName: String { get }
    /// The type as LuaCATS has it, as in `"integer|string"`.
    static var annotation: String { get }
    /// What a value looks like, for a type whose name does not say it: it then is an alias in LuaCATS.
    static var form: String? { get }
    /// The fields of a table, where the type is one.
    static var fields: [AnyParameter] { get }
    /// How LuaCATS refers to the type: by its alias, or as it is.
    static var reference: String { get }
    /// The aliases that `reference` needs.
    static var aliases: [TypeAlias] { get }
    /// Reads the value in a slot. Throws ``ArgumentError``.
    static func read(_ slot: Slot) throws -> Self
    /// The value where the argument is left out; nil where it must be given.
    static var whenAbsent: Self? { get }
}

extension ArgumentType {
    /// Must be given.
    public static var whenAbsent: Self? { nil }
    /// Nothing is known of it.
    public static var annotation: String { "any" }
    /// The name says it all.
    public static var form: String? { nil }
    /// No table.
    public static var fields: [AnyParameter] { [] }
    public static var reference: String { form == nil && fields.isEmpty ? annotation : alias }
    public static var aliases: [TypeAlias] {
        form == nil && fields.isEmpty
            ? []
            : [TypeAlias(name: alias, annotation: annotation, form: form ?? "", fields: fields)]
                + fields.flatMap(\.aliases)
    }

    private static var alias: String {
        "tupper." + String(typeName.map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }
}

extension ArgumentType where Self: CaseIterable & RawRepresentable, RawValue == String {
    public static var annotation: String {
        allCases.map { "\"\($0.rawValue)\"" }.joined(separator: "|")
    }
}

/// A type that more than one parameter has, under a name of its own.
public struct TypeAlias {
    /// Its name in LuaCATS, as in `"tupper.size"`.
    public let name: String
    /// What it stands for.
    public let annotation: String
    /// What a value looks like, in a sentence without its full stop.
    public let form: String
    /// The fields of a table.
    public let fields: [AnyParameter]
}

/// What is known of a parameter without its Swift type.
public final class AnyParameter {
    /// Its name in Lua.
    public let name: String
    /// What it means, in a sentence.
    public let summary: String
    /// Whether the call fails without it.
    public let isRequired: Bool
    /// 1, 2, ... for a positional argument; nil for an option.
    public internal(set) var position: Int32?
    private let describe: () -> Description

    /// What documentation and traces tell of its type and default.
    struct Description {
        let typeName, reference: String
        let aliases: [TypeAlias]
        let fields: [AnyParameter]
        let shownDefault: String?
        let shellDefault: [String]?
    }

    init(_ name: String, _ summary: String, isRequired: Bool, _ describe: @escaping () -> Description) {
        self.name = name
        self.summary = summary
        self.isRequired = isRequired
        self.describe = describe
    }

    /// Its type as documentation names it.
    public var typeName: String { describe().typeName }
    /// Its type as LuaCATS refers to it.
    public var reference: String { describe().reference }
    /// The aliases that `reference` needs.
    public var aliases: [TypeAlias] { describe().aliases }
    /// The fields of a table, where it is one.
    public var fields: [AnyParameter] { describe().fields }
    /// Its default as documentation shows it.
    public var shownDefault: String? { describe().shownDefault }
    /// The default as a word of a shell line; nil for none, and for a false one.
    var shellDefault: [String]? { describe().shellDefault }
}

/// A typed key: declared once with its documentation, used by a primitive's body to read its value.
///
/// Declaring is on the way of every start: what only documentation and traces need is worked out when asked for. No class,
/// since Swift would build one anew for each type of content when it is first met.
public struct Parameter<Content: ArgumentType> {
    /// The parameter without its type, as declarations list it.
    public let any: AnyParameter
    let fallback: (() -> Content)?

    /// A parameter that must be given, or, of optional type, may be left out; `shown` says what happens then.
    public init(_ name: String, _ summary: String, shown: String? = nil) {
        if let absent = Content.whenAbsent { fallback = { absent } } else { fallback = nil }
        any = AnyParameter(name, summary, isRequired: fallback == nil) {
            Self.description(shown: shown, fallback: nil)
        }
    }

    /// A parameter with a default.
    public init(_ name: String, _ summary: String, default fallback: Content) {
        self.fallback = { fallback }
        any = AnyParameter(name, summary, isRequired: false) {
            Self.description(shown: nil, fallback: fallback)
        }
    }

    private static func description(shown: String?, fallback: Content?) -> AnyParameter.Description {
        let text = fallback.map { "\($0)" }
        return .init(
            typeName: Content.typeName, reference: Content.reference, aliases: Content.aliases,
            fields: Content.fields, shownDefault: shown ?? text,
            shellDefault: (fallback as? Bool) == false ? nil : text.map { [shellQuoted($0)] })
    }

    /// Its name in Lua.
    public var name: String { any.name }
    /// 1, 2, ... for a positional argument; nil for an option.
    public var position: Int32? { any.position }
}

extension Optional: ArgumentType where Wrapped: ArgumentType {
    public static var typeName: String { Wrapped.typeName }
    public static var annotation: String { Wrapped.annotation }
    public static var form: String? { Wrapped.form }
    public static var fields: [AnyParameter] { Wrapped.fields }
    public static var reference: String { Wrapped.reference }
    public static var aliases: [TypeAlias] { Wrapped.aliases }
    public static var whenAbsent: Wrapped?? { .some(nil) }
    public static func read(_ slot: Slot) throws -> Wrapped? { try Wrapped.read(slot) }
}
