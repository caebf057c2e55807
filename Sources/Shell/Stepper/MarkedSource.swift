/// A Lua text whose statements are marked: before the first one of each line of a block stands the read of a field
/// of the upvalue ``marker``, by which the stepper learns that it is reached. Lines stay what they were.
struct MarkedSource {
    /// The name that marks use; not one that a script would choose.
    static let marker = "__tupper_step"

    /// A function and the line that its first statement is on.
    struct NamedFunction: Equatable {
        let name: String
        let line: Int
    }

    /// The text of a function that takes the marker and returns the chunk.
    let text: [UInt8]
    /// The lines with a mark, in order.
    let lines: [Int]
    /// The functions that have a name.
    let functions: [NamedFunction]

    /// Marks a text; nil where it is not Lua as far as can be seen.
    init?(_ source: [UInt8]) {
        var statements = LuaStatements(StatementTokens.all(of: source))
        guard statements.read() else { return nil }
        var text = Array("return function(\(Self.marker)) return function(...) ".utf8)
        var place = 0
        for mark in statements.marks {
            text += source[place..<mark.offset]
            text += Array("do local _=\(Self.marker).l\(mark.line) end ".utf8)
            place = mark.offset
        }
        self.text = text + source[place...] + Array("\nend end".utf8)
        lines = Set(statements.marks.map(\.line)).sorted()
        functions = statements.functions
    }

    /// The first marked line from a line on; nil where there is none.
    func line(from line: Int) -> Int? { lines.first { $0 >= line } }

    /// The line to stop on for a function's name, also its last part; nil where no function has it.
    func line(ofFunction name: String) -> Int? {
        let last = { (text: String) in text.split { $0 == "." || $0 == ":" }.last.map(String.init) }
        let found = functions.first { $0.name == name } ?? functions.first { last($0.name) == name }
        return found?.line
    }
}

/// Finds where statements start: the grammar of the manual's chapter 9, without meaning.
private struct LuaStatements {
    struct Mark {
        let offset: Int
        let line: Int
    }

    private struct Refused: Error {}

    private let tokens: [StatementTokens.Token]
    private var next = 0
    private var depth = 0
    private(set) var marks: [Mark] = []
    private(set) var functions: [MarkedSource.NamedFunction] = []

    init(_ tokens: [StatementTokens.Token]) { self.tokens = tokens }

    mutating func read() -> Bool {
        do {
            try block()
            return token.kind == .end
        } catch {
            return false
        }
    }

    private var token: StatementTokens.Token { tokens[min(next, tokens.count - 1)] }
    private func isAt(_ text: String) -> Bool {
        token.text == text && (token.kind == .keyword || token.kind == .symbol)
    }

    private mutating func take(_ text: String) -> Bool {
        guard isAt(text) else { return false }
        next += 1
        return true
    }

    private mutating func expect(_ text: String) throws {
        guard take(text) else { throw Refused() }
    }

    private mutating func name() throws -> String {
        guard token.kind == .name else { throw Refused() }
        defer { next += 1 }
        return token.text
    }

    /// Lua itself allows 200 levels.
    private mutating func deeper(_ body: (inout LuaStatements) throws -> Void) throws {
        guard depth < 250 else { throw Refused() }
        depth += 1
        defer { depth -= 1 }
        try body(&self)
    }

    /// The statements of a block; on a line that bears the mark of what the block belongs to no second one is needed.
    private mutating func block(markedLine: Int = 0) throws {
        try deeper { this in
            var lastLine = markedLine
            while !["end", "else", "elseif", "until"].contains(where: this.isAt), this.token.kind != .end {
                if this.take(";") { continue }
                if this.take("::") {
                    _ = try this.name()
                    try this.expect("::")
                    continue
                }
                if this.token.line != lastLine {
                    lastLine = this.token.line
                    this.marks.append(Mark(offset: this.token.start, line: lastLine))
                }
                try this.statement()
            }
        }
    }

