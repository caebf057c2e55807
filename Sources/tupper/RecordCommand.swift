import ArgumentParser
import Shell
import SystemPackage

/// `tupper record FILE -o PAGE [-- ARGS...]`.
struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Run a Lua script and make a page that shows each of its steps.",
        discussion: "The page is one file that needs nothing else: open it in any browser.")

    @Option(name: .shortAndLong, help: "Where to write the page.", completion: .file())
    var output: String

    @Argument(help: "The script.", completion: .file())
    var file: String

    @Argument(
        parsing: .postTerminator, help: "What the script finds in arg and '...', after --.",
        completion: .file())
    var arguments: [String] = []

    func run() throws {
        throw ExitCode(
            ScriptFile(path: file).run { source, name in
                // Opened before the script runs, which may go to another root.
                let page: FileDescriptor
                do { page = try open() } catch let error as Errno {
                    let words = error.description.lowercased()
                    return .init(status: 1, report: "tupper: \(output): \(words)")
                }
                return try page.closeAfter {
                    try RecordRunner().run(source, name: name, arguments: arguments.map { Array($0.utf8) }) {
                        do { _ = try page.writeAll($0) } catch let error as Errno {
                            throw ValidationError("\(output): \(error.description.lowercased())")
                        }
                    }
                }
            }.told())
    }

    private func open() throws -> FileDescriptor {
        try FileDescriptor.open(
            FilePath(output), .writeOnly, options: [.create, .truncate, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
    }
}
