/// A command of `tupper` as its manual tells of it.
public struct CommandLineCommand {
    let name: String
    let summary: String
    let usage: String
    let discussion: String
    /// Its arguments, then its options.
    let items: [(term: String, text: String)]

    /// A command. `help` is what it says about itself, each argument and option on a line of its own.
    public init(name: String, summary: String, usage: String, discussion: String = "", help: String = "") {
        self.name = name
        self.summary = summary
        self.usage = usage
        self.discussion = discussion
        items = Self.items(help).filter { $0.term != "-h, --help" && $0.term != "--version" }
    }

    /// A term that is too long for its column has its text on the next line.
    private static func items(_ help: String) -> [(term: String, text: String)] {
        var items: [(term: String, text: String)] = []
        var isInside = false
        for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
            if !line.hasPrefix(" ") {
                isInside = line == "ARGUMENTS:" || line == "OPTIONS:" || (isInside && line.isEmpty)
            } else if isInside, line.hasPrefix("   "), let last = items.popLast() {
                items.append((last.term, (last.text + " " + String(line).trimmed).trimmed))
            } else if isInside {
                let words = line.dropFirst(2)
                let gap = words.firstRange(of: "  ")?.lowerBound ?? words.endIndex
                items.append((String(words[..<gap]), String(words[gap...]).trimmed))
            }
        }
        return items
    }
}
