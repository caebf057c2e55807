public import ArgumentParser
public import Shell

/// `tupper script FILE [ARGS...]`.
struct ScriptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "script", abstract: "Run a Lua script.")

    @Option(
        help: ArgumentHelp(
            "Print each primitive with its shell equivalent and time; --trace is --trace=text.",
            valueName: "format"))
    var trace: TraceFormat?

    @Argument(help: "The script; - reads standard input.", completion: .file())
    var file: String

    @Argument(
        parsing: .captureForPassthrough, help: "What the script finds in arg and '...'.", completion: .file())
    var arguments: [String] = []

    func run() throws {
        let words = arguments.map { Array($0.utf8) }
        throw ExitCode(ScriptFile(path: file).run(words[...], tracing: trace).told())
    }
}

extension TraceFormat: ExpressibleByArgument {}

extension ScriptFile {
    /// The script at a path of text.
    init(path: String) { self.init(path: Array(path.utf8)) }
}

extension ScriptRunner.Ending {
    /// Prints the report; the exit status.
    func told() -> Int32 {
        if !report.isEmpty { printError(report) }
        return status
    }
}