    private mutating func statement() throws {
        guard token.kind == .keyword else { return try expressionStatement() }
        let (word, line) = (token.text, token.line)
        next += 1
        switch word {
        case "if": try conditional(line)
        case "while":
            try expression()
            try body(from: "do")
        case "do":
            try block(markedLine: line)
            try expect("end")
        case "for":
            repeat { _ = try name() } while take(",")
            if !take("=") { try expect("in") }
            try expressions()
            try body(from: "do")
        case "repeat":
            try block()
            try expect("until")
            try expression()
        case "function":
            var text = try name()
            while isAt(".") || isAt(":") {
                text += token.text
                next += 1
                text += try name()
            }
            try function(named: text)
        case "local": try local()
        case "return":
            if !["end", "else", "elseif", "until", ";"].contains(where: isAt), token.kind != .end {
                try expressions()
            }
            _ = take(";")
        case "break": break
        case "goto": _ = try name()
        default: throw Refused()
        }
    }

    private mutating func body(from opening: String?) throws {
        if let opening { try expect(opening) }
        try block()
        try expect("end")
    }

    private mutating func conditional(_ line: Int) throws {
        repeat {
            try expression()
            try expect("then")
            try block(markedLine: line)
        } while take("elseif")
        if take("else") { try block(markedLine: line) }
        try expect("end")
    }

    private mutating func local() throws {
        if take("function") { return try function(named: try name()) }
        let first = token.text
        repeat {
            _ = try name()
            if take("<") {
                _ = try name()
                try expect(">")
            }
        } while take(",")
        if take("=") { try expressions(name: first) }
    }

    private mutating func expressionStatement() throws {
        let first = next
        try suffixed()
        let text = tokens[first..<next].map(\.text).joined()
        while take(",") { try suffixed() }
        if take("=") { try expressions(name: text) }
    }

    private mutating func expressions(name: String? = nil) throws {
        if let name, take("function") {
            try function(named: name)
            try continued()
        } else {
            try expression()
        }
        while take(",") { try expression() }
    }

    private mutating func function(named name: String?) throws {
        let (line, firstMark) = (token.line, marks.count)
        try expect("(")
        while !take(")") {
            guard token.kind == .name || isAt("...") || isAt(",") else { throw Refused() }
            next += 1
        }
        let place = functions.count
        try body(from: nil)
        guard let name else { return }
        let first = firstMark < marks.count ? marks[firstMark].line : line
        functions.insert(.init(name: name, line: first), at: place)
    }

    private static let binary: Set<String> = [
        "+", "-", "*", "/", "//", "^", "%", "&", "~", "|", ">>", "<<", "..", "<", "<=", ">", ">=", "==", "~=",
        "and", "or",
    ]

    private mutating func expression() throws {
        try deeper { this in
            try this.operand()
            try this.continued()
        }
    }

    /// The operators and operands that may follow an operand.
    private mutating func continued() throws {
        while token.kind == .symbol || token.kind == .keyword, Self.binary.contains(token.text) {
            next += 1
            try operand()
        }
    }

    private mutating func operand() throws {
        while ["not", "-", "#", "~"].contains(where: isAt) { next += 1 }
        if token.kind == .literal || ["nil", "true", "false", "..."].contains(where: isAt) {
            next += 1
        } else if take("function") {
            try function(named: nil)
        } else if isAt("{") {
            try table()
        } else {
            try suffixed()
        }
    }

    private mutating func suffixed() throws {
        if take("(") {
            try expression()
            try expect(")")
        } else {
            _ = try name()
        }
        while true {
            if take(".") {
                _ = try name()
            } else if take("[") {
                try expression()
                try expect("]")
            } else if take(":") {
                _ = try name()
                try arguments()
            } else if isAt("(") || isAt("{") || isString {
                try arguments()
            } else {
                return
            }
        }
    }

    /// A literal after a value can only be a string.
    private var isString: Bool { token.kind == .literal }

    private mutating func arguments() throws {
        if isString {
            next += 1
        } else if isAt("{") {
            try table()
        } else {
            try expect("(")
            if !isAt(")") { try expressions() }
            try expect(")")
        }
    }

    private mutating func table() throws {
        try expect("{")
        try deeper { this in
            while !this.isAt("}") {
                if this.take("[") {
                    try this.expression()
                    try this.expect("]")
                    try this.expect("=")
                    try this.expression()
                } else if this.token.kind == .name,
                    this.tokens[min(this.next + 1, this.tokens.count - 1)].text == "="
                {
                    let field = try this.name()
                    try this.expect("=")
                    if this.take("function") {
                        try this.function(named: field)
                    } else {
                        try this.expression()
                    }
                } else {
                    try this.expression()
                }
                if !this.take(",") && !this.take(";") { break }
            }
        }
        try expect("}")
    }
}
