internal import CKernel
internal import Glibc

/// A program that is started in a running container.
///
/// A copy of this process does all that needs rights while it is out of the container's sight: its pid is not in there.
/// It then becomes the stage, which makes the child: in sight from birth, but it is the stage, without any right, file
/// or memory of ours (CVE-2016-9962, CVE-2019-5736, CVE-2024-21626).
public struct Joining {
    /// Standard descriptors; nil for this process's own.
    public var stdin, stdout, stderr: Int32?
    /// The controlling terminal, opened in the container.
    public var terminal: PseudoTerminal?
    /// Whether the program is killed when this process ends.
    public var diesWithParent = true

    /// With this process's standard files.
    public init() {}

    /// Those of this process's own standard descriptors that the program has.
    private var inherited: [Int32] {
        if terminal != nil { return [] }
        return [(stdin, 0), (stdout, 1), (stderr, 2)].filter { $0.0 == nil }.map(\.1)
    }

    private enum Message {
        static let refusal: Int32 = 0
        static let child: Int32 = 1
        static let noChild: Int32 = 2
        static let noProgram: Int32 = 3
    }

    /// As errors name the program.
    public var name = ""

    /// Why a step before the program was refused, where the kernel was not who did.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public var description: String { words }

        /// In a sentence.
        public let words: String

