/// One component of a pattern as in glob(7), over bytes: `*`, `?`, `[a-z]`, `[!a-z]`, `\` before a plain one.
///
/// `?` and `[...]` take one character of UTF-8, or one byte that is none. A leading dot must be written out.
public struct GlobPattern: Sendable {
    private enum Item: Sendable {
        case literal(UInt32)
        case any
        case star
        case set([ClosedRange<UInt32>], negated: Bool)

        func accepts(_ character: UInt32) -> Bool {
            switch self {
            case .literal(let wanted): character == wanted
            case .any: true
            case .star: false
            case .set(let ranges, let negated): ranges.contains { $0.contains(character) } != negated
            }
        }
    }

    private let items: [Item]

    /// Reads a component; an open bracket that nothing closes is plain.
    public init(_ bytes: [UInt8]) {
        var items: [Item] = []
        var rest = Self.characters(bytes)[...]
        while let character = rest.popFirst() {
            switch character {
            case Self.code("*"):
                if case .star? = items.last { continue }
                items.append(.star)
            case Self.code("?"): items.append(.any)
            case Self.code("["):
                if let (set, after) = Self.set(rest) {
                    items.append(set)
                    rest = after
                } else {
                    items.append(.literal(character))
                }
            case Self.code("\\"): items.append(.literal(rest.popFirst() ?? character))
            default: items.append(.literal(character))
            }
        }
        self.items = items
    }

    /// The name where the pattern can match one only.
    public var literal: [UInt8]? {
        var bytes: [UInt8] = []
        for item in items {
            guard case .literal(let character) = item else { return nil }
            bytes += Self.bytes(character)
        }
        return bytes
    }

    /// Whether a whole name matches.
    public func matches(_ name: [UInt8]) -> Bool {
        let characters = Self.characters(name)
        if characters.first == Self.code("."), items.first.map({ !$0.accepts(46) || !isLiteral($0) }) ?? true
        {
            return false
        }
        // On a mismatch the last star takes one character more: no recursion, no exponential time.
        var (item, position) = (0, 0)
        var retry: (item: Int, position: Int)?
        while position < characters.count {
            if item < items.count, case .star = items[item] {
                item += 1
                retry = (item, position)
            } else if item < items.count, items[item].accepts(characters[position]) {
                item += 1
                position += 1
            } else if let again = retry {
                item = again.item
                position = again.position + 1
                retry = (item, position)
            } else {
                return false
            }
        }
        return items[item...].allSatisfy { if case .star = $0 { true } else { false } }
    }

    private func isLiteral(_ item: Item) -> Bool { if case .literal = item { true } else { false } }

    private static func code(_ scalar: Unicode.Scalar) -> UInt32 { scalar.value }

    private static func set(_ text: ArraySlice<UInt32>) -> (Item, ArraySlice<UInt32>)? {
        var rest = text
        let negated = rest.first == code("!") || rest.first == code("^")
        if negated { rest.removeFirst() }
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while let low = rest.popFirst() {
            if low == code("]"), !isFirst { return (.set(ranges, negated: negated), rest) }
            isFirst = false
            let start = low == code("\\") ? rest.popFirst() ?? low : low
            if rest.first == code("-"), let end = rest.dropFirst().first, end != code("]") {
                rest = rest.dropFirst(2)
                if start <= end { ranges.append(start...end) }
            } else {
                ranges.append(start...start)
            }
        }
        return nil
    }

    /// Where bytes that are no UTF-8 stand, beyond all scalars.
    private static let invalid: UInt32 = 0x11_0000

    private static func characters(_ bytes: [UInt8]) -> [UInt32] {
        var output: [UInt32] = []
        var rest = bytes[...]
        while let first = rest.first {
            if first < 0x80 {
                output.append(UInt32(first))
                rest = rest.dropFirst()
                continue
            }
            let length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
            if let text = String(validating: rest.prefix(length), as: UTF8.self),
                let scalar = text.unicodeScalars.first
            {
                output.append(scalar.value)
                rest = rest.dropFirst(length)
            } else {
                output.append(invalid + UInt32(first))
                rest = rest.dropFirst()
            }
        }
        return output
    }

    private static func bytes(_ character: UInt32) -> [UInt8] {
        if character < 0x80 { return [UInt8(character)] }
        guard let scalar = Unicode.Scalar(character) else {
            return [UInt8(truncatingIfNeeded: character &- invalid)]
        }
        return Array(String(Character(scalar)).utf8)
    }
}
