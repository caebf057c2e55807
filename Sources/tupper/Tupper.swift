import ArgumentParser

/// The command line. Wrong usage exits 64, as sysexits(3) has it.
@main
struct Tupper: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tupper", abstract: "A shell for building containers.", version: "0.1.0",
        subcommands: [ScriptCommand.self])
}
