internal import Kernel
public import LuaHost

/// A signal by its name as in signal(7), with or without `SIG`, or by its number.
public struct Signal: ArgumentType, Sendable, Equatable {
    /// Its number.
    public let number: Int32

    public static var typeName: String { "signal" }
    public static var annotation: String { "string|integer" }
    public static var form: String? {
        "a signal as in signal(7): its name with or without SIG, or its number"
    }
    public static func read(_ slot: Slot) throws -> Signal {
        if let number = slot.integer() {
            guard let number = Int32(exactly: number), (0...64).contains(number) else {
                throw slot.wanted("a signal's number from 0 to 64")
            }
            return Signal(number: number)
        }
        guard let bytes = slot.bytes(),
            let number = SignalNames.number(String(decoding: bytes, as: UTF8.self))
        else { throw slot.wanted("a signal's name such as \"TERM\"") }
        return Signal(number: number)
    }
}
