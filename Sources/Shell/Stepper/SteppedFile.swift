internal import LuaHost

/// A file whose statements are marked.
final class SteppedFile {
    /// Its name, as messages have it.
    let name: String
    let chunk: SteppedChunk
    let marked: MarkedSource
    private let source: [Substring]

    init(name: String, chunk: SteppedChunk, marked: MarkedSource, source: [UInt8]) {
        self.name = name
        self.chunk = chunk
        self.marked = marked
        var lines = String(decoding: source, as: UTF8.self)
            .split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        if lines.last?.isEmpty == true { lines.removeLast() }
        self.source = lines
    }

    /// Whether a person means it by a name: its own, or the end of that.
    func answers(to name: String) -> Bool {
        let wanted = name.hasPrefix("./") ? String(name.dropFirst(2)) : name
        return self.name == name || self.name == wanted || self.name.hasSuffix("/" + wanted)
    }

    func refusal(of line: Int) -> String { "\(printable(name)) has no statement on line \(line) or after it" }

    var lineCount: Int { source.count }

    /// A line's text, without what a terminal would act on.
    func text(_ line: Int) -> String {
        guard source.indices.contains(line - 1) else { return "" }
        return printable(source[line - 1])
    }
}

/// Where to stop.
struct Breakpoint {
    let number: Int
    /// The file's name; until one is read, as the person wrote it.
    var file: String
    var line: Int
    var isPending = false
    /// Only where this Lua text is true.
    let condition: String?

    var text: String {
        "\(number)  \(printable(file)):\(line)" + (condition.map { "  if \(printable($0))" } ?? "")
            + (isPending ? "  once that is read" : "")
    }
}
