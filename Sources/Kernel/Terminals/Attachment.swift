internal import CKernel
internal import Glibc

/// This process's own terminal connected to a pseudo-terminal: keys go in, what is printed comes out.
public struct Attachment {
    /// Why it ended.
    public enum Ending: String, Sendable {
        /// The keys were typed; the programs go on.
        case detached
        /// The process it was for has ended.
        case ended
        /// No program has the terminal open any more.
        case closed
    }

    private let terminal: PseudoTerminal
    private let child: Child?
    private var keys: KeySequence
    private let screen: Screen
    private var typed: [UInt8] = []
    private var isInputOpen = true
    /// Enough for a screen; beyond it who prints, or types, waits.
    private static let most = 65536
    /// How long half of the keys are held back, in milliseconds.
    private static let patience: Int32 = 500

    /// Between a terminal and this process's standard input and output, until `child` ends or `keys` are typed.
    public init(_ terminal: PseudoTerminal, child: Child?, keys: KeySequence) {
        self.terminal = terminal
        self.child = child
        self.keys = keys
        screen = Screen()
    }

    /// Settles this process's terminal again, whatever was going on.
    public static func settle() { ck_terminal_settle() }

    /// Runs it. This process's own terminal is raw meanwhile, and as it was before afterwards.
    public mutating func run() throws(SystemCallError) -> Ending {
        guard try waitForTerminal() else { return .ended }
        let isTerminal = isatty(0) == 1
        if isTerminal { try systemCall("tcsetattr") { ck_terminal_make_raw(0) } }
        defer { ck_terminal_settle() }
        let resized = Descriptor(owning: try systemCall("signalfd") { ck_watch_size() })
        defer { ck_stop_watching_size() }
        takeSize()
        while true {
            if let ending = try step(resized.number, isTerminal) {
                try screen.flush()
                return ending
            }
        }
    }

    /// Until somebody has opened the terminal; false where the process has ended before.
    private func waitForTerminal() throws(SystemCallError) -> Bool {
        try terminal.checkSide()
        while terminal.number < 0 {
            if child?.ending != nil { return false }
            var set = [Self.entry(terminal.arrival, POLLIN), Self.entry(child?.descriptor ?? -1, POLLIN)]
            try Self.poll(&set, timeout: -1)
            if terminal.number < 0, set[1].revents != 0 { return false }
        }
        return true
    }

    private static func entry(_ descriptor: Int32, _ events: Int32) -> pollfd {
        pollfd(fd: descriptor, events: Int16(events), revents: 0)
    }

    @discardableResult
    private static func poll(_ set: inout [pollfd], timeout: Int32) throws(SystemCallError) -> Int32 {
        let count = UInt32(set.count)
        return try systemCall("poll", retry: false) {
            unsafe set.withUnsafeMutableBufferPointer { unsafe ck_poll_set($0.baseAddress, count, timeout) }
        }
    }

    private mutating func step(_ resized: Int32, _ isTerminal: Bool) throws(SystemCallError) -> Ending? {
        // A container that does not read its keys still leaves the detach keys to us: at a terminal, they are always
        // read, and what is too much is lost as a full terminal would lose it.
        let takesInput = isInputOpen && (isTerminal || typed.count < Self.most)
        let prints = screen.pending < Self.most
        let isHungUp = hungUp
        var set = [
            Self.entry(
                isHungUp ? -1 : terminal.number, (prints ? POLLIN : 0) | (typed.isEmpty ? 0 : POLLOUT)),
            Self.entry(takesInput ? 0 : -1, POLLIN),
            Self.entry(screen.pending > 0 ? screen.number : -1, POLLOUT),
            Self.entry(child?.descriptor ?? -1, POLLIN),
            Self.entry(resized, POLLIN),
        ]
        let ready = try Self.poll(
            &set, timeout: child?.ending != nil ? 0 : keys.isUnderWay ? Self.patience : isHungUp ? 50 : -1)
        hungUp = false
        if ready == 0, keys.isUnderWay { typed += keys.giveUp() }
        if set[4].revents != 0 {
            Self.forgetResize(resized)
            takeSize()
        }
        if set[2].revents != 0 { try screen.write() }
        if set[0].revents & Int16(POLLOUT) != 0 { try passKeys() }
        if set[1].revents != 0, try readKeys() {
            try passKeys()
            return .detached
        }
        if set[3].revents != 0 || child?.ending != nil {
            try takeRest()
            return .ended
        }
        if set[0].revents & Int16(POLLIN | POLLHUP) != 0, prints, try !print() {
            if child == nil { return .closed }
            hungUp = true
        }
        return nil
    }

    /// Whether every program has closed its side, as one that starts another may do for a moment.
    private var hungUp = false

    private mutating func passKeys() throws(SystemCallError) {
        let count = try terminal.write(typed[...])
        typed.removeFirst(count)
    }

    /// True where the detach keys were typed.
    private mutating func readKeys() throws(SystemCallError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = try systemCall("read") {
            unsafe buffer.withUnsafeMutableBytes { unsafe read(0, $0.baseAddress, $0.count) }
        }
        guard count > 0 else {
            isInputOpen = false
            // Twice: the first one ends a line that has no newline.
            if let end = terminal.endOfInput { typed += [end, end] }
            return false
        }
        let (passing, isComplete) = keys.take(Array(buffer[..<count]))
        typed += passing.prefix(max(0, Self.most - typed.count))
        return isComplete
    }

    /// False where no program has the terminal open.
    private func print() throws(SystemCallError) -> Bool {
        guard let bytes = try terminal.read(Self.most) else { return false }
        screen.show(bytes)
        return true
    }

    /// What was printed before the end; somebody who still prints is not waited for.
    private func takeRest() throws(SystemCallError) {
        var rest = 1 << 20
        while rest > 0, let bytes = try terminal.read(Self.most), !bytes.isEmpty {
            screen.show(bytes)
            rest -= bytes.count
            try screen.flush()
        }
    }

    private func takeSize() {
        guard let size = Terminal.size else { return }
        try? terminal.resize(size)
    }

    private static func forgetResize(_ resized: Int32) {
        var buffer = [UInt8](repeating: 0, count: 1024)
        _ = unsafe buffer.withUnsafeMutableBytes { unsafe read(resized, $0.baseAddress, $0.count) }
    }
}
