internal import LuaHost
internal import Primitives

/// What `tupper clean` prints.
public struct CleaningReport: Sendable {
    /// A line for each thing that was there.
    public let lines: [String]
    /// Whether something could not be taken away.
    public let hasFailed: Bool

    /// Takes away what dead runs left, or with `isDry` only tells what there is; `json` makes an object a line. `kept` is for what
    /// runs handed over, too.
    public static func run(isDry: Bool, kept: Bool, json: Bool) throws -> CleaningReport {
        let items = try Cleaning.run(isDry: isDry, kept: kept)
        return CleaningReport(
            lines: items.map { item in
                if json { return item.value.json }
                return "\(item.outcome) \(item.isKept ? "kept " : "")\(item.thing)"
                    + (item.reason.map { ": \($0)" } ?? "")
            }, hasFailed: items.contains { $0.outcome == "failed" })
    }
}
