import ArgumentParser
import Shell

/// `tupper reference`: the manual, in one of its forms.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print the manual, in Markdown.",
        discussion: "tupper reference --man > tupper.1 makes the manual page.")

    @Flag(help: "Print the manual page tupper(1) instead.")
    var man = false

    @Flag(help: "Print the primitives' declarations as one JSON object instead.")
    var json = false

    func validate() throws {
        if man, json { throw ValidationError("--man and --json are two things.") }
    }

    func run() throws {
        if json { return printOutput(Reference.json()) }
        let commands = Tupper.configuration.subcommands.map { command in
            CommandLineCommand(
                name: command.configuration.commandName ?? "", summary: command.configuration.abstract,
                usage: Tupper.usageString(for: command), discussion: command.configuration.discussion,
                help: Tupper.helpMessage(for: command, columns: 10_000))
        }
        printOutput(man ? Reference.manualPage(commands) : Reference.manual(commands))
    }
}
