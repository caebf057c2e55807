import ArgumentParser
import Shell

/// `tupper doctor`. Its status is 0 where the demo can run, else 1.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Tell what this machine can do, and how to get what is missing.",
        discussion: "The status is 0 where the demo can run, else 1. Nothing is changed.")

    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    func run() throws {
        let doctor = Doctor()
        printOutput(json ? doctor.json() : doctor.text())
        if !doctor.canRunDemo { throw ExitCode.failure }
    }
}
