/// What a Lua argument can be read as.
public protocol ArgumentType {
    /// The type as documentation names it, as in `"path"` or `"size"`.
    static var typeName: String { get }
    /// Reads the value in a slot. Throws ``ArgumentError``.
    static func read(_ slot: Slot) throws -> Self
    /// The value where the argument is left out; nil where it must be given.
    static var whenAbsent: Self? { get }
}

extension ArgumentType {
    /// Must be given.
    public static var whenAbsent: Self? { nil }
}

/// What is known of a parameter without its Swift type.
public class AnyParameter {
    /// Its name in Lua.
    public let name: String
    /// What it means, in a sentence.
    public let summary: String
    /// Its type as documentation names it.
    public let typeName: String
    /// Its default as documentation shows it.
    public let shownDefault: String?
    /// Whether the call fails without it.
    public let isRequired: Bool
    /// The default as a word of a shell line; nil for none, and for a false one.
    let shellDefault: [String]?
    /// 1, 2, ... for a positional argument; nil for an option.
    public internal(set) var position: Int32?

    init(
        _ name: String, _ summary: String, typeName: String, shownDefault: String?, isRequired: Bool,
        shellDefault: [String]? = nil
    ) {
        self.shellDefault = shellDefault
        self.name = name
        self.summary = summary
        self.typeName = typeName
        self.shownDefault = shownDefault
        self.isRequired = isRequired
    }
}

/// A typed key: declared once with its documentation, used by a primitive's body to read its value.
public final class Parameter<Content: ArgumentType>: AnyParameter {
    let fallback: Content?

    /// A parameter that must be given, or, of optional type, may be left out; `shown` says what happens then.
    public init(_ name: String, _ summary: String, shown: String? = nil) {
        fallback = Content.whenAbsent
        super.init(
            name, summary, typeName: Content.typeName, shownDefault: shown, isRequired: fallback == nil)
    }

    /// A parameter with a default.
    public init(_ name: String, _ summary: String, default fallback: Content) {
        self.fallback = fallback
        super.init(
            name, summary, typeName: Content.typeName, shownDefault: "\(fallback)", isRequired: false,
            shellDefault: (fallback as? Bool) == false ? nil : [shellQuoted("\(fallback)")])
    }
}

extension Optional: ArgumentType where Wrapped: ArgumentType {
    public static var typeName: String { Wrapped.typeName }
    public static var whenAbsent: Wrapped?? { .some(nil) }
    public static func read(_ slot: Slot) throws -> Wrapped? { try Wrapped.read(slot) }
}
