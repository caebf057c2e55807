public import ArgumentParser
import Glibc
public import Shell
import SystemPackage

/// `tupper script FILE [ARGS...]`.
struct ScriptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "script", abstract: "Run a Lua script.")

    @Option(
        help: ArgumentHelp(
            "Print each primitive with its shell equivalent and time; --trace is --trace=text.",
            valueName: "format"))
    var trace: TraceFormat?

    @Argument(help: "The script; - reads standard input.")
    var file: String

    @Argument(parsing: .captureForPassthrough, help: "What the script finds in arg and '...'.")
    var arguments: [String] = []

    func run() throws {
        throw ExitCode(ScriptFile(path: file).run(arguments, tracing: trace))
    }
}

extension TraceFormat: ExpressibleByArgument {}

/// A script to run: a file, or `-` for standard input.
struct ScriptFile {
    let path: String

    /// Runs it and prints how it ended; returns the exit status.
    func run(_ arguments: [String], tracing: TraceFormat?) -> Int32 {
        run { source, name in
            ScriptRunner(tracing: tracing).run(
                source, name: name, arguments: arguments.map { Array($0.utf8) })
        }
    }

    /// Gives its text and name to `body`, and prints how it ended; returns the exit status.
    func run(_ body: ([UInt8], String) throws -> ScriptRunner.Ending) -> Int32 {
        let ending: ScriptRunner.Ending
        do {
            ending = try body(try read(), path == "-" ? "stdin" : path)
        } catch let error as Errno {
            ending = .init(status: 1, report: "tupper: \(path): \(error.description.lowercased())")
        } catch {
            ending = .init(status: 1, report: "tupper: \(error)")
        }
        if !ending.report.isEmpty { printError(ending.report) }
        return ending.status
    }

    private func read() throws -> [UInt8] {
        let descriptor =
            path == "-"
            ? FileDescriptor.standardInput
            : try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
        defer { if path != "-" { try? descriptor.close() } }
        var source: [UInt8] = []
        // Most scripts fit in the first chunk; a larger one would cost page faults on the way of every start.
        var room = 8192
        while true {
            let chunk = try unsafe [UInt8](unsafeUninitializedCapacity: room) {
                try unsafe $1 = descriptor.read(into: UnsafeMutableRawBufferPointer($0))
            }
            if chunk.isEmpty { return source }
            if source.isEmpty { source = chunk } else { source += chunk }
            room = 1 << 17
        }
    }
}
