internal import CKernel
internal import Glibc

/// A program to run: its arguments and environment as bytes.
public struct Program: Sendable {
    /// The arguments, the program's name or path first; none contains NUL.
    public var arguments: [[UInt8]]
    /// `NAME=VALUE` each; nil for this process's own environment.
    public var environment: [[UInt8]]?

    /// A program by its arguments.
    public init(_ arguments: [[UInt8]], environment: [[UInt8]]? = nil) {
        self.arguments = arguments
        self.environment = environment
    }

    /// A program by words of text.
    public init(_ words: String...) {
        self.init(words.map { Array($0.utf8) })
    }

    var name: String { String(decoding: arguments.first ?? [], as: UTF8.self) }

    /// execvpe(3): becomes the program, with default signals and no descriptor beyond 2.
    public func execute() throws(SystemCallError) -> Never {
        ck_flush()
        // Close-on-exec rather than closed: when the program cannot be run, this process goes on.
        try systemCall("close_range") { ck_close_range(3, .max, 4) }
        var number: Int32 = 0
        unsafe withStrings(arguments) { words in
            if let environment {
                unsafe withStrings(environment) { number = unsafe start(words, $0) }
            } else {
                number = unsafe start(words, ck_environment())
            }
        }
        throw SystemCallError("execve", number, [.init("program", name)])
    }

    private func start(
        _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
        _ environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> Int32 {
        ck_reset_signals()
        _ = unsafe ck_execvpe(words[0], words, environment)
        return errno
    }

    /// What a program that ran to its end said.
    public struct Outcome: Sendable {
        /// How it ended.
        public let ending: Child.Ending
        /// Its standard output.
        public let output: [UInt8]
        /// Its standard error.
        public let errors: [UInt8]
    }

    /// Runs the program to its end with `input` as standard input.
    ///
    /// Throws what execve(2) refused, as in ENOENT for a missing program.
    public func run(input: [UInt8] = []) throws(SystemCallError) -> Outcome {
        let stdin = try MemoryFile("stdin", containing: input)
        let stdout = try MemoryFile("stdout")
        let stderr = try MemoryFile("stderr")
        let report = try MemoryFile("report")
        guard let child = try Child.clone() else {
            do {
                try stdin.stand(for: 0)
                try stdout.stand(for: 1)
                try stderr.stand(for: 2)
                try execute()
            } catch {
                try? report.write(Array("\(error.number)".utf8))
                _exit(127)
            }
        }
        var ending: Child.Ending?
        do {
            ending = try child.wait()
        } catch {
            try? child.end()
            throw error
        }
        if let number = Int32(String(decoding: try report.contents(), as: UTF8.self)) {
            throw SystemCallError("execve", number, [.init("program", name)])
        }
        return Outcome(
            ending: ending ?? .code(0), output: try stdout.contents(), errors: try stderr.contents())
    }
}

/// Calls `body` with a null-terminated array of C strings.
func withStrings(
    _ strings: [[UInt8]], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Void
) {
    let copies = unsafe strings.map { string in
        unsafe (string + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer {
            unsafe $0.baseAddress.flatMap { unsafe strdup($0) }
        }
    }
    var pointers = unsafe copies + [nil]
    unsafe pointers.withUnsafeMutableBufferPointer {
        if let base = $0.baseAddress { unsafe body(base) }
    }
    unsafe copies.forEach { unsafe free($0) }
}
