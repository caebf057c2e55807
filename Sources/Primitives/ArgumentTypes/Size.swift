public import LuaHost

/// An amount of bytes: a number, or text with a unit: `"64M"` and `"2GiB"` count by 1024, `"2GB"` by 1000.
public struct Size: ArgumentType, Sendable, Equatable, CustomStringConvertible {
    /// The bytes, at most what a file offset holds.
    public let bytes: Int64

    /// As in `"64M"`; plain bytes where no unit divides them.
    public var description: String {
        var (amount, unit) = (bytes, "")
        for next in ["K", "M", "G", "T"] where amount > 0 && amount % 1024 == 0 {
            amount /= 1024
            unit = next
        }
        return "\(amount)\(unit)"
    }

    public static var typeName: String { "size" }
    public static var annotation: String { "integer|string" }
    public static var form: String? {
        "bytes: a number, or text as in \"64M\" and \"2GiB\" (by 1024) or \"2GB\" (by 1000)"
    }
    public static func read(_ slot: Slot) throws -> Size {
        let wanted = slot.wanted("a size such as 4096, \"64M\" or \"2GiB\"")
        if let number = slot.integer() {
            guard number >= 0 else { throw wanted }
            return Size(bytes: number)
        }
        guard let text = slot.bytes(), let size = Size(String(decoding: text, as: UTF8.self)) else {
            throw wanted
        }
        return size
    }

    /// An amount of bytes.
    public init(bytes: Int64) { self.bytes = bytes }

    /// Reads text as in `"64M"`; nil where it is none, or more than 64 bits hold.
    public init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).uppercased()
        guard let factor = Self.factor(unit), let number = Double(digits) else { return nil }
        if let whole = Int64(digits) {
            let (bytes, overflow) = whole.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            self.bytes = bytes
        } else {
            guard let bytes = Int64(exactly: (number * Double(factor)).rounded()) else { return nil }
            self.bytes = bytes
        }
    }

    private static func factor(_ unit: String) -> Int64? {
        if unit.isEmpty || unit == "B" { return 1 }
        guard let power = ["K", "M", "G", "T", "P"].firstIndex(of: String(unit.prefix(1))) else { return nil }
        let base: Int64
        switch unit.dropFirst() {
        case "", "IB": base = 1024
        case "B": base = 1000
        default: return nil
        }
        return (0...power).reduce(1) { factor, _ in factor * base }
    }
}
