import ArgumentParser
import Shell

/// `tupper repl`, also plain `tupper`.
struct ReplCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repl", abstract: "Open a prompt where each primitive can be tried.",
        discussion:
            "Without a terminal it runs what standard input holds, chunk by chunk, and prints the values.")

    @Flag(help: "Print each primitive with its shell equivalent and time.")
    var trace = false

    @Flag(
        help: "Edit lines with the keys of vi; those of emacs are the default, ~/.editrc has the last word.")
    var vi = false

    func run() throws {
        throw ExitCode(Session(keys: vi ? "vi" : nil, tracing: trace).run())
    }
}
