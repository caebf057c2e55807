internal import LuaHost

/// Prints the values of an expression, as `inspect` shows them.
struct ValuePrinter {
    let state: State
    /// The terminal's columns and rows; nil where it is no terminal, and nothing is cut.
    let window: () -> (columns: Int, rows: Int)?

    /// The whole text of a value.
    func text(_ value: LuaHost.Reference) throws -> String {
        if let name = Self.name(try state.subject(of: value)) { return name }
        let inspect = try state.load(Array("return require('inspect').text(...)".utf8), name: "=inspect")
        let width = max((window()?.columns ?? 81) - 1, 20)
        let options = Value.record(["width": .integer(Int64(width))])
        guard case .bytes(let bytes)? = try inspect([.reference(value), .value(options)]).first else {
            return ""
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A value's text, cut to what a screen holds.
    func excerpt(_ value: LuaHost.Reference) throws -> String {
        let text = try text(value)
        guard let window = window() else { return text }
        let most = max(window.rows - 4, 8)
        let columns = max(window.columns, 20)
        var (rows, shown): (Int, [Substring]) = (0, [])
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines {
            let needed = max(1, (line.utf8.count + columns - 1) / columns)
            if rows + needed > most {
                if rows == 0 { shown.append(line.prefix(most * columns - columns)) }
                let rest = lines.count - shown.count
                let more =
                    rest > 0 ? "\(rest) more line\(rest == 1 ? "" : "s")" : "\(text.utf8.count) bytes in all"
                return shown.joined(separator: "\n") + "\n... \(more); show(_) prints all"
            }
            rows += needed
            shown.append(line)
        }
        return text
    }

    /// What has help of its own is shown by where that is.
    private static func name(_ subject: Subject) -> String? {
        switch subject {
        case .module(let module): "module \(module.name): \(module.summary) help(\(module.name)) tells more."
        case .primitive(let primitive) where !primitive.isMethod:
            "primitive \(primitive.name): \(primitive.summary) help(\(primitive.name)) tells more."
        default: nil
        }
    }
}
