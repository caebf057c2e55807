/// A name that a module or a handle was asked for and has not, for when a script calls what it got.
struct MissingName {
    let name: [UInt8]
    /// The names that there are, and how each is written with what it belongs to.
    let known: () -> [(name: String, whole: String)]

    init(_ name: [UInt8], _ known: @escaping () -> [(name: String, whole: String)]) {
        self.name = name
        self.known = known
    }
}

extension State {
    /// What the user may have meant, where Lua's own error says that a name leads to nothing; nil where none is near.
    ///
    /// `words` are the error's, as in `x.lua:1: attempt to call a nil value (field 'moutns')`.
    public func hint(for words: String) -> String? {
        let line = words.prefix { $0 != "\n" }
        let parts = line.split(separator: "'", omittingEmptySubsequences: false).suffix(3)
        guard parts.count == 3, parts.last == ")", let before = parts.first,
            before.contains("attempt to call a nil value (")
                || before.contains("attempt to index a nil value (")
        else { return nil }
        let (kind, name) = (before.split(separator: "(").last ?? "", String(parts[parts.endIndex - 2]))
        if kind == "global " { return nearest(to: name, among: globalNames).map { "did you mean \($0)?" } }
        guard let missing, missing.name.elementsEqual(name.utf8) else { return nil }
        let known = missing.known()
        guard let near = nearest(to: name, among: known.map(\.name)) else { return nil }
        return known.first { $0.name == near }.map { "did you mean \($0.whole)?" }
    }
}
