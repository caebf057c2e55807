/// A value as JSON text: RFC 8259.
indirect enum JSON {
    case null
    case bool(Bool)
    case number(String)
    case text(String)
    case list([JSON])
    case fields([(String, JSON?)])

    static func number(_ number: some BinaryInteger) -> JSON { .number("\(number)") }

    /// An object; what is nil is left out.
    static func object(_ fields: KeyValuePairs<String, JSON?>) -> JSON {
        .fields(fields.map { ($0.key, $0.value) })
    }

    /// The text. No tag and no comment of HTML can begin in it, so that it stands safely within a page.
    var encoded: String {
        switch self {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let digits): digits
        case .text(let text): Self.quoted(text)
        case .list(let items): "[" + items.map(\.encoded).joined(separator: ",") + "]"
        case .fields(let fields):
            "{"
                + fields.compactMap { name, value in value.map { Self.quoted(name) + ":" + $0.encoded } }
                .joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "<", ">", "&", "\u{2028}", "\u{2029}", "\0"..."\u{1f}", "\u{7f}":
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
