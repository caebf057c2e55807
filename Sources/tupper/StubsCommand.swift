import ArgumentParser
import Shell

/// `tupper stubs DIRECTORY`.
struct StubsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stubs", abstract: "Write declarations for editors with lua-language-server.",
        discussion:
            "Name the directory in the setting workspace.library; the primitives then complete and are checked."
    )

    @Argument(help: "Where to write the files; made where it is missing.", completion: .directory)
    var directory: String

    func run() throws {
        do {
            for path in try Reference.writeStubs(to: directory) { printOutput(path) }
        } catch {
            printError("tupper: \(Reference.message(of: error))")
            throw ExitCode.failure
        }
    }
}
