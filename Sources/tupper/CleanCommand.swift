import ArgumentParser
import Shell

/// `tupper clean`.
struct CleanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean", abstract: "Take away what killed runs left on this machine.",
        discussion:
            "Mounts, links, addresses, routes, firewall tables, kernel parameters and control groups of runs that did not "
            + "get to release them, as noted in /run/tupper or $XDG_RUNTIME_DIR/tupper. What a script kept stays without --kept, and so "
            + "does all of a run that lives. The exit status is 1 where something could not be taken away.")

    @Flag(name: .customLong("dry-run"), help: "Only tell what would be taken away.")
    var isDry = false

    @Flag(help: "Take away, too, what scripts have kept; with --dry-run, list it.")
    var kept = false

    @Flag(help: "Print a JSON object a line: thing, run, outcome, reason, kept.")
    var json = false

    func run() throws {
        let report: CleaningReport
        do { report = try CleaningReport.run(isDry: isDry, kept: kept, json: json) } catch {
            printError("tupper: \(error)")
            throw ExitCode.failure
        }
        for line in report.lines { printOutput(line) }
        if report.hasFailed { throw ExitCode.failure }
    }
}
