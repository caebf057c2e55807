/// Bytes as pairs of lower-case digits.
public enum Hexadecimal {
    /// The text of some bytes, the pairs joined by `separator`.
    public static func text(_ bytes: some Sequence<UInt8>, separator: UInt8? = nil) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            if let separator, !text.isEmpty { text.append(separator) }
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
