import Foundation

/// posix_spawn_file_actions_addclosefrom_np(3), which the module of the C library leaves out.
@_silgen_name("posix_spawn_file_actions_addclosefrom_np")
@discardableResult
private func closeFrom(_ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ first: Int32) -> Int32

/// A program that a test starts, by posix_spawn(3), in a process group of its own.
///
/// It has default signals, and none of this process's files but those given. Foundation's own class does not notice an exit
/// where loopback has no address, as in a new network namespace, and has no time limit.
public final class ChildProcess {
    /// Held while a program is started, and while a descriptor is not yet close-on-exec.
    static let starting = NSLock()
    private let pid: pid_t
    private var status: Int32?

    /// What a program did not do in time, or why it was not started.
    public struct Trouble: Error, CustomStringConvertible {
        public let description: String
    }

    /// Starts a program with these descriptors as its standard input, output and errors.
    public init(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil,
        input: Int32, output: Int32, errors: Int32
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        for (place, descriptor) in [input, output, errors].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(place))
        }
        // What Foundation opened in the test runner need not be close-on-exec.
        closeFrom(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        let variables = environment ?? ProcessInfo.processInfo.environment
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var pairs: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
        var child: pid_t = 0
        let result = Self.starting.withLock {
            posix_spawn(&child, program, &actions, &attributes, &words, &pairs)
        }
        (words + pairs).forEach { free($0) }
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
        guard result == 0 else { throw Trouble(description: "\(program) is not started: \(result)") }
        pid = child
    }

    deinit { end() }

    /// Kills it with its process group, and waits for its end.
    public func end() {
        guard isRunning else { return }
        kill(-pid, SIGKILL)
        var ending: Int32 = 0
        waitpid(pid, &ending, 0)
        status = -SIGKILL
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool {
        if status != nil { return false }
        var ending: Int32 = 0
        guard waitpid(pid, &ending, WNOHANG) == pid else { return true }
        status = ending & 0x7f == 0 ? ending >> 8 & 0xff : -(ending & 0x7f)
        return false
    }

    /// Waits for its end; the exit status, or minus the signal.
    public func ending(by deadline: Date) throws -> Int32 {
        while isRunning {
            guard Date() < deadline else {
                end()
                throw Trouble(description: "it was killed, since it had not ended in time")
            }
            usleep(1000)
        }
        return status ?? 0
    }

    /// Runs a program to its end, and takes what it prints until nobody has its output open any more. A program that is
    /// not through after `seconds` is killed, and the error tells what it printed.
    static func run(
        _ program: String, _ arguments: [String], input text: [UInt8], environment: [String: String]? = nil,
        within seconds: Double
    ) throws -> Tupper.Outcome {
        var input = try Pipe()
        var output = try Pipe()
        var errors = try Pipe()
        let child = try ChildProcess(
            program, arguments, environment: environment, input: input.reading, output: output.writing,
            errors: errors.writing)
        input.closeReading()
        output.closeWriting()
        errors.closeWriting()
        let deadline = Date(timeIntervalSinceNow: seconds)
        // A program that does not read its input is no reason to end the test run.
        signal(SIGPIPE, SIG_IGN)
        var rest = text[...]
        var (printed, complaints): ([UInt8], [UInt8]) = ([], [])
        if rest.isEmpty { input.closeWriting() }
        while output.reading >= 0 || errors.reading >= 0 {
            guard Date() < deadline else {
                child.end()
                let words = String(decoding: (printed + complaints).suffix(2000), as: UTF8.self)
                throw Trouble(
                    description: "\(program) \(arguments) was not through after \(seconds) s: \(words)")
            }
            var set = [
                pollfd(fd: output.reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors.reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: input.writing, events: Int16(POLLOUT), revents: 0),
            ]
            guard poll(&set, 3, 200) > 0 else { continue }
            if set[0].revents != 0 { output.read(into: &printed) }
            if set[1].revents != 0 { errors.read(into: &complaints) }
            if set[2].revents != 0 { input.write(&rest) }
        }
        input.closeWriting()
        return Tupper.Outcome(
            status: try child.ending(by: deadline), output: String(decoding: printed, as: UTF8.self),
            errors: String(decoding: complaints, as: UTF8.self))
    }

    /// A pipe whose ends on this side do not block; -1 for an end that is closed.
    struct Pipe: ~Copyable {
        private(set) var reading: Int32
        private(set) var writing: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            // A program that another test starts between the two calls would keep the pipe open.
            ChildProcess.starting.lock()
            defer { ChildProcess.starting.unlock() }
            guard pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
                throw Trouble(description: "pipe: \(errno)")
            }
            (reading, writing) = (ends[0], ends[1])
        }

        deinit {
            if reading >= 0 { close(reading) }
            if writing >= 0 { close(writing) }
        }

        mutating func closeReading() {
            if reading >= 0 { close(reading) }
            reading = -1
        }

        mutating func closeWriting() {
            if writing >= 0 { close(writing) }
            writing = -1
        }

        /// Takes what is there; closes this end where nothing is to come.
        mutating func read(into bytes: inout [UInt8]) {
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = Glibc.read(reading, &chunk, chunk.count)
            if count > 0 { bytes += chunk[..<count] } else { closeReading() }
        }

        /// Writes a whole text, which is short.
        func write(_ text: String) { _ = Glibc.write(writing, text, text.utf8.count) }

        /// Writes a piece that a pipe takes at once; closes this end after the last, or where nobody reads.
        mutating func write(_ bytes: inout ArraySlice<UInt8>) {
            let count = bytes.prefix(4096).withUnsafeBytes { Glibc.write(writing, $0.baseAddress, $0.count) }
            if count > 0 { bytes = bytes.dropFirst(count) }
            if count <= 0 || bytes.isEmpty { closeWriting() }
        }
    }
}
