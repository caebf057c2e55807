public import LuaHost

/// A span of time: a number of seconds, or text with a unit: `"250ms"`, `"5s"`, `"2m"`, `"1h"`.
public struct Seconds: ArgumentType, Sendable, Equatable {
    /// The span in seconds, not negative.
    public let seconds: Double
    /// In milliseconds, rounded up, for poll(2).
    public var milliseconds: Int32 { Int32(clamping: Int64(min(seconds * 1000, 1e12).rounded(.up))) }

    public static var typeName: String { "duration" }
    public static var annotation: String { "number|string" }
    public static var form: String? {
        "seconds: a number, or text with a unit as in \"250ms\", \"5s\", \"2m\", \"1h\""
    }
    public static func read(_ slot: Slot) throws -> Seconds {
        func wanted() -> ArgumentError { slot.wanted("a duration such as 5, 0.25 or \"250ms\"") }
        if let number = slot.number() {
            guard number >= 0, number.isFinite else { throw wanted() }
            return Seconds(seconds: number)
        }
        guard let text = slot.bytes(), let seconds = Seconds(String(decoding: text, as: UTF8.self)) else {
            throw wanted()
        }
        return seconds
    }

    /// A span of time.
    public init(seconds: Double) { self.seconds = seconds }

    /// Reads text as in `"250ms"`; nil where it is none.
    public init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let units: [String: Double] = ["": 1, "s": 1, "ms": 0.001, "us": 0.000_001, "m": 60, "h": 3600]
        guard let factor = units[String(text.dropFirst(digits.count))], let number = Double(digits) else {
            return nil
        }
        seconds = number * factor
    }
}