        /// A refusal.
        public init(words: String) { self.words = words }
    }

    /// Starts it. `program` is called in the container, where the names of users are its own.
    public func start(
        in container: RunningContainer, _ program: () throws -> Program
    ) throws -> Child {
        let files = try RelayedFiles(inherited)
        let ends = try Descriptor.pipe()
        let reading = Descriptor(owning: ends.reading)
        let writing = Descriptor(owning: ends.writing)
        let stage = try Stage()
        let line = try EndingLine()
        guard let helper = try Child.clone() else {
            do {
                if diesWithParent { try Processes.dieWithParent() }
                try files.take()
                try container.enter()
                StandardFiles.renewNullDevice(inherited)
                try becomeStage(stage, try program(), container, [writing.number, line.number])
            } catch {
                try? writing.write(Self.refusal(error))
                _exit(127)
            }
        }
        files.close()
        helper.files = files
        _ = consume writing
        line.listen()
        do {
            try follow(reading, helper, line)
            return helper
        } catch {
            // It ends with its child, and reaps it: else whose turn that is may not do so, and the container's first
            // process then waits for that one for ever.
            _ = try? helper.wait(timeout: 1000)
            try helper.end()
            throw error
        }
    }

    /// Runs it to its end with `input` as standard input, and takes what it prints; EFBIG beyond `limit` bytes.
    public func run(
        in container: RunningContainer, input: [UInt8], limit: Int, _ program: () throws -> Program
    ) throws -> Program.Outcome {
        let file = try MemoryFile("stdin", containing: input)
        let stdout = try CapturedOutput()
        var joining = self
        joining.stdin = file.number
        joining.stdout = stdout.number
        let child = try joining.start(in: container, program)
        let (ending, output) = try stdout.collect(from: child, limit: limit)
        return Program.Outcome(ending: ending, output: output, errors: [])
    }

    // MARK: In the helper

    private func becomeStage(
        _ stage: consuming Stage, _ program: Program, _ container: RunningContainer, _ lines: [Int32]
    ) throws -> Never {
        try terminal?.lendStandardFiles()
        for (from, to) in [(stdin, 0), (stdout, 1), (stderr, 2)] as [(Int32?, Int32)] {
            if let from { try systemCall("dup2") { dup2(from, to) } }
        }
        try WorkingDirectory.change(to: program.directory ?? "/")
        try WorkingDirectory.checkInside()
        let environment = program.environment ?? []
        let paths = Self.paths(to: program.arguments.first ?? [], environment)
        let words = [Array((terminal == nil ? "-" : "t").utf8)] + paths + [[]] + program.shownArguments
        try container.limit(program.privileges).apply()
        ck_reset_signals()
        try stage.run(words, environment: environment, lines: lines)
    }

    /// Where a program may be, as execvpe(3) looks for it.
    private static func paths(to name: [UInt8], _ environment: [[UInt8]]) -> [[UInt8]] {
        if name.contains(UInt8(ascii: "/")) || name.isEmpty {
            return [name.isEmpty ? [UInt8(ascii: "/")] : name]
        }
        let prefix = Array("PATH=".utf8)
        let list =
            environment.first { $0.starts(with: prefix) }?.dropFirst(prefix.count)
            ?? Array("/bin:/usr/bin".utf8)[...]
        return list.split(separator: UInt8(ascii: ":")).map { Array($0) + [UInt8(ascii: "/")] + name }
    }

    private static func refusal(_ error: any Error) -> [UInt8] {
        let text: [String]
        if let error = error as? SystemCallError {
            let subject = error.subjects.first
            text = [
                error.call, "\(error.number)", subject?.role ?? "", subject?.text ?? "", error.detail ?? "",
            ]
        } else {
            text = [(error as? Failure)?.words ?? "\(error)"]
        }
        return [0, 0, 0, 0, 0, 0, 0, 0] + Array(text.joined(separator: "\0").utf8)
    }

    // MARK: In this process

    /// What the stage tells until the program runs. The container may have had its hands on it, and tell anything.
    private func follow(
        _ reading: borrowing Descriptor, _ helper: Child, _ line: EndingLine
    ) throws {
        var pid: Int32?
        while let (kind, number) = try Self.message(reading, from: pid) {
            switch kind {
            case Message.child: pid = number
            case Message.refusal: throw Self.refused(try reading.readToEnd(limit: 65536))
            case Message.noChild: throw SystemCallError("clone", number)
            case Message.noProgram: throw SystemCallError("execve", number, [.init("program", name)])
            default: throw SystemCallError("ioctl", number, [.init("subject", "the terminal")])
            }
        }
        guard let pid else { throw SystemCallError("clone", ESRCH) }
        helper.line = line
        // One that has ended needs no signals; one that is not the helper's child was told of by somebody else.
        let number = ck_pidfd_open(pid)
        guard number >= 0 else { return }
        let target = Descriptor(owning: number)
        guard let entry = try? Processes.read(try ProcessFiles.number(of: target.number)),
            entry.parent == (try? helper.numberInSight())
        else { return }
        helper.stand(for: pid, target)
    }

    /// The next message; nil after the last, which the end of the line tells, or that the child is the program by now:
    /// somebody in there may have got hold of the line meanwhile, and keep it open.
    private static func message(
        _ reading: borrowing Descriptor, from child: Int32?
    ) throws(SystemCallError) -> (Int32, Int32)? {
        // A process of the container's may stop the stage before it is the program.
        let end = Clock.nanoseconds + 2_000_000_000
        while let child {
            let ready = try systemCall("poll", retry: false) { ck_poll(reading.number, Int16(POLLIN), 100) }
            if ready > 0 { break }
            if !isStage(child) { return nil }
            if Clock.nanoseconds > end {
                throw SystemCallError(
                    "execve", ETIMEDOUT, [.init("pid", "\(child)")],
                    detail: "something in the container holds the process before it is the program")
            }
        }
        var words: [Int32] = [0, 0]
        let count = try systemCall("read", retry: false) {
            unsafe words.withUnsafeMutableBytes { unsafe read(reading.number, $0.baseAddress, $0.count) }
        }
        return count == 8 ? (words[0], words[1]) : nil
    }

    private static func isStage(_ pid: Int32) -> Bool {
        let pidfd = Descriptor(owning: ck_pidfd_open(pid))
        guard pidfd.number >= 0, let number = try? ProcessFiles.number(of: pidfd.number) else { return false }
        return Stage.isRun(by: number, as: .resident)
    }

    private static func refused(_ bytes: [UInt8]) -> any Error {
        let text = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        guard text.count == 5, let number = Int32(text[1]) else {
            return Failure(words: text.joined(separator: " "))
        }
        return SystemCallError(
            text[0], number, text[2].isEmpty ? [] : [.init(text[2], text[3])],
            detail: text[4].isEmpty ? nil : text[4])
    }
}
