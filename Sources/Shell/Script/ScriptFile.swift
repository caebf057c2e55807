internal import LuaHost
internal import Primitives

/// A script to run: a file, or `-` for standard input.
public struct ScriptFile {
    private let path: [UInt8]

    /// The words of the command line as the bytes that they are, the program's name first.
    public static var commandLine: [[UInt8]] { ThisProcess.arguments }

    /// The script at a path.
    public init(path: [UInt8]) { self.path = path }

    /// Runs it with `arguments` as `arg` and `...`.
    public func run(_ arguments: ArraySlice<[UInt8]>, tracing: TraceFormat? = nil) -> ScriptRunner.Ending {
        run { source, name in
            ScriptRunner(tracing: tracing).run(source, name: name, arguments: arguments)
        }
    }

    /// Gives its text and name to `body`.
    public func run(_ body: ([UInt8], String) throws -> ScriptRunner.Ending) -> ScriptRunner.Ending {
        do {
            let source = try SourceFile.script(path)
            return try body(
                source, path == [UInt8(ascii: "-")] ? "stdin" : String(decoding: path, as: UTF8.self))
        } catch {
            return .init(status: 1, report: "tupper: \(error)")
        }
    }

    /// What is said of a word that stands where one of these commands is expected.
    public static func refusal(of word: String, commands: [String]) -> String {
        let refusal = "tupper: \(quoted(Array(word.utf8))) is no command"
        if word.contains("/") || word.hasSuffix(".lua") {
            return refusal + "\n  hint: tupper script \(shellQuoted(word)) runs a script"
        }
        return nearest(to: word, among: commands).map { "\(refusal), did you mean \"\($0)\"?" }
            ?? "\(refusal)\n  hint: tupper --help lists them"
    }
}
