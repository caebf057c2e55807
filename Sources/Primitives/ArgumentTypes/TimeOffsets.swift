public import Kernel
public import LuaHost

/// Offsets as a script gives them: numbers of seconds, or text with a unit, each with a minus or without.
extension TimeOffsets: ArgumentType {
    public static var typeName: String { "time offsets" }
    public static var annotation: String { "{ monotonic: (number|string)?, boottime: (number|string)? }" }
    public static var form: String? { "seconds or text such as \"-90s\", for each of the two clocks" }

    public static func read(_ slot: Slot) throws -> TimeOffsets {
        var (monotonic, boottime) = (0.0, 0.0)
        try slot.fields(known: ["monotonic", "boottime"]) { name, field in
            if name == "monotonic" { monotonic = try offset(field) } else { boottime = try offset(field) }
        }
        guard let offsets = TimeOffsets(monotonic: monotonic, boottime: boottime) else {
            throw slot.wanted("offsets below 1e12 seconds")
        }
        return offsets
    }

    private static func offset(_ slot: Slot) throws -> Double {
        if let number = slot.number() { return number }
        let text = String(decoding: slot.bytes() ?? [], as: UTF8.self)
        let isNegative = text.hasPrefix("-")
        guard let seconds = Seconds(isNegative ? String(text.dropFirst()) : text)?.seconds else {
            throw slot.wanted("seconds, or text such as \"-90s\"")
        }
        return isNegative ? -seconds : seconds
    }
}
