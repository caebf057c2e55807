internal import LuaHost
internal import Primitives

/// What this machine can do, a line a capability.
public struct Doctor {
    private let diagnoses: [Diagnosis]

    /// Finds it out; changes nothing.
    public init() { diagnoses = diagnose() }

    /// Whether the demo can run.
    public var canRunDemo: Bool { missing.isEmpty }

    private var missing: [Finding] { diagnoses.flatMap(\.findings).filter { $0.isNeeded && !$0.isThere } }

    /// Aligned, in colour on a terminal; for what is missing, what does not work and how to get it.
    public func text() -> String {
        let layout = Layout.forOutput
        let names = diagnoses.flatMap(\.findings).map(\.name.count).max() ?? 0
        var text = ""
        for diagnosis in diagnoses {
            text += (text.isEmpty ? "" : "\n") + layout.faint(diagnosis.title) + "\n"
            for finding in diagnosis.findings {
                let padding = String(repeating: " ", count: names - finding.name.count)
                let head = "  \(mark(finding, layout))  \(layout.bold(finding.name))\(padding)  "
                let lines = layout.wrapped(finding.detail, indent: names + 8)
                text += head + (lines.first ?? "") + "\n"
                let rest =
                    finding.isThere
                    ? []
                    : ["without it: \(finding.consequence)"]
                        + (finding.remedy.isEmpty ? [] : ["to get it: \(finding.remedy)"])
                for line in lines.dropFirst() + rest.flatMap({ layout.wrapped($0, indent: names + 8) }) {
                    text += String(repeating: " ", count: names + 8) + line + "\n"
                }
            }
        }
        let verdict =
            canRunDemo
            ? layout.green("The demo can run here.")
            : layout.red("The demo cannot run here: \(missing.map(\.name).joined(separator: ", ")) missing.")
        return text + "\n" + verdict + "\n"
    }

    private func mark(_ finding: Finding, _ layout: Layout) -> String {
        if finding.isThere { return layout.green("ok") }
        return finding.isNeeded ? layout.red("NO") : layout.yellow("no")
    }

    /// The same for programs.
    public func json() -> String {
        Value.record([
            "demo": .boolean(canRunDemo),
            "groups": .list(
                diagnoses.map { diagnosis in
                    .record([
                        "title": .text(diagnosis.title),
                        "findings": .list(
                            diagnosis.findings.map {
                                .record([
                                    "name": .text($0.name), "present": .boolean($0.isThere),
                                    "detail": .text($0.detail), "without": .text($0.consequence),
                                    "remedy": $0.remedy.isEmpty ? .absent : .text($0.remedy),
                                    "needed": .boolean($0.isNeeded),
                                ])
                            }),
                    ])
                }),
        ]).json
    }
}
