/// Plain values as bytes, to cross between processes that run the same program.
extension Value {
    /// The value as bytes.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        encode(into: &bytes)
        return bytes
    }

    private func encode(into bytes: inout [UInt8]) {
        func append(_ tag: UInt8, _ number: UInt64) {
            bytes.append(tag)
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
        switch self {
        case .absent: bytes.append(0)
        case .boolean(let flag): bytes.append(flag ? 2 : 1)
        case .integer(let number): append(3, UInt64(bitPattern: number))
        case .number(let number): append(4, number.bitPattern)
        case .bytes(let content):
            append(5, UInt64(content.count))
            bytes += content
        case .table(let entries):
            append(6, UInt64(entries.count))
            for entry in entries {
                entry.key.encode(into: &bytes)
                entry.value.encode(into: &bytes)
            }
        }
    }

    /// Reads a value back; nil where the bytes are none.
    public static func decode(_ bytes: [UInt8]) -> Value? {
        var rest = bytes[...]
        guard let value = decode(&rest, depth: 0), rest.isEmpty else { return nil }
        return value
    }

    private static func decode(_ rest: inout ArraySlice<UInt8>, depth: Int) -> Value? {
        func number() -> UInt64? {
            guard rest.count >= 8 else { return nil }
            defer { rest = rest.dropFirst(8) }
            return rest.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard depth <= State.deepest, let tag = rest.popFirst() else { return nil }
        switch tag {
        case 0: return .absent
        case 1, 2: return .boolean(tag == 2)
        case 3: return number().map { .integer(Int64(bitPattern: $0)) }
        case 4: return number().map { .number(Double(bitPattern: $0)) }
        case 5:
            guard let count = number(), count <= UInt64(rest.count) else { return nil }
            defer { rest = rest.dropFirst(Int(count)) }
            return .bytes(Array(rest.prefix(Int(count))))
        case 6:
            guard let count = number(), count <= UInt64(rest.count) else { return nil }
            var entries: [Entry] = []
            for _ in 0..<count {
                guard let key = decode(&rest, depth: depth + 1), let value = decode(&rest, depth: depth + 1)
                else { return nil }
                entries.append(Entry(key, value))
            }
            return .table(entries)
        default: return nil
        }
    }
}
