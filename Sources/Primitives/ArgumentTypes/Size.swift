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
        func wanted() -> ArgumentError { slot.wanted("a size such as 4096, \"64M\" or \"2GiB\"") }
        if let number = slot.integer() {
            guard number >= 0 else { throw wanted() }
            return Size(bytes: number)
        }
        guard let text = slot.bytes(), let size = Size(text) else {
            throw wanted()
        }
        return size
    }

    /// An amount of bytes.
    public init(bytes: Int64) { self.bytes = bytes }

    /// Reads text as in `"64M"`; nil where it is none, or more than 64 bits hold.
    public init?(_ text: [UInt8]) {
        let digits = text.prefix { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
        guard let factor = Self.factor(text[digits.endIndex...]) else { return nil }
        if digits.contains(UInt8(ascii: ".")) {
            guard let number = Double(String(decoding: digits, as: UTF8.self)),
                let bytes = Int64(exactly: (number * Double(factor)).rounded())
            else { return nil }
            self.bytes = bytes
            return
        }
        guard !digits.isEmpty else { return nil }
        var bytes: Int64 = 0
        for digit in digits {
            let tens = bytes.multipliedReportingOverflow(by: 10)
            let sum = tens.partialValue.addingReportingOverflow(Int64(digit - 48))
            if tens.overflow || sum.overflow { return nil }
            bytes = sum.partialValue
        }
        let product = bytes.multipliedReportingOverflow(by: factor)
        if product.overflow { return nil }
        self.bytes = product.partialValue
    }

    /// A letter, alone or as in `KiB` a power of 1024, as in `KB` one of 1000; in either case.
    private static func factor(_ unit: ArraySlice<UInt8>) -> Int64? {
        let unit = unit.map { (97...122).contains($0) ? $0 - 32 : $0 }
        guard let letter = unit.first, unit != Array("B".utf8) else { return 1 }
        guard let power = Array("KMGTP".utf8).firstIndex(of: letter) else { return nil }
        let base: Int64
        switch unit.dropFirst() {
        case [], Array("IB".utf8)[...]: base = 1024
        case Array("B".utf8)[...]: base = 1000
        default: return nil
        }
        return (0...power).reduce(1) { factor, _ in factor * base }
    }
}

/// How much a filesystem in memory holds: the kernel would take 0 for no limit.
struct Capacity: ArgumentType, CustomStringConvertible {
    let bytes: Int64
    var description: String { Size(bytes: bytes).description }
    static var typeName: String { Size.typeName }
    static var annotation: String { Size.annotation }
    static var form: String? { Size.form }
    static func read(_ slot: Slot) throws -> Capacity {
        let bytes = try Size.read(slot).bytes
        guard bytes > 0 else { throw slot.wanted("a size of more than 0") }
        return Capacity(bytes: bytes)
    }
}
