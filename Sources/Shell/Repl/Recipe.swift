internal import LuaHost

/// A session as a script that runs.
struct Recipe {
    let state: State
    let entries: [SessionRecord.Entry]
    /// How each such script begins: by it one is told from a file of somebody's own.
    static let header = "-- Recorded by tupper repl."

    /// What is said of the session itself has no place in a script.
    private static let talk: Set<String> = [
        "undo", "made", "save", "show", "traceback", "help", "source",
    ]

    /// The script's text.
    var source: [UInt8] {
        var body: [UInt8] = []
        // The names that have no value in the script, because what gave them one is left out.
        var lost: Set<String> = []
        for (index, entry) in entries.enumerated() {
            let names = Names(entry)
            if entry.hasFailed || isTakenBack(entry) {
                lost.formUnion(names.assigned)
                continue
            }
            if entry.steps.contains(where: { Self.talk.contains($0.primitive) }), !hasMade(entry) { continue }
            if let missing = names.used.intersection(lost).sorted().first {
                body += Array("-- left out, since \(missing) was taken back or failed:\n".utf8)
                body += commented(entry.source, "--   ", most: .max)
                lost.formUnion(names.assigned)
                continue
            }
            lost.subtract(names.assigned)
            let isUsed = entries[(index + 1)...].contains { Names($0).used.contains("_") }
            body += statement(entry, keepingValue: isUsed) + [10] + commented(entry.printed, "--> ", most: 20)
            // Of a loop, say, one turn cannot be left out.
            for step in entry.steps where step.isTakenBack {
                body += commented(
                    Array("taken back afterwards: \(step.shell ?? step.primitive)".utf8), "-- ", most: 20)
            }
        }
        var head = Self.header + " Run it by: tupper script FILE\n"
        if entries.contains(where: { $0.steps.contains { $0.primitive == "keep" } }) {
            head += "local function keep(handle) return handle:keep() end\n"
        }
        return Array((head + "\n").utf8) + body
    }

    private func hasMade(_ entry: SessionRecord.Entry) -> Bool {
        entry.steps.contains { !$0.made.isEmpty && !$0.isTakenBack }
    }

    private func isTakenBack(_ entry: SessionRecord.Entry) -> Bool {
        entry.steps.contains(where: \.isTakenBack) && !hasMade(entry)
    }

    /// An entry as it stands in a script.
    private func statement(_ entry: SessionRecord.Entry, keepingValue: Bool) -> [UInt8] {
        var text = entry.source
        let isStatement = (try? state.load(text, name: "=recipe")) != nil
        if entry.isExpression, !isStatement || (keepingValue && entry.values > 0) {
            return Array((isStatement || entry.values > 0 ? "_ = " : "local _ = ").utf8) + text
        }
        if Names(entry).endsWithChunk {
            // A local variable or a return was this chunk's alone.
            text = Array("do\n".utf8) + text + Array("\nend".utf8)
        } else if text.first(where: { $0 > 32 }) == UInt8(ascii: "(") {
            // Or the line before would be called.
            text = [UInt8(ascii: ";")] + text
        }
        return text
    }

    private func commented(_ text: [UInt8], _ mark: String, most: Int) -> [UInt8] {
        if text.isEmpty { return [] }
        var lines = text.split(separator: 10, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var comment: [UInt8] = []
        for line in lines.prefix(most) {
            comment += Array(mark.utf8) + line.map { $0 == 13 ? 32 : $0 } + [10]
        }
        return lines.count > most ? comment + Array("\(mark)...\n".utf8) : comment
    }
}

/// The names in a chunk, as far as its words tell.
private struct Names {
    var used: Set<String> = []
    var assigned: Set<String> = []
    /// Whether something in it must not reach beyond the chunk.
    var endsWithChunk = false

    init(_ entry: SessionRecord.Entry) {
        var (reader, depth) = (LuaTokens(), 0)
        let tokens = reader.read(entry.source).filter { $0.kind != .comment }
        for (index, token) in tokens.enumerated() {
            let before = index > 0 ? tokens[index - 1] : nil
            let after = index + 1 < tokens.count ? tokens[index + 1] : nil
            switch token.kind {
            case .keyword:
                if ["local", "return", "goto"].contains(token.text), depth == 0 { endsWithChunk = true }
            case .symbol where token.text == "::": endsWithChunk = true
            case .name where before?.isSymbol(".") != true && before?.isSymbol(":") != true:
                let isSet = after?.isSymbol("=") == true || after?.isSymbol(",") == true && depth == 0
                let isField = depth > 0 && after?.isSymbol("=") == true
                if isField { break }
                if isSet || (before?.text == "function" && after?.isSymbol("(") == true) {
                    assigned.insert(token.text)
                } else {
                    used.insert(token.text)
                }
            default: break
            }
            depth += token.nesting
        }
        if entry.isExpression {
            used.formUnion(assigned)
            assigned = entry.values > 0 ? ["_"] : []
        }
    }
}
