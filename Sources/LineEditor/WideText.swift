/// Text as libedit takes it: a number a character. A byte that is not UTF-8 becomes a lone low surrogate, which no
/// text holds, and comes back as that byte.
enum WideText {
    private static let strayBytes: ClosedRange<UInt32> = 0xdc80...0xdcff

    /// The character that stands for a byte that is not UTF-8.
    static func stray(_ byte: UInt8) -> UInt32 { 0xdc00 + UInt32(byte) }

    static func characters(_ bytes: [UInt8]) -> [UInt32] {
        var characters: [UInt32] = []
        characters.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let length = Self.length(lead: bytes[index])
            let end = min(index + length, bytes.count)
            if let character = scalar(bytes[index..<end]), end - index == length {
                characters.append(character)
                index = end
            } else {
                characters.append(stray(bytes[index]))
                index += 1
            }
        }
        return characters
    }

    static func bytes(_ characters: some Sequence<UInt32>) -> [UInt8] {
        var bytes: [UInt8] = []
        for character in characters {
            if strayBytes.contains(character) {
                bytes.append(UInt8(truncatingIfNeeded: character))
            } else if let scalar = Unicode.Scalar(character) {
                bytes += UTF8.encode(scalar)?.map { $0 } ?? []
            }
        }
        return bytes
    }

    /// How many bytes a character takes by its first one; 1 where that begins none.
    static func length(lead: UInt8) -> Int {
        switch lead {
        case 0xc2...0xdf: 2
        case 0xe0...0xef: 3
        case 0xf0...0xf4: 4
        default: 1
        }
    }

    /// The character that bytes make up; nil where they make none.
    static func scalar(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        var (decoder, iterator) = (UTF8(), bytes.makeIterator())
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        return scalar.value
    }
}
