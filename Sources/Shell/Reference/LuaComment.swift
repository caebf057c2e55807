/// What a comment in Lua says: prose, an example, and the tags of LuaCATS.
struct LuaComment {
    /// The prose in a line.
    let text: String
    /// The lines that stand four columns in, as Markdown has code, without those columns.
    let example: [String]
    /// As in `("param", "value any What to show.")`, without those of fields.
    let tags: [(name: String, text: String)]
    /// What its `---@field` lines tell of.
    let fields: [Field]

    /// A field of a class.
    struct Field {
        let name: String
        let isOptional: Bool
        let type: String
        /// With the default in brackets, where there is one.
        let text: String
    }

    /// Of the lines of a comment, without their dashes.
    init(_ lines: [Substring]) {
        var (prose, example): ([Substring], [Substring]) = ([], [])
        var (tags, fields): ([(name: String, text: String)], [Field]) = ([], [])
        for line in lines {
            let words = line.drop { $0 == " " }
            if line.hasPrefix("     "), tags.isEmpty {
                example.append(line.dropFirst(5))
            } else if words.hasPrefix("@") {
                let tag = words.dropFirst().prefix { !$0.isWhitespace }
                let rest = words.dropFirst(tag.count + 1).drop { $0 == " " }
                if tag == "field" {
                    fields.append(Field(rest))
                } else {
                    tags.append((String(tag), String(rest)))
                }
            } else if tags.isEmpty, !words.isEmpty {
                prose.append(words)
            }
        }
        text = prose.joined(separator: " ")
        self.example = example.map(String.init)
        (self.tags, self.fields) = (tags, fields)
    }

    /// The prose's first sentence.
    var summary: String {
        guard let stop = text.firstRange(of: ". ") else { return text }
        return String(text[..<stop.lowerBound]) + "."
    }

    /// What `---@class` calls the table below.
    var className: String? { tags.first { $0.name == "class" }?.text }
}

extension LuaComment.Field {
    /// Of what stands behind `---@field`: `name? type text`; a comma goes on with the type.
    fileprivate init(_ line: Substring) {
        let parts = line.split(separator: " ", maxSplits: 1)
        let name = parts.first ?? ""
        var rest = parts.dropFirst().first ?? ""
        var type: [Substring] = []
        repeat {
            let word = rest.prefix { $0 != " " }
            rest = rest.dropFirst(word.count).drop { $0 == " " }
            type.append(word)
        } while type.last?.hasSuffix(",") == true
        self.init(
            name: String(name.filter { $0 != "?" }), isOptional: name.hasSuffix("?"),
            type: type.joined(separator: " "), text: String(rest))
    }
}
