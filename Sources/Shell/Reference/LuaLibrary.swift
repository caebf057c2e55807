/// A module of the stdlib, by the LuaCATS comments of its source.
struct LuaLibrary {
    /// Its name, as `require` takes it.
    let name: String
    /// The comment at its head.
    let head: LuaComment
    /// Its own functions, and the methods of its classes.
    let functions: [Function]
    /// The tables that it describes by `---@class`.
    let classes: [Class]
    let source: String

    /// The head's first sentence.
    var summary: String { head.summary }
    var ownFunctions: [Function] { functions.filter { !$0.isMethod } }
    var methods: [Function] { functions.filter(\.isMethod) }

    /// A function with the comment above it.
    struct Function {
        /// As in `"inspect.text"`.
        let name: String
        /// Its parameters' names.
        let parameters: [String]
        let comment: LuaComment
        /// The line of `function`.
        let line: Int

        var summary: String { comment.summary }
        var isMethod: Bool { name.contains(":") }
    }

    /// A table's fields, as `---@field` lines tell of them.
    struct Class {
        /// As in `"sandbox.Options"`.
        let name: String
        let comment: LuaComment

        var fields: [LuaComment.Field] { comment.fields }
    }

    init(_ name: String, source: [UInt8]) {
        self.name = name
        var (block, head): ([Substring], LuaComment?) = ([], nil)
        var (functions, classes, owners): ([Function], [Class], [String]) = ([], [], [name])
        let text = String(decoding: source, as: UTF8.self)
        self.source = text
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("--") {
                block.append(line.drop { $0 == "-" })
                continue
            }
            let comment = LuaComment(block)
            if head == nil { head = comment }
            if let title = comment.className {
                classes.append(Class(name: title, comment: comment))
                owners += Self.table(line)
            }
            if let (called, parameters) = Self.header(line, of: owners) {
                functions.append(
                    Function(name: called, parameters: parameters, comment: comment, line: index + 1))
            }
            block = []
        }
        self.head = head ?? LuaComment([])
        (self.functions, self.classes) = (functions, classes)
    }

    /// The classes that a function's tags name.
    func classes(of function: Function) -> [Class] {
        classes.filter { known in
            function.comment.tags.contains {
                $0.name == "param" && $0.text.split(separator: " ").contains { $0 == known.name }
            }
        }
    }

    /// The name in `local Name = ...`.
    private static func table(_ line: Substring) -> [String] {
        let words = line.split(separator: " ")
        return words.count > 2 && words[0] == "local" && words[2] == "=" ? [String(words[1])] : []
    }

    /// The name and parameters in `function name.x(a, b)`, where the name is an owner's.
    private static func header(_ line: Substring, of owners: [String]) -> (String, [String])? {
        guard line.hasPrefix("function "), let open = line.firstIndex(of: "("),
            let close = line.firstIndex(of: ")"), open < close
        else { return nil }
        let name = line[..<open].dropFirst("function ".count)
        let owner = name.prefix { $0 != "." && $0 != ":" }
        guard owner.count < name.count, owners.contains(String(owner)) else { return nil }
        let parameters = line[line.index(after: open)..<close].split(separator: ",").map {
            String($0.filter { !$0.isWhitespace })
        }
        return (String(name), parameters)
    }
}
