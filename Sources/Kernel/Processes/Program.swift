internal import CKernel
internal import Glibc

/// A program to run: its arguments and environment as bytes.
public struct Program: Sendable {
    /// The arguments, the program's name or path first; none contains NUL.
    public var arguments: [[UInt8]]
    /// `NAME=VALUE` each; nil for this process's own environment.
    public var environment: [[UInt8]]?
    /// Where it starts; nil for here.
    public var directory: Path?
    /// Whom it becomes first, and what it may do.
    public var privileges: Privileges
    /// What it is told that it is called, where that is not the first of its arguments.
    public var shownName: [UInt8]?
    /// Whether it is killed when this process ends.
    public var diesWithParent = false

    /// A program by its arguments.
    public init(
        _ arguments: [[UInt8]], environment: [[UInt8]]? = nil, in directory: Path? = nil,
        as privileges: Privileges = Privileges()
    ) {
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.privileges = privileges
    }

    /// A program by words of text.
    public init(_ words: String...) {
        self.init(words.map { Array($0.utf8) })
    }

    /// As the program sees them.
    var shownArguments: [[UInt8]] {
        shownName.map { [$0] + arguments.dropFirst() } ?? arguments
    }

    var name: String { String(decoding: arguments.first ?? [], as: UTF8.self) }

    /// A program that ran and refused, in its own words.
    public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        /// As in `"nft: Operation not permitted"`.
        public var description: String { "\(program): \(words)" }

        public let program: String
        public let words: String

