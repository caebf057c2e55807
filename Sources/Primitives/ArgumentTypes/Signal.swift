internal import Kernel
public import LuaHost

/// A signal by its name as in signal(7), with or without `SIG`, or by its number.
public struct Signal: ArgumentType, Sendable, Equatable {
    /// Its number.
    public let number: Int32

    public static var typeName: String { "signal" }
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
