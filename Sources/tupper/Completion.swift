import ArgumentParser

/// The scripts by which shells complete: `tupper --generate-completion-script bash`.
enum Completion {
    /// The script that the command line asks for; nil where it asks for none, or for a shell that the parser refuses.
    static func script(_ words: [String]) -> String? {
        let option = "--generate-completion-script"
        let name: String? =
            words.count == 2 && words[0] == option
            ? words[1]
            : words.count == 1 && words[0].hasPrefix("\(option)=")
                ? String(words[0].dropFirst(option.count + 1)) : nil
        guard let name, let shell = CompletionShell(rawValue: name) else { return nil }
        return withoutSecondHelp(Tupper.completionScript(for: shell))
    }

    /// The parser adds a help command of its own, which would hide ours and its completion of names.
    private static func withoutSecondHelp(_ script: String) -> String {
        var (lines, helps, isSkipping) = ([String](), 0, false)
        for line in script.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line == "_tupper_help() {" {
                helps += 1
                isSkipping = helps > 1
            }
            if !isSkipping, !line.contains("Show subcommand help information.") {
                lines.append(line.replacing("|help)", with: ")").replacing(" help' -- ", with: "' -- "))
            }
            if line == "}" { isSkipping = false }
        }
        return lines.joined(separator: "\n")
    }
}
