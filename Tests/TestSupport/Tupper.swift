import Foundation

/// The built program, run from outside as a user would.
public enum Tupper {
    /// How a run ended.
    public struct Outcome: Sendable {
        public let status: Int32
        public let output: String
        public let errors: String
    }

    /// Runs `script` from standard input.
    public static func run(
        _ script: String, options: [String] = [], arguments: [String] = []
    ) throws -> Outcome {
        try start(executable, ["script"] + options + ["-"] + arguments, input: script)
    }

    /// Runs `tupper` with arguments, and nothing on standard input.
    public static func command(_ arguments: [String]) throws -> Outcome {
        try start(executable, arguments, input: "")
    }

    /// Steps through `script`, told what to do by lines on standard input rather than at a terminal.
    public static func step(_ script: String, commands: String) throws -> Outcome {
        let scratch = try Scratch()
        try scratch.write("script.lua", Array(script.utf8))
        return try start(executable, ["step", scratch("script.lua")], input: commands)
    }

    /// Runs one of the demos in a network and mount namespace of its own that outlives it; then lists the links.
    ///
    /// `preparing` is shell that runs there first; `stoppedBy` sends the demo a signal after some milliseconds.
    public static func runDemo(
        _ name: String, _ arguments: [String] = [], preparing: String = "",
        stoppedBy signal: Int32? = nil, after milliseconds: Int = 0
    ) throws -> Outcome {
        let demo = repository.appendingPathComponent("scripts/\(name)").path
        let stop = signal.map { "sleep \(Double(milliseconds) / 1000); kill -\($0) $pid;" } ?? ""
        let shell = """
            ip link set lo up; \(preparing)
            '\(executable.path)' script '\(demo)' "$@" < /dev/null & pid=$!
            \(stop) wait $pid; status=$?
            echo left: $(nft list tables) $(grep 1 /proc/sys/net/ipv4/ip_forward) links $(ls /sys/class/net)
            exit $status
            """
        // A fresh sysfs shows the links of the new network namespace.
        return try start(
            URL(fileURLWithPath: "/usr/bin/unshare"),
            ["-n", "-m", "sh", "-c", "mount -t sysfs sysfs /sys; \(shell)", "sh"] + arguments, input: "")
    }

    /// Runs a script of LabTests in a virtual machine with another kernel, whose control groups are of a version ("1", "2",
    /// "hybrid").
    public static func runInMachine(script path: String, cgroups: String) throws -> Outcome {
        try start(
            repository.appendingPathComponent("scripts/machine"),
            [
                "--tupper", executable.path, "--cgroups", cgroups,
                repository.appendingPathComponent("Tests/LabTests/\(path)").path,
            ], input: "")
    }

    /// Runs the program with arguments of its own after a command that leads to it, in the repository.
    public static func runLab(_ lab: [String], _ arguments: [String]) throws -> Outcome {
        try start(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["-C", repository.path] + lab + [executable.path] + arguments, input: "")
    }

    /// Runs the program with arguments, and nothing to read.
    public static func run(arguments: [String], environment: [String] = []) throws -> Outcome {
        try start(
            URL(fileURLWithPath: "/usr/bin/env"), environment + [executable.path] + arguments, input: "")
    }

    /// Runs another program, with nothing to read.
    public static func program(_ path: String, _ arguments: [String]) throws -> Outcome {
        try start(URL(fileURLWithPath: path), arguments, input: "")
    }

    /// Runs a script of bash.
    public static func runShell(_ script: String) throws -> Outcome {
        try start(URL(fileURLWithPath: "/bin/bash"), ["-s"], input: script)
    }

    /// Where the program is.
    public static var path: String { executable.path }

    /// Where the sources are.
    public static var repository: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// The program that `scripts/release` makes, since that is what users run. The variable `TUPPER` names another one.
    static var executable: URL {
        ProcessInfo.processInfo.environment["TUPPER"].map { URL(fileURLWithPath: $0) }
            ?? repository.appendingPathComponent(".build/tupper")
    }

    /// Runs a shell's line in which `$TUPPER` is the program.
    public static func shell(
        _ line: String, environment: [String: String], input: String = ""
    ) throws -> Outcome {
        var variables = ProcessInfo.processInfo.environment
        variables["TUPPER"] = executable.path
        variables.merge(environment) { $1 }
        return try start(
            URL(fileURLWithPath: "/bin/sh"), ["-c", line], input: input, environment: variables)
    }

    private static func start(
        _ program: URL, _ arguments: [String], input text: String, environment: [String: String]? = nil
    ) throws -> Outcome {
        try ChildProcess.run(
            program.path, arguments, input: Array(text.utf8), environment: environment, within: 300)
    }
}
