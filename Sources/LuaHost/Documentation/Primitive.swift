/// One function that Lua can call, with its documentation.
public final class Primitive {
    /// Its full name, as in `"fs.mount"` or `"link:up"`.
    public let name: String
    /// What it does, in a sentence.
    public let summary: String
    /// Arguments by position, at most two.
    public let positional: [AnyParameter]
    /// Arguments by name, in the last table.
    public let options: [AnyParameter]
    /// The options table's array part, where it has a meaning.
    public let list: AnyParameter?
    /// What it returns, in words; nil for nothing.
    public let returns: String?
    /// The shell line that does the same.
    public let shell: ShellLine?
    /// Manual pages, as in `"mount(2)"`.
    public let see: [String]
    let body: (Call) throws -> [Argument]
    let optionNames: [[UInt8]]
    let isMethod: Bool
    /// Metamethods are Lua's own business and not traced.
    let isMetamethod: Bool

    /// Declares a primitive.
    public init(
        _ name: String, _ summary: String, positional: [AnyParameter] = [], options: [AnyParameter] = [],
        list: AnyParameter? = nil, returns: String? = nil, shell: ShellLine? = nil, see: [String] = [],
        _ body: @escaping (Call) throws -> [Argument]
    ) {
        self.name = name
        self.summary = summary
        self.positional = positional
        self.options = options
        self.list = list
        self.returns = returns
        self.shell = shell
        self.see = see
        self.body = body
        isMethod = name.contains(":")
        isMetamethod = name.contains("__")
        optionNames = options.map { Array($0.name.utf8) }
        for (index, parameter) in positional.enumerated() {
            parameter.position = Int32(index + (isMethod ? 2 : 1))
        }
    }

    var shortName: String {
        name.split(whereSeparator: { $0 == "." || $0 == ":" }).last.map(String.init) ?? name
    }
    /// Where the options table stands.
    var tableIndex: Int32 { Int32(positional.count) + (isMethod ? 2 : 1) }
    var takesTable: Bool { !options.isEmpty || list != nil }
}
