import ArgumentParser
import Glibc
import Shell

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
        Session.openStandardFiles()
        let words = ScriptFile.commandLine
        if words.count > 2, words[1] == Array("script".utf8),
            words[2] == [UInt8(ascii: "-")] || words[2].first != UInt8(ascii: "-")
        {
            exit(ScriptFile(path: words[2]).run(words[3...]).told())
        }
        let texts = Array(CommandLine.arguments.dropFirst())
        if let script = Completion.script(texts) { return printOutput(script) }
        // The parser would take it for an argument of the default command.
        let first = texts.first { $0 != "--trace" && $0 != "--vi" }
        if let word = first, !word.hasPrefix("-"), Tupper.command(word) == nil {
            printError(ScriptFile.refusal(of: word, commands: Tupper.commandNames))
            exit(64)
        }
        Tupper.main(spelledOut(texts))
    }

    /// The parser knows options with a value or without; `--trace` may have one, and the script after it is none.
    private static func spelledOut(_ words: [String]) -> [String] {
        guard words.first == "script" else { return words }
        let options = words.dropFirst().prefix { $0.hasPrefix("-") && $0 != "-" && $0 != "--" }
        return words.prefix(1) + options.map { $0 == "--trace" ? "--trace=text" : $0 }
            + words.dropFirst(options.count + 1)
    }
}
