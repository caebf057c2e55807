import Foundation

/// A program at a terminal of its own, typed at and read as a person would.
///
/// It waits for text rather than for time: a loaded machine only makes it slower.
public final class TypedSession {
    private let master: Int32
    private let process: pid_t
    private var status: Int32?
    private var printed = PlainText()
    private var position = 0
    private var raw: [UInt8] = []
    private var rawPosition = 0

    /// All that the program has printed, escape sequences left out.
    public var output: String { String(decoding: printed.bytes, as: UTF8.self) }
    /// All that the program has printed, as it is.
    public var shown: String { String(decoding: raw, as: UTF8.self) }

    /// What went wrong.
    public struct Trouble: Error, CustomStringConvertible {
        public let description: String
    }

    /// Starts the built program with a home directory of its own; or another one, by its path, that may lead to it.
    public init(
        _ arguments: [String] = ["repl"], program: String = Tupper.path, home: String,
        columns: UInt16 = 80, rows: UInt16 = 24, environment: [String: String] = [:]
    ) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (locked, number): (Int32, Int32) = (0, 0)
        // TIOCSPTLCK and TIOCGPTN, as in ioctl_tty(2).
        guard master >= 0, ioctl(master, 0x4004_5431, &locked) == 0, ioctl(master, 0x8004_5430, &number) == 0
        else { throw Trouble(description: "no pseudo terminal: \(errno)") }
        let terminal = "/dev/pts/\(number)"
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        // The first terminal that the leader of a session opens becomes its own.
        posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        // A test runner may ignore or block what a person's shell does not.
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        // With POSIX_SPAWN_SETSID, which is 0x80.
        posix_spawnattr_setflags(&attributes, Int16(0x80 | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var variables = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "xterm",
            "HOME": home,
        ]
        variables.merge(environment) { $1 }
        var words: [UnsafeMutablePointer<CChar>?] =
            ([program] + arguments).map { strdup($0) } + [nil]
        var pairs: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
        var child: pid_t = 0
        let result = ChildProcess.starting.withLock {
            posix_spawn(&child, program, &actions, &attributes, &words, &pairs)
        }
        (words + pairs).forEach { free($0) }
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
        process = child
        guard result == 0 else { throw Trouble(description: "not started: \(result)") }
    }

    deinit {
        close(master)
        guard status == nil else { return }
        kill(process, SIGKILL)
        var ending: Int32 = 0
        waitpid(process, &ending, 0)
    }

    /// Types text as it is.
    public func type(_ text: String) throws { try type(bytes: Array(text.utf8)) }

    /// Types bytes, reading meanwhile what is printed: a terminal holds little of either.
    public func type(bytes: [UInt8]) throws {
        var rest = bytes[...]
        let deadline = Date(timeIntervalSinceNow: 60)
        while !rest.isEmpty {
            guard Date() < deadline else {
                throw Trouble(description: "nobody reads; printed: \(output.suffix(500))")
            }
            var wait = pollfd(fd: master, events: Int16(POLLIN | POLLOUT), revents: 0)
            guard poll(&wait, 1, 1000) > 0 else { continue }
            if wait.revents & Int16(POLLIN) != 0 { _ = take() }
            if wait.revents & Int16(POLLOUT) != 0 {
                let count = rest.prefix(512).withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
                if count > 0 { rest = rest.dropFirst(count) }
            }
        }
    }

    /// Types a line and its Enter.
    public func enter(_ line: String) throws { try type(line + "\r") }

    /// Waits until text is printed beyond what was waited for before; returns what came up to its end.
    @discardableResult
    public func expect(_ text: String, within seconds: Double = 60) throws -> String {
        let deadline = Date(timeIntervalSinceNow: seconds)
        let wanted = Data(text.utf8)
        while true {
            let rest = Data(printed.bytes[position...])
            if let range = rest.range(of: wanted) {
                position += range.upperBound
                return String(decoding: rest[..<range.upperBound], as: UTF8.self)
            }
            guard Date() < deadline else {
                throw Trouble(
                    description: "no \"\(text)\" in: \(String(decoding: rest.suffix(2000), as: UTF8.self))")
            }
            var wait = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 200) > 0 else { continue }
            if !take() { throw Trouble(description: "it ended; no \"\(text)\" in: \(output.suffix(2000))") }
        }
    }

    /// Whether text is shown, escape sequences and carriage returns included, beyond what was seen before.
    public func sees(_ text: String, within seconds: Double = 20) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            if let range = Data(raw[rawPosition...]).range(of: Data(text.utf8)) {
                rawPosition += range.upperBound
                return true
            }
            var wait = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            guard Date() < deadline else { return false }
            if poll(&wait, 1, 200) > 0, !take() { return false }
        }
    }

    /// Types a line and sees text.
    public func says(_ line: String, _ text: String) -> Bool {
        (try? enter(line)) != nil && sees(text)
    }

    /// The modes of the terminal, as stty(1) shows them.
    public var modes: String {
        var modes = termios()
        guard tcgetattr(master, &modes) == 0 else { return "gone" }
        return "\(modes.c_iflag) \(modes.c_oflag) \(modes.c_lflag)"
    }

    /// Sends the program a signal.
    public func signal(_ number: Int32) { kill(process, number) }

    /// Gives the window another size.
    public func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Waits for the end; the exit status, or minus the signal.
    public func ending(within seconds: Double = 60) throws -> Int32 {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while Date() < deadline {
            var number: Int32 = 0
            if status == nil, waitpid(process, &number, WNOHANG) == process {
                status = number & 0x7f == 0 ? number >> 8 & 0xff : -(number & 0x7f)
            }
            var wait = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            if poll(&wait, 1, status == nil ? 50 : 0) > 0, take() { continue }
            if let status { return status }
            usleep(10_000)
        }
        throw Trouble(description: "it does not end; printed: \(output.suffix(500))")
    }

    /// Takes the terminal away.
    public func hangUp() {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        dup2(null, master)
        close(null)
    }

    /// Reads until nothing comes for 30 milliseconds.
    public func settle() {
        var wait = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        while poll(&wait, 1, 30) > 0, take() {}
    }

    /// Reads what is there; false where nothing is to come.
    private func take() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(master, &bytes, bytes.count)
        guard count > 0 else { return false }
        raw += bytes[..<count]
        for byte in bytes[..<count] { printed.take(byte) }
        return true
    }
}

/// What is printed, without carriage returns and escape sequences.
private struct PlainText {
    private enum Place { case text, escape, control, title }
    private(set) var bytes: [UInt8] = []
    private var place = Place.text

    mutating func take(_ byte: UInt8) {
        switch (place, byte) {
        case (_, 0x1b): place = .escape
        case (.escape, UInt8(ascii: "[")): place = .control
        case (.escape, UInt8(ascii: "]")): place = .title
        case (.escape, _), (.control, 0x40...0x7e), (.title, 7): place = .text
        case (.control, _), (.title, _), (.text, 13): break
        default: bytes.append(byte)
        }
    }
}
