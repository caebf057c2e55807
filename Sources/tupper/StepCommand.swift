public import ArgumentParser
public import Shell

/// `tupper step FILE [ARGS...]`.
struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Walk through a Lua script line by line.",
        discussion:
            "After each line that touched the system: what it called, and what changed on the machine.")

    @Option(help: "Whom to go with when a child process begins.")
    var follow = StepRunner.Follow.parent

    @Argument(help: "The script.", completion: .file())
    var file: String

    @Argument(
        parsing: .captureForPassthrough, help: "What the script finds in arg and '...'.", completion: .file())
    var arguments: [String] = []

    func run() throws {
        throw ExitCode(
            ScriptFile(path: file).run { source, name in
                StepRunner(follow: follow).run(
                    source, name: name, arguments: arguments.map { Array($0.utf8) })
            }.told())
    }
}

extension StepRunner.Follow: ExpressibleByArgument {}
