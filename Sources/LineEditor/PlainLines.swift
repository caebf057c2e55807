internal import Kernel

/// Lines of standard input where it is no terminal.
public enum PlainLines {
    /// The next line, without its end. What comes after it is left for the programs that a line starts.
    public static func read() -> LineEditor.Input {
        var line: [UInt8] = []
        while true {
            switch Keyboard.next() {
            case .byte(10): return .line(line)
            case .byte(let byte): line.append(byte)
            case .stopped: return .interrupted
            case .end: return line.isEmpty ? .end : .line(line)
            case .windowChanged, .nothing: break
            }
        }
    }
}
