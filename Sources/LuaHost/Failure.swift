/// What a failing primitive raises in Lua: the fields of the error object.
public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The primitive and the message.
    public var description: String { "\(primitive): \(message)" }

    /// The primitive that failed, as in `"fs.mount"`.
    public var primitive: String
    /// What went wrong, without the primitive's name: lower case, no full stop.
    public var message: String
    /// The system call that failed, as in `"mount"`.
    public var call: String?
    /// The symbol of its error number, as in `"EPERM"`.
    public var code: String?
    /// Its error number.
    public var number: Int?
    /// The path it was about.
    public var path: String?
    /// What else it was about: a link, a pid, a program.
    public var subject: String?
    /// What there was in spite of it, as a program's exit status.
    public var result: Value?
    /// The kernel's own words.
    public var detail: String?
    /// What the user can do, where the cause is known.
    public var hint: String?

    /// A failure that is a sentence.
    public init(_ primitive: String, _ message: String, hint: String? = nil) {
        self.primitive = primitive
        self.message = message
        self.hint = hint
    }

    /// Its fields that have a value.
    var entries: [Value.Entry] {
        fields.filter { $0.value != .absent }.map { Value.Entry(.text($0.name), $0.value) }
    }

    var fields: [(name: String, value: Value)] {
        func text(_ text: String?) -> Value { text.map(Value.text) ?? .absent }
        return [
            ("primitive", text(primitive)), ("message", text(message)), ("call", text(call)),
            ("code", text(code)), ("number", number.map { .integer(Int64($0)) } ?? .absent),
            ("path", text(path)), ("subject", text(subject)), ("detail", text(detail)), ("hint", text(hint)),
            ("result", result ?? .absent),
        ]
    }
}

/// An argument of the wrong type, out of range, unknown or missing.
public struct ArgumentError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String { message }

    /// What is wrong, naming the parameter.
    public let message: String
    /// What the user may have meant.
    public let hint: String?

    /// An argument error.
    public init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// An error value that Lua raised, kept as it is to be raised again.
public struct LuaFailure: Error, @unchecked Sendable, CustomStringConvertible {
    public var description: String { "an error that a script raised" }

    let value: Reference
}

/// The nearest of `names` to a mistyped one, if any is near: at most a third of its letters differ. Of two that are as near
/// it is the one with the same first letter.
public func nearest(to name: String, among names: [String]) -> String? {
    let scored = names.map { (name: $0, distance: distance(Array(name.utf8.prefix(64)), Array($0.utf8))) }
    func rank(_ scored: (name: String, distance: Int)) -> Int {
        2 * scored.distance + (scored.name.utf8.first == name.utf8.first ? 0 : 1)
    }
    guard let best = scored.min(by: { rank($0) < rank($1) }) else { return nil }
    return best.distance <= max(1, best.name.utf8.count / 3) ? best.name : nil
}

/// How many letters to change, add, leave out or swap with the next one make one word of another.
private func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var (before, row) = ([Int](), Array(0...right.count))
    for (i, a) in left.enumerated() {
        var next = [i + 1]
        for (j, b) in right.enumerated() {
            var least = min(next[j] + 1, row[j + 1] + 1, row[j] + (a == b ? 0 : 1))
            if i > 0, j > 0, a == right[j - 1], b == left[i - 1] { least = min(least, before[j - 1] + 1) }
            next.append(least)
        }
        (before, row) = (row, next)
    }
    return row[right.count]
}
