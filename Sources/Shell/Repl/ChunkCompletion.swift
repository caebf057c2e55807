internal import LineEditor
internal import LuaHost

/// What the Tab key offers in Lua text: globals, fields, methods, a primitive's options, words that an argument may be,
/// and paths inside quotes.
struct ChunkCompletion {
    let state: State
    /// Names beyond the globals, such as the local variables of a frame.
    var names: [String] = []

    private typealias Token = LuaTokens.Token

    /// What can stand at the end of `before`, which may be several lines.
    func complete(_ before: [UInt8]) -> Completion {
        var reader = LuaTokens()
        let tokens = reader.read(before)
        guard let last = tokens.last else { return offer(globals(""), "", at: before.count) }
        let isTouching = last.start + last.bytes.count == before.count
        switch last.kind {
        case .comment where isTouching: return .none
        case .string(isClosed: false): return completeString(last, after: Array(tokens.dropLast()))
        case .name where isTouching, .keyword where isTouching:
            return completeName(last.text, at: last.start, after: Array(tokens.dropLast()))
        default: return completeName("", at: before.count, after: tokens)
        }
    }

    // MARK: Names

    private func completeName(_ typed: String, at start: Int, after tokens: [Token]) -> Completion {
        if let mark = tokens.last, mark.isSymbol(".") || mark.isSymbol(":") {
            let path = path(endingAt: tokens.dropLast())
            guard !path.isEmpty else { return .none }
            return offer(state.names(after: path), typed, at: start)
        }
        var candidates: [Completion.Candidate] = []
        if let place = argument(at: tokens), let primitive = state.primitive(at: place.callee), place.isKey {
            let options = primitive.options.map(\.name) + (fields(of: primitive, place)).map(\.name)
            candidates = options.filter { $0.hasPrefix(typed) }.map {
                Completion.Candidate(Array($0.utf8), suffix: " = ")
            }
            if typed.isEmpty, !candidates.isEmpty { return Completion(start: start, candidates: candidates) }
        }
        let options = Set(candidates.map(\.shown))
        let globals = offer(globals(typed), typed, at: start).candidates.filter {
            !options.contains($0.shown)
        }
        return Completion(start: start, candidates: candidates + globals)
    }

    private func globals(_ typed: String) -> [String] {
        let keywords = typed.isEmpty ? [] : LuaTokens.keywords.filter { $0.utf8.count > 2 }
        return Set(names + state.globalNames + keywords + HelpFunctions.names).sorted()
    }

    private func offer(_ names: [String], _ typed: String, at start: Int) -> Completion {
        // What begins with an underscore is asked for by that.
        let fitting = names.filter { $0.hasPrefix(typed) && (!typed.isEmpty || !$0.hasPrefix("_")) }
        return Completion(start: start, candidates: fitting.map { Completion.Candidate(Array($0.utf8)) })
    }

    /// `a.b.c` at the end of the tokens, as its names; empty where something else stands there.
    private func path(endingAt tokens: ArraySlice<Token>) -> [String] {
        var names: [String] = []
        var rest = tokens
        while let name = rest.popLast(), name.kind == .name {
            names.insert(name.text, at: 0)
            guard let mark = rest.last, mark.isSymbol(".") || mark.isSymbol(":") else { return names }
            rest.removeLast()
        }
        return []
    }

    // MARK: Arguments

    /// Where among a call's arguments the end of some text stands.
    private struct Place {
        let callee: [String]
        /// 0 for the first argument, by position.
        let position: Int
        /// Whether it is inside a table of options, and where a key can stand there.
        let isInTable, isKey: Bool
        /// The key whose value stands here.
        let key: String?
    }

    private func argument(at tokens: [Token]) -> Place? {
        var (depth, commas, index) = (0, 0, tokens.count - 1)
        var table: (open: Int, isKey: Bool, key: String?)?
        while index >= 0 {
            let token = tokens[index]
            switch token.kind == .symbol ? token.text : "" {
            case ")", "}", "]": depth += 1
            case "(", "[", "{":
                if depth > 0 {
                    depth -= 1
                } else if token.isSymbol("{"), table == nil {
                    let callee = path(endingAt: tokens[..<index])
                    table = (index, isKey(tokens), key(tokens))
                    if !callee.isEmpty { return place(callee, 0, table) }
                    commas = 0
                } else {
                    let callee = path(endingAt: tokens[..<index])
                    return token.isSymbol("(") && !callee.isEmpty ? place(callee, commas, table) : nil
                }
            case "," where depth == 0: commas += 1
            default: break
            }
            index -= 1
        }
        // A string right after a name is a call's only argument.
        let callee = path(endingAt: tokens[...])
        return callee.isEmpty ? nil : place(callee, 0, nil)
    }

    private func place(_ callee: [String], _ position: Int, _ table: (open: Int, isKey: Bool, key: String?)?)
        -> Place
    {
        Place(
            callee: callee, position: position, isInTable: table != nil, isKey: table?.isKey ?? false,
            key: table?.key)
    }

    private func isKey(_ tokens: [Token]) -> Bool {
        tokens.last.map { $0.isSymbol("{") || $0.isSymbol(",") || $0.isSymbol(";") } ?? false
    }

    private func key(_ tokens: [Token]) -> String? {
        guard tokens.count > 1, tokens[tokens.count - 1].isSymbol("=") else { return nil }
        return tokens[tokens.count - 2].text
    }

    private func fields(of primitive: Primitive, _ place: Place) -> [AnyParameter] {
        primitive.positional.indices.contains(place.position)
            ? primitive.positional[place.position].fields : []
    }

    /// The parameter whose value stands at a place.
    private func parameter(of primitive: Primitive, _ place: Place) -> AnyParameter? {
        if let key = place.key {
            return (primitive.options + fields(of: primitive, place)).first { $0.name == key }
        }
        if place.isInTable, let list = primitive.list { return list }
        return primitive.positional.indices.contains(place.position)
            ? primitive.positional[place.position] : nil
    }

    // MARK: Strings

    private func completeString(_ token: Token, after tokens: [Token]) -> Completion {
        let start = token.start + 1
        let typed = Array(token.bytes.dropFirst())
        // What is escaped, and a long string, are not worth the guessing.
        guard token.bytes.first != UInt8(ascii: "["), !typed.contains(UInt8(ascii: "\\")) else {
            return .none
        }
        let quote = String(decoding: token.bytes.prefix(1), as: UTF8.self)
        if let words = words(for: tokens) {
            let fitting = words.filter { Array($0.utf8).starts(with: typed) }
            if !fitting.isEmpty {
                return Completion(
                    start: start,
                    candidates: fitting.map { Completion.Candidate(Array($0.utf8), suffix: quote) })
            }
        }
        return .paths(typed, at: start, closing: quote)
    }

    /// The words that a string here may be; nil where it may be anything.
    private func words(for tokens: [Token]) -> [String]? {
        guard let place = argument(at: tokens) else { return nil }
        switch place.callee {
        case ["require"]: return StandardLibrary.names
        case ["help"]: return Reference.names
        default: break
        }
        guard let primitive = state.primitive(at: place.callee),
            let parameter = parameter(of: primitive, place)
        else { return nil }
        // A type of a few words is written as those words, in quotes.
        let type = ([parameter.reference] + parameter.aliases.prefix(1).map(\.annotation)).joined(
            separator: "|")
        let words = type.split(separator: "\"", omittingEmptySubsequences: false)
        let chosen = words.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
        return chosen.isEmpty ? nil : chosen
    }
}
