internal import LuaHost
internal import Primitives

/// Runs a script by itself and makes a page of what each step did.
public struct RecordRunner {
    /// A runner.
    public init() {}

    /// Runs `source` as `tupper script` does, and gives the page to `write`. The status is the script's own.
    public func run(
        _ source: [UInt8], name: String, arguments: [[UInt8]], write: ([UInt8]) throws -> Void
    ) throws -> ScriptRunner.Ending {
        var runner = ScriptRunner()
        let record = try SharedRecord()
        // In a copy: the script may become a program, and the page is made after that.
        let status = try inCopy(of: runner.state) {
            let recorder = Recorder(runner.state, record)
            runner.load = recorder.load
            let ending = runner.run(source, name: name, arguments: arguments[...])
            if !ending.report.isEmpty {
                recorder.tell(error: ending.report)
                runner.state.complain(ending.report)
            }
            return ending.status
        }
        try write(page(source, name, record.lines, status))
        return ScriptRunner.Ending(status: status, report: "")
    }

    private func page(_ source: [UInt8], _ name: String, _ steps: [Substring], _ status: Int32) -> [UInt8] {
        var lines = String(decoding: source, as: UTF8.self)
            .split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        if lines.last?.isEmpty == true { lines.removeLast() }
        let listing = Value.list(lines.map { .text(printable($0)) }).json
        let json =
            "{\"name\":\(Value.text(name).json),\"status\":\(status),\"source\":\(listing),"
            + "\"steps\":[\n\(steps.joined(separator: ",\n"))\n]}"
        let page = StandardLibrary.page
        return Self.fill(
            Self.fill(page, "@SCRIPT@", StandardLibrary.pageScript), "@RECORD@", Array(json.utf8))
    }

    /// The template with its one mark replaced.
    private static func fill(_ template: [UInt8], _ mark: String, _ content: [UInt8]) -> [UInt8] {
        let mark = Array(mark.utf8)
        guard let place = template.indices.first(where: { template[$0...].starts(with: mark) }) else {
            return template
        }
        return template[..<place] + content + template[(place + mark.count)...]
    }
}