        /// A refusal.
        public init(program: String, words: String) {
            self.program = program
            self.words = words
        }
    }

    /// execvpe(3): becomes the program, with default signals and no descriptor beyond 2; `terminal` as its
    /// controlling one.
    public func execute(terminal: PseudoTerminal? = nil) throws(SystemCallError) -> Never {
        ck_flush()
        try terminal?.control()
        if let directory { try WorkingDirectory.change(to: directory) }
        try WorkingDirectory.checkInside()
        var result: Result<Int32, SystemCallError> = .success(0)
        unsafe withStrings(arguments) { words in
            if let environment {
                unsafe withStrings(environment) { result = unsafe become(words, $0) }
            } else {
                result = unsafe become(words, ck_environment())
            }
        }
        // This process goes on, and is to be stopped as before.
        ck_catch_stop_signals()
        throw SystemCallError("execve", try result.get(), [.init("program", name)])
    }

    /// An error's number where there is no such program, which is found out before anything is given up for it, or where it
    /// cannot be run.
    private func become(
        _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
        _ environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> Result<Int32, SystemCallError> {
        if let shownName { unsafe Path(bytes: shownName).withPlatformString(ck_show_program_as) }
        do throws(SystemCallError) {
            if unsafe OwnProgram.hasLeftHost { return .success(try unsafe becomeStaged(words, environment)) }
            if unsafe ck_has_program(words, environment) == 0 { return .success(ENOENT) }
            try privileges.apply()
            try Self.prepareToLeave()
        } catch { return .failure(error) }
        return unsafe .success(ck_become_program(words, environment))
    }

    /// Close-on-exec rather than closed: when the program cannot be run, this process goes on.
    private static func prepareToLeave() throws(SystemCallError) {
        try systemCall("close_range") { ck_close_range(3, .max, 4) }
        OpenFileLimit.restore()
        ck_heed_signals()
    }

    /// The same by way of a stage: while the kernel looks for an image's program, and for the interpreter that its first
    /// line names, /proc/self must not lead to this program, nor to anything of the host that it has open
    /// (CVE-2019-5736, CVE-2024-21626).
    private func becomeStaged(
        _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
        _ environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) throws(SystemCallError) -> Int32 {
        StandardFiles.renewNullDevice()
        let problem = unsafe ck_check_program(words, environment)
        if problem != 0 { return problem }
        var privileges = privileges
        var filter: SystemCallFilter?
        // The stage needs calls that a filter may refuse. Without no_new_privs, loading one needs what is given up before.
        if privileges.gainsNothing, privileges.filters.count == 1 { filter = privileges.filters.popLast() }
        let stage = try Stage(filter: filter)
        try privileges.apply()
        try Self.prepareToLeave()
        return unsafe stage.become(under: filter, words, environment)
    }

    /// Starts the program with these descriptors as its standard ones; nil for this process's own.
    ///
    /// Throws what execve(2), or a step before it, refused.
    public func start(
        stdin: Int32? = nil, stdout: Int32? = nil, stderr: Int32? = nil, terminal: PseudoTerminal? = nil
    ) throws(SystemCallError) -> Child {
        // Opened here, where it stays.
        try terminal?.open()
        // Closed by a successful execve, so that its end is the good news.
        let ends = try Descriptor.pipe()
        let reading = Descriptor(owning: ends.reading)
        let writing = Descriptor(owning: ends.writing)
        guard let child = try Child.clone() else {
            do {
                if diesWithParent { try Processes.dieWithParent() }
                try terminal?.control()
                for (from, to) in [(stdin, 0), (stdout, 1), (stderr, 2)] as [(Int32?, Int32)] {
                    if let from { try systemCall("dup2") { dup2(from, to) } }
                }
                try execute()
            } catch {
                let subject = error.subjects.first
                let report = [error.call, "\(error.number)", subject?.role ?? "", subject?.text ?? ""]
                try? writing.write(Array(report.joined(separator: "\0").utf8))
                _exit(127)
            }
        }
        _ = consume writing
        let bytes: [UInt8]
        do { bytes = try reading.readToEnd() } catch {
            try? child.end()
            throw error
        }
        let report = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        guard report.count == 4, let number = Int32(report[1]) else { return child }
        try child.end()
        throw SystemCallError(
            report[0], number, report[2].isEmpty ? [] : [.init(report[2], report[3])])
    }

    /// What a program that ran to its end said.
    public struct Outcome: Sendable {
        /// How it ended.
        public let ending: Child.Ending
        /// Its standard output.
        public let output: [UInt8]
        /// Its standard error.
        public let errors: [UInt8]

        /// The first line that it printed on standard error.
        public var firstWords: String {
            String(decoding: errors, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? lastWords
        }

        /// The last line that it printed, on standard error if there.
        public var lastWords: String {
            let lines = String(decoding: output + errors, as: UTF8.self).split(separator: "\n")
            return lines.last { !$0.allSatisfy(\.isWhitespace) }.map(String.init) ?? "\(ending)"
        }
    }

    /// The most that a program may print unless told otherwise, in bytes.
    public static let mostOutput = 256 << 20

    /// Runs the program to its end with `input` as standard input; its errors go to this process's own where
    /// `showingErrors`.
    ///
    /// Throws what execve(2) refused, as in ENOENT for a missing program, and EFBIG where it prints more than `limit` bytes.
    public func run(
        input: [UInt8] = [], showingErrors: Bool = false, limit: Int = mostOutput
    ) throws(SystemCallError) -> Outcome {
        let stdin = try MemoryFile("stdin", containing: input)
        let stdout = try CapturedOutput()
        let stderr = try MemoryFile("stderr")
        let child = try start(
            stdin: stdin.number, stdout: stdout.number, stderr: showingErrors ? nil : stderr.number)
        let (ending, output) = try stdout.collect(from: child, limit: limit)
        return Outcome(ending: ending, output: output, errors: try stderr.contents())
    }
}

extension Child {
    /// Waits for the end; when a stop signal arrives first, the child is ended and the error thrown.
    public func waitOrEnd() throws(SystemCallError) -> Ending {
        do {
            while true { if let ending = try wait() { return ending } }
        } catch {
            try end()
            throw error
        }
    }
}

/// Calls `body` with a null-terminated array of C strings.
func withStrings(
    _ strings: [[UInt8]], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Void
) {
    // Plain memory, since a list of pointers is of a type that would have to be made at run time first.
    typealias Pointer = UnsafeMutablePointer<CChar>
    let size = strings.reduce(0) { $0 + $1.count + 1 }
    let table = unsafe UnsafeMutableRawPointer.allocate(
        byteCount: unsafe (strings.count + 1) * MemoryLayout<Pointer?>.stride + size,
        alignment: MemoryLayout<Pointer?>.alignment)
    defer { unsafe table.deallocate() }
    let pointers = unsafe table.bindMemory(to: Pointer?.self, capacity: strings.count + 1)
    var end = unsafe (table + (strings.count + 1) * MemoryLayout<Pointer?>.stride)
        .bindMemory(to: CChar.self, capacity: size)
    for (index, string) in strings.enumerated() {
        unsafe pointers[index] = end
        for byte in string {
            unsafe end.pointee = CChar(bitPattern: byte)
            unsafe end += 1
        }
        unsafe end.pointee = 0
        unsafe end += 1
    }
    unsafe pointers[strings.count] = nil
    unsafe body(pointers)
}
