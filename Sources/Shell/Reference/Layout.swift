internal import Primitives

/// How text for people is set: how wide, and whether with bold and faint letters.
struct Layout {
    /// Columns a line may take; a word that is longer stays whole.
    var width = 80
    /// Whether escape sequences may be used.
    var isColoured = false

    /// For standard output: coloured on a terminal unless NO_COLOR is set.
    static var forOutput: Layout { Layout(isColoured: Output.wantsColour) }

    func bold(_ text: String) -> String { styled(text, "1") }
    func faint(_ text: String) -> String { styled(text, "2") }
    func green(_ text: String) -> String { styled(text, "32") }
    func red(_ text: String) -> String { styled(text, "31") }
    func yellow(_ text: String) -> String { styled(text, "33") }

    private func styled(_ text: String, _ code: String) -> String {
        isColoured && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// `text` broken into lines that fit beside an indent.
    func wrapped(_ text: String, indent: Int) -> [String] {
        let room = max(20, width - indent)
        var lines: [String] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            if let last = lines.last, last.count + 1 + word.count <= room {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// A paragraph with every line indented.
    func paragraph(_ text: String, indent: Int) -> String {
        wrapped(text, indent: indent).map { spaces(indent) + $0 + "\n" }.joined()
    }

    /// Rows in aligned columns, the last one broken into lines; `style` is given a cell's column and padded text.
    func table(
        _ rows: [[String]], indent: Int = 2, style: (Int, Int, String) -> String = { _, _, text in text }
    ) -> String {
        let columns = rows.map(\.count).max() ?? 0
        guard columns > 0 else { return "" }
        let widths = (0..<columns - 1).map { column in
            rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
        }
        let start = widths.reduce(indent) { $0 + $1 + 2 }
        return rows.enumerated().map { number, row in
            let cells = row.dropLast().enumerated().map { column, text in
                style(number, column, text + spaces(widths[column] - text.count)) + "  "
            }
            let rest = wrapped(row.last ?? "", indent: start)
            let head = spaces(indent) + cells.joined() + style(number, columns - 1, rest.first ?? "")
            let tail = rest.dropFirst().map {
                spaces(start) + style(number, columns - 1, $0)
            }
            return ([trimmed(head)] + tail).map { $0 + "\n" }.joined()
        }.joined()
    }

    private func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}
