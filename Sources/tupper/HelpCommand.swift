import ArgumentParser
import Shell

/// `tupper help [NAME]`: of a command, or of what a script can name.
struct HelpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "Tell how a command or a primitive is used.",
        discussion:
            "Without a name: what there is. Names are those of Lua, as in fs, fs.mount, link:move; a command "
            + "of the shell finds what does its work, as in umount.")

    // A line of a shell comes as several words, some of which look like options.
    @Argument(
        parsing: .allUnrecognized, help: "A module, a primitive, a handle or a command.",
        completion: .custom { _, _, _ in Tupper.commandNames + Reference.names })
    var name: [String] = []

    func run() throws {
        let name = name.isEmpty ? nil : name.joined(separator: " ")
        if let command = name.flatMap(Tupper.command) {
            return printOutput(Tupper.helpMessage(for: command))
        }
        guard let text = Reference.help(name) else {
            printError("tupper: \(Reference.unknown(name ?? ""))")
            throw ExitCode.failure
        }
        if name == nil { printOutput(Tupper.helpMessage()) }
        printOutput(text)
    }
}
