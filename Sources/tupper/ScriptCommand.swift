import ArgumentParser
import Glibc
import Shell
import SystemPackage

/// `tupper script FILE [ARGS...]`.
struct ScriptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "script", abstract: "Run a Lua script.")

    @Flag(help: "Print each primitive with its shell equivalent and time.")
    var trace = false

    @Argument(help: "The script; - reads standard input.")
    var file: String

    @Argument(parsing: .captureForPassthrough, help: "What the script finds in arg and '...'.")
    var arguments: [String] = []

    func run() throws {
        let ending: ScriptRunner.Ending
        do {
            let source = try read()
            ending = try ScriptRunner(tracing: trace).run(
                source, name: file == "-" ? "stdin" : file, arguments: arguments.map { Array($0.utf8) })
        } catch let error as Errno {
            ending = .init(status: 1, report: "tupper: \(file): \(error.description.lowercased())")
        }
        if !ending.report.isEmpty { printError(ending.report) }
        throw ExitCode(ending.status)
    }

    private func read() throws -> [UInt8] {
        let descriptor =
            file == "-"
            ? FileDescriptor.standardInput
            : try FileDescriptor.open(FilePath(file), .readOnly, options: .closeOnExec)
        defer { if file != "-" { try? descriptor.close() } }
        var source: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
            if count == 0 { return source }
            source += chunk[..<count]
        }
    }

    private func printError(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll((text + "\n").utf8)
    }
}
