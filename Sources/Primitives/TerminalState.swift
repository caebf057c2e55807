internal import Kernel

/// The modes of the terminal at standard input at one moment.
public struct TerminalState {
    private let modes = TerminalModes.current

    /// As they are now.
    public init() {}

    /// Whether the last signal that asked to stop was typed, as Ctrl-C.
    public static var wasStopTyped: Bool { StopSignals.wasTyped }

    /// Sets them again, where there is a terminal.
    public func restore() { modes?.restore() }
}
