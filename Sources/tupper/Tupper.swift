import ArgumentParser
import Glibc

/// The command line. Wrong usage exits 64, as sysexits(3) has it.
struct Tupper: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tupper", abstract: "A shell for building containers.", version: "0.1.0",
        subcommands: [
            ScriptCommand.self, ReplCommand.self, StepCommand.self, RecordCommand.self, HelpCommand.self,
            DoctorCommand.self, StubsCommand.self, ReferenceCommand.self, CleanCommand.self,
        ], defaultSubcommand: ReplCommand.self)

    /// The commands by their names.
    static var commandNames: [String] {
        configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    /// A command by its name.
    static func command(_ name: String) -> (any ParsableCommand.Type)? {
        configuration.subcommands.first { $0.configuration.commandName == name }
    }
}

/// Where the program starts.
@main
enum Start {
    /// `tupper script FILE [ARGS...]` is what starts most often, a container at a time: it goes past the parser, which
    /// takes longer to look at the commands' declarations than the rest of the start.
    static func main() {
        let words = CommandLine.arguments
        if words.count > 2, words[1] == "script", words[2] == "-" || !words[2].hasPrefix("-") {
            exit(ScriptFile(path: words[2]).run(Array(words[3...]), tracing: nil))
        }
        if let script = Completion.script(Array(words.dropFirst())) { return printOutput(script) }
        Tupper.main(spelledOut(Array(words.dropFirst())))
    }

    /// The parser knows options with a value or without; `--trace` may have one, and the script after it is none.
    private static func spelledOut(_ words: [String]) -> [String] {
        guard words.first == "script" else { return words }
        let options = words.dropFirst().prefix { $0.hasPrefix("-") && $0 != "-" && $0 != "--" }
        return words.prefix(1) + options.map { $0 == "--trace" ? "--trace=text" : $0 }
            + words.dropFirst(options.count + 1)
    }
}
