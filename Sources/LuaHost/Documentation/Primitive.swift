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
    /// The same as types of LuaCATS, one a value that is returned, as in `"tupper.mount"` or `"{ code: integer? }"`.
    public var gives: [String] { listGiven() }
    /// What stays on disk or on the host when the script has ended; nil for nothing.
    public let leaves: String?
    /// The shell line that does the same.
    public let shell: ShellLine?
    /// The same of one call, where the template cannot have it.
    let traced: ((Call) throws -> String?)?
    /// Manual pages, as in `"mount(2)"`.
    public var see: [String] { listPages() }
    /// A few lines of Lua that run where the manual says that examples run.
    public let example: String?
    private let listPages: () -> [String]
    private let listGiven: () -> [String]
    private let listFailures: () -> KeyValuePairs<String, String>
    let body: (Call) throws -> [Argument]
    let optionNames: [[UInt8]]
    /// Whether it is called on a handle, with a colon.
    public let isMethod: Bool
    /// Metamethods are Lua's own business and not traced.
    public let isMetamethod: Bool

    /// Declares a primitive. `fails` tells what an error code means here, as in `["EBUSY": "somebody works in it"]`.
    public init(
        _ name: String, _ summary: String, positional: [AnyParameter] = [], options: [AnyParameter] = [],
        list: AnyParameter? = nil, returns: String? = nil, gives: @autoclosure @escaping () -> [String] = [],
        leaves: String? = nil,
        shell: ShellLine? = nil, traced: ((Call) throws -> String?)? = nil,
        see: @autoclosure @escaping () -> [String] = [],
        fails: @autoclosure @escaping () -> KeyValuePairs<String, String> = [:], example: String? = nil,
        _ body: @escaping (Call) throws -> [Argument]
    ) {
        self.name = name
        self.summary = summary
        self.positional = positional
        self.options = options
        self.list = list
        self.returns = returns
        self.shell = shell
        self.traced = traced
        listGiven = gives
        self.leaves = leaves
        listPages = see
        self.example = example
        listFailures = fails
        self.body = body
        let (nameEnd, isMethod) = Self.prefix(of: name)
        self.isMethod = isMethod
        isMetamethod = name.utf8.dropFirst(nameEnd).starts(with: "__".utf8)
        optionNames = options.map { Array($0.name.utf8) }
        for (index, parameter) in positional.enumerated() {
            parameter.position = Int32(index + (isMethod ? 2 : 1))
        }
    }

    /// What its error codes mean.
    public var fails: KeyValuePairs<String, String> { listFailures() }

    /// Its name in its module or kind, as in `"mount"`.
    public var shortName: String { String(decoding: shortNameBytes, as: UTF8.self) }
    var shortNameBytes: [UInt8] { Array(name.utf8.dropFirst(Self.prefix(of: name).length)) }

    /// How many bytes go before the short name, and whether a colon ends them. Read byte by byte, since every
    /// primitive that is built comes by here.
    private static func prefix(of name: String) -> (length: Int, isMethod: Bool) {
        var (length, isMethod, position) = (0, false, 0)
        for byte in name.utf8 {
            position += 1
            if byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") {
                length = position
                isMethod = byte == UInt8(ascii: ":")
            }
        }
        return (length, isMethod)
    }
    /// Where the options table stands.
    var tableIndex: Int32 { Int32(positional.count) + (isMethod ? 2 : 1) }
    /// Whether options may also stand in a table of their own, after the one that has the list.
    public var takesMoreOptions: Bool { list != nil && !options.isEmpty }
    /// How many arguments it takes, the receiver of a method among them.
    var mostArguments: Int32 { tableIndex + (takesTable ? 0 : -1) + (takesMoreOptions ? 1 : 0) }
    /// Whether its last argument is a table.
    public var takesTable: Bool { !options.isEmpty || list != nil }
}
