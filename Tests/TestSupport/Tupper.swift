import Foundation

/// The built program, run from outside as a user would.
public enum Tupper {
    /// How a run ended.
    public struct Outcome: Sendable {
        public let status: Int32
        public let output: String
        public let errors: String
    }

    /// The program beside the test bundle.
    static var program: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("tupper")
    }

    /// Runs `script` from standard input.
    public static func run(_ script: String, arguments: [String] = []) throws -> Outcome {
        let process = Process()
        process.executableURL = [program, URL(fileURLWithPath: ".build/debug/tupper")].first {
            FileManager.default.isExecutableFile(atPath: $0.path)
        }
        process.arguments = ["script", "-"] + arguments
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        input.fileHandleForWriting.write(Data(script.utf8))
        try input.fileHandleForWriting.close()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationReason == .exit
                ? process.terminationStatus : -process.terminationStatus,
            output: String(decoding: text, as: UTF8.self), errors: String(decoding: complaints, as: UTF8.self)
        )
    }
}
