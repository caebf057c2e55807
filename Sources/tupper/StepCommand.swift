import ArgumentParser
import Shell

/// `tupper step FILE [ARGS...]`.
struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Walk through a Lua script line by line.",
        discussion:
            "After each line that touched the system: what it called, and what changed on the machine.")

    @Option(help: "Whom to go with when a child process begins: child, parent or both.")
    var follow = "parent"

    @Argument(help: "The script.")
    var file: String

    @Argument(parsing: .captureForPassthrough, help: "What the script finds in arg and '...'.")
    var arguments: [String] = []

    func validate() throws {
        guard StepRunner.Follow(rawValue: follow) != nil else {
            throw ValidationError("--follow takes child, parent or both.")
        }
    }

    func run() throws {
        let follow = StepRunner.Follow(rawValue: follow) ?? .parent
        throw ExitCode(
            ScriptFile(path: file).run { source, name in
                StepRunner(follow: follow).run(
                    source, name: name, arguments: arguments.map { Array($0.utf8) })
            }.told())
    }
}
