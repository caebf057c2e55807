/// A module of the stdlib, by the LuaCATS comments of its source.
struct LuaLibrary {
    /// Its name, as `require` takes it.
    let name: String
    /// The comment at its head, in a line.
    let summary: String
    let functions: [Function]
    let source: String

    /// A function with the comment above it.
    struct Function {
        /// As in `"inspect.text"`.
        let name: String
        /// Its parameters' names.
        let parameters: [String]
        /// The comment's prose.
        let text: String
        /// The comment's tags, as in `("param", "value any What to show.")`.
        let tags: [(name: String, text: String)]
        /// The line of `function`.
        let line: Int

        /// Its first sentence.
        var summary: String {
            guard let stop = text.firstRange(of: ". ") else { return text }
            return String(text[..<stop.lowerBound]) + "."
        }
    }

    init(_ name: String, source: [UInt8]) {
        self.name = name
        var (block, head): ([Substring], [Substring]?) = ([], nil)
        var functions: [Function] = []
        let text = String(decoding: source, as: UTF8.self)
        self.source = text
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("--") {
                block.append(line.drop { $0 == "-" })
                continue
            }
            if head == nil { head = block }
            if let (called, parameters) = Self.header(line, in: name) {
                functions.append(Self.function(called, parameters, block, line: index + 1))
            }
            block = []
        }
        summary = Self.parts(head ?? []).text
        self.functions = functions
    }

    /// The name and parameters in `function name.x(a, b)`.
    private static func header(_ line: Substring, in library: String) -> (String, [String])? {
        guard line.hasPrefix("function \(library)"), let open = line.firstIndex(of: "("),
            let close = line.firstIndex(of: ")"), open < close
        else { return nil }
        let parameters = line[line.index(after: open)..<close].split(separator: ",").map {
            String($0.filter { !$0.isWhitespace })
        }
        return (String(line[..<open].dropFirst("function ".count)), parameters)
    }

    private static func function(
        _ name: String, _ parameters: [String], _ comment: [Substring], line: Int
    ) -> Function {
        let (text, tags) = parts(comment)
        return Function(name: name, parameters: parameters, text: text, tags: tags, line: line)
    }

    /// A comment's prose in one line, and its tags.
    private static func parts(_ comment: [Substring]) -> (text: String, tags: [(name: String, text: String)])
    {
        var (prose, tags): ([Substring], [(name: String, text: String)]) = ([], [])
        for line in comment {
            let words = line.drop { $0 == " " }
            guard words.hasPrefix("@") else {
                if tags.isEmpty { prose.append(words) }
                continue
            }
            let tag = words.dropFirst().prefix { !$0.isWhitespace }
            let rest = words.dropFirst(tag.count + 1).drop { $0 == " " }
            tags.append((String(tag), String(rest)))
        }
        return (prose.filter { !$0.isEmpty }.joined(separator: " "), tags)
    }
}
