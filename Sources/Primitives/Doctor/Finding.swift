/// What was found of one capability of this machine.
public struct Finding: Sendable {
    /// What it is, as in `"link kind veth"`.
    public let name: String
    /// Whether it is there.
    public let isThere: Bool
    /// What exactly was found, or why it is not there.
    public let detail: String
    /// What does not work without it.
    public let consequence: String
    /// How to get it; empty where it cannot be got.
    public let remedy: String
    /// Whether the demo needs it.
    public let isNeeded: Bool

    init(
        _ name: String, _ isThere: Bool, _ detail: String, without consequence: String, remedy: String = "",
        isNeeded: Bool = false
    ) {
        self.name = name
        self.isThere = isThere
        self.detail = detail
        self.consequence = consequence
        self.remedy = remedy
        self.isNeeded = isNeeded
    }
}

/// A group of findings about one part of the machine.
public struct Diagnosis: Sendable {
    /// What the group is about.
    public let title: String
    /// A line each.
    public let findings: [Finding]
}

/// Finds out what this machine can do; changes nothing.
public func diagnose() -> [Diagnosis] {
    [
        Diagnosis(title: "privileges", findings: privilegeFindings()),
        Diagnosis(title: "namespaces", findings: namespaceFindings()),
        Diagnosis(title: "filesystems", findings: filesystemFindings()),
        Diagnosis(title: "links", findings: linkFindings()),
        Diagnosis(title: "isolation", findings: isolationFindings()),
        Diagnosis(title: "programs", findings: programFindings()),
    ]
}
