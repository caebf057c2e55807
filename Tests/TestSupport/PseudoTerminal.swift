import Foundation

/// The built program at a terminal of its own, as a person uses it.
public final class PseudoTerminal {
    /// Everything shown so far.
    public private(set) var shown = ""
    private let master: FileHandle
    private let process = Process()
    private var seen = 0

    /// Starts `tupper` with arguments. `columns` is the window's width.
    public init(
        _ arguments: [String], columns: Int = 100, rows: Int = 40, environment: [String: String] = [:],
        inOwnNetwork: Bool = false
    ) throws {
        // Glibc's module hides posix_openpt(3) and its kin; these are the ioctls below them.
        let descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (locked, number): (Int32, UInt32) = (0, 0)
        guard descriptor >= 0, ioctl(descriptor, 0x4004_5431, &locked) == 0,
            ioctl(descriptor, 0x8004_5430, &number) == 0
        else { throw CocoaError(.fileReadUnknown) }
        var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size)
        let other = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard other >= 0 else { throw CocoaError(.fileReadUnknown) }
        master = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let terminal = FileHandle(fileDescriptor: other, closeOnDealloc: true)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        let place = inOwnNetwork ? ["unshare", "--net"] : []
        process.arguments = ["--ctty", "--wait"] + place + [Tupper.executable.path] + arguments
        var variables = ProcessInfo.processInfo.environment
        variables["TERM"] = "xterm"
        variables["NO_COLOR"] = "1"
        for (name, value) in environment { variables[name] = value.isEmpty ? nil : value }
        process.environment = variables
        process.standardInput = terminal
        process.standardOutput = terminal
        process.standardError = terminal
        // A thread of the test runner blocks signals, which the program would inherit.
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
        try terminal.close()
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// Types text.
    public func type(_ text: String) {
        try? master.write(contentsOf: Data(text.utf8))
    }

    /// Types a line.
    public func enter(_ line: String) { type(line + "\r") }

    /// Waits until text is shown after what was waited for before; false where that takes too long, or it ends.
    public func sees(_ text: String, within seconds: Double = 20) -> Bool {
        let deadline = Date().addingTimeInterval(seconds)
        while true {
            let fresh = shown.utf8.dropFirst(seen)
            if let range = String(decoding: fresh, as: UTF8.self).range(of: text) {
                let before = String(decoding: fresh, as: UTF8.self)[..<range.upperBound]
                seen += before.utf8.count
                return true
            }
            let left = deadline.timeIntervalSinceNow
            guard left > 0, read(within: left) else { return false }
        }
    }

    /// Types a line at the stepper's prompt and waits for text, then for the next prompt.
    public func says(_ line: String, _ text: String) -> Bool {
        enter(line)
        return sees(text)
    }

    /// Waits for the end; the exit status, 128 + N for signal N; nil where it does not end.
    public func end(within seconds: Double = 20) -> Int32? {
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning, deadline.timeIntervalSinceNow > 0 { _ = read(within: 0.05) }
        while read(within: 0.05) {}
        guard !process.isRunning else { return nil }
        return process.terminationReason == .exit
            ? process.terminationStatus : 128 + process.terminationStatus
    }

    /// Sends a signal to the program itself.
    public func signal(_ number: Int32) throws {
        let children = try String(
            contentsOfFile: "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children",
            encoding: .utf8)
        for child in children.split(separator: " ").compactMap({ Int32($0) }) { kill(child, number) }
        if children.isEmpty { kill(process.processIdentifier, number) }
    }

    /// Makes the terminal go away.
    public func hangUp() { try? master.close() }

    /// The modes of the terminal, as stty(1) shows them.
    public var modes: String {
        var modes = termios()
        guard tcgetattr(master.fileDescriptor, &modes) == 0 else { return "gone" }
        return "\(modes.c_iflag) \(modes.c_oflag) \(modes.c_lflag)"
    }

    private func read(within seconds: Double) -> Bool {
        var wait = pollfd(fd: master.fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, Int32(min(seconds, 30) * 1000)) > 0, wait.revents & Int16(POLLIN) != 0 else {
            if wait.revents & Int16(POLLHUP) != 0 { usleep(10000) }
            return seconds > 0.05 && wait.revents == 0 && process.isRunning
        }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(master.fileDescriptor, &bytes, bytes.count)
        guard count > 0 else { return false }
        shown += String(decoding: bytes[..<count], as: UTF8.self)
        return true
    }
}
