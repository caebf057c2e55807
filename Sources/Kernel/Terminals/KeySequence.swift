/// Keys that mean something to this program rather than to the one in a terminal: found as they are typed.
public struct KeySequence: Sendable, Equatable {
    private let keys: [UInt8]
    private var matched = 0

    /// None.
    public init() { keys = [] }

    /// Keys by name, as in `"ctrl-p ctrl-q"` or `"ctrl-a d"`; nil where the text is none.
    public init?(_ text: String) {
        var keys: [UInt8] = []
        for word in text.split(whereSeparator: { $0 == " " || $0 == "," }) {
            let bytes = Array(word.utf8)
            if bytes.count == 1 {
                keys.append(bytes[0])
            } else if bytes.count == 6, word.lowercased().hasPrefix("ctrl-"), (64...122).contains(bytes[5]),
                bytes[5] != 96
            {
                keys.append(bytes[5] & 0x1f)
            } else {
                return nil
            }
        }
        guard !keys.isEmpty, keys.count <= 8 else { return nil }
        self.keys = keys
    }

    /// Whether some of the keys were typed, and are held back.
    var isUnderWay: Bool { matched > 0 }

    /// What passes of the bytes that were typed, and whether the keys were among them; what follows them is dropped.
    mutating func take(_ typed: [UInt8]) -> (passing: [UInt8], isComplete: Bool) {
        guard !keys.isEmpty else { return (typed, false) }
        var passing: [UInt8] = []
        for byte in typed {
            if byte != keys[matched] { passing += giveUp() }
            if byte == keys[matched] {
                matched += 1
                if matched == keys.count {
                    matched = 0
                    return (passing, true)
                }
            } else {
                passing.append(byte)
            }
        }
        return (passing, false)
    }

    /// What was held back, since it was not meant.
    mutating func giveUp() -> [UInt8] {
        defer { matched = 0 }
        return Array(keys.prefix(matched))
    }
}
