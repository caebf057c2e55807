/// The shell line that does what a primitive does, written once as a template.
///
/// `{name}` stands for an argument's value; `{--name}` for each element of a list with dashes before it;
/// `{name*:}` for the elements joined by a colon; `{flag?a:b}` for a choice by whether it is given and true,
/// `{list=word?a:b}` by whether the word is in it; `{name|other}` for a second choice, the last one
/// literal where no parameter has that name; `[...]` is left out where an argument inside is not given or false.
public struct ShellLine: ExpressibleByStringLiteral, Sendable {
    let template: String

    /// A template.
    public init(stringLiteral template: String) { self.template = template }

    /// As documentation shows it: names in capitals, what may be left out in brackets.
    public var documented: String {
        Self.expand(template) { name, choice in
            if let choice {
                return choice.no.isEmpty
                    ? "[\(choice.yes)]" : choice.yes.isEmpty ? "" : "\(choice.yes)|\(choice.no)"
            }
            return name.prefix { $0 != "|" && $0 != "*" }.uppercased()
        } group: {
            "[\($0 ?? "")]"
        }
    }

    /// With real arguments; `argument` tells a parameter's words, nil where it is not given or false.
    func filled(_ argument: (String) -> [String]?) -> String {
        var isMissing = false
        return Self.expand(template) { name, choice in
            if let choice, let mark = name.firstIndex(of: "=") {
                let word = String(name[name.index(after: mark)...])
                return argument(String(name[..<mark]))?.contains(word) == true ? choice.yes : choice.no
            }
            let alternatives = name.prefix { $0 != "*" }.split(separator: "|").map(String.init)
            var words: [String]?
            for alternative in alternatives where words == nil {
                words = argument(alternative.hasPrefix("--") ? String(alternative.dropFirst(2)) : alternative)
            }
            if words == nil, alternatives.count > 1 { words = alternatives.suffix(1) }
            if let choice { return words == nil ? choice.no : choice.yes }
            guard let words else {
                isMissing = true
                return ""
            }
            let joint = name.firstIndex(of: "*").map { String(name[name.index(after: $0)...]) } ?? " "
            return words.map { (name.hasPrefix("--") ? "--" : "") + $0 }.joined(separator: joint)
        } group: { text in
            defer { isMissing = false }
            return isMissing ? "" : text ?? ""
        }
    }

    /// Walks the template; groups do not nest.
    private static func expand(
        _ template: String, _ place: (String, (yes: String, no: String)?) -> String,
        group: (String?) -> String
    ) -> String {
        var (output, held) = ("", String?.none)
        var rest = template[...]
        while let character = rest.popFirst() {
            var piece = String(character)
            switch character {
            case "[" where held == nil:
                held = ""
                _ = group(nil)
                continue
            case "]" where held != nil:
                let text = group(held)
                output += text
                held = nil
                if text.isEmpty, rest.first == " " { rest = rest.dropFirst() }
                continue
            case "{":
                let name = rest.prefix { $0 != "}" }
                rest = rest.dropFirst(name.count + 1)
                piece = expand(placeholder: name, place)
                if piece.isEmpty, rest.first == " " { rest = rest.dropFirst() }
            default: break
            }
            if held == nil { output += piece } else { held? += piece }
        }
        return output
    }

    private static func expand(
        placeholder: Substring, _ place: (String, (yes: String, no: String)?) -> String
    ) -> String {
        guard let mark = placeholder.firstIndex(of: "?") else { return place(String(placeholder), nil) }
        let choices = placeholder[placeholder.index(after: mark)...]
        let yes = choices.prefix { $0 != ":" }
        return place(String(placeholder[..<mark]), (String(yes), String(choices.dropFirst(yes.count + 1))))
    }
}

/// A word as a shell reads it back.
public func shellQuoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy {
        (48...57).contains($0) || (64...90).contains($0) || (97...122).contains($0)
            || [37, 43, 44, 45, 46, 47, 58, 61, 95].contains($0)
    }
    if plain, !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
