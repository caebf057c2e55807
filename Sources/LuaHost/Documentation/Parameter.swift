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
    public var typeName: String { "" }
    /// Its default as documentation shows it.
    public var shownDefault: String? { nil }
    /// The default as a word of a shell line; nil for none, and for a false one.
    var shellDefault: [String]? { nil }
    /// Whether the call fails without it.
    public let isRequired: Bool
    /// 1, 2, ... for a positional argument; nil for an option.
    public internal(set) var position: Int32?

    init(_ name: String, _ summary: String, isRequired: Bool) {
        self.name = name
        self.summary = summary
        self.isRequired = isRequired
    }
}

/// A typed key: declared once with its documentation, used by a primitive's body to read its value.
///
/// Declaring is on the way of every start: what only documentation and traces need is worked out when asked for.
public final class Parameter<Content: ArgumentType>: AnyParameter {
    let fallback: Content?
    private let shown: String?

    /// A parameter that must be given, or, of optional type, may be left out; `shown` says what happens then.
    public init(_ name: String, _ summary: String, shown: String? = nil) {
        fallback = Content.whenAbsent
        self.shown = shown
        super.init(name, summary, isRequired: fallback == nil)
    }

    /// A parameter with a default.
    public init(_ name: String, _ summary: String, default fallback: Content) {
        self.fallback = fallback
        shown = nil
        super.init(name, summary, isRequired: false)
    }

    public override var typeName: String { Content.typeName }
    public override var shownDefault: String? { shown ?? fallbackText }
    override var shellDefault: [String]? {
        if (fallback as? Bool) == false { return nil }
        return fallbackText.map { [shellQuoted($0)] }
    }

    /// The default as text; nil where leaving the argument out has no value.
    private var fallbackText: String? {
        guard let fallback, Content.whenAbsent == nil else { return nil }
        return "\(fallback)"
    }
}

extension Optional: ArgumentType where Wrapped: ArgumentType {
    public static var typeName: String { Wrapped.typeName }
    public static var whenAbsent: Wrapped?? { .some(nil) }
    public static func read(_ slot: Slot) throws -> Wrapped? { try Wrapped.read(slot) }
}
