import Foundation

/// A bash that reads its lines from here, as a person would paste them; those of a shell that a line opens go on to it.
public final class RootShell {
    private let process: ChildProcess
    private var input: ChildProcess.Pipe
    private let scratch: Scratch
    private var count = 0
    private var read = 0

    /// What a line printed, and its status; nil where the shell was replaced or is gone.
    public struct Answer: Sendable {
        public let output: String
        public let status: Int32?
    }

    /// Starts it, by a command that ends in a shell.
    public init(_ command: [String]) throws {
        scratch = try Scratch()
        _ = FileManager.default.createFile(atPath: scratch("output"), contents: nil)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch("output")))
        let output = file.fileDescriptor
        input = try ChildProcess.Pipe()
        process = try ChildProcess(
            "/usr/bin/env", ["SHELL=/bin/bash"] + command, input: input.reading, output: output,
            errors: output)
        input.closeReading()
        try file.close()
    }

    /// Types a line, and waits until it was run.
    public func paste(_ line: String) throws -> Answer {
        count += 1
        let mark = "-- \(ProcessInfo.processInfo.processIdentifier)/\(count): "
        input.write("\(line)\nprintf '\\n%s%s\\n' '\(mark)' $?\n")
        for _ in 0..<6000 {
            let isRunning = process.isRunning
            let text = String(decoding: scratch.read("output") ?? [], as: UTF8.self)
            let new = text.dropFirst(read)
            if let found = new.range(of: "\n\(mark)"), let end = new[found.upperBound...].firstIndex(of: "\n")
            {
                read = text.distance(from: text.startIndex, to: end) + 1
                return Answer(
                    output: String(new[..<found.lowerBound]), status: Int32(new[found.upperBound..<end]))
            }
            if !isRunning {
                read = text.count
                return Answer(output: String(new), status: nil)
            }
            Thread.sleep(forTimeInterval: 0.005)
        }
        throw Failure(line: line)
    }

    /// Closes what it reads, and waits for its end.
    public func close() throws {
        input.closeWriting()
        _ = try process.ending(by: Date(timeIntervalSinceNow: 60))
    }

    /// A line that has not come to its end.
    public struct Failure: Error {
        let line: String
    }
}
