internal import Kernel
internal import LuaHost

/// Limits by name: a number or a size for both, `"unlimited"`, or `{ soft =, hard = }`.
struct LimitTable: ArgumentType {
    let limits: [ResourceLimit]

    static var typeName: String { "table of limits" }
    static var annotation: String {
        let value = "integer|string|{ soft: (integer|string)?, hard: (integer|string)? }"
        return "{ "
            + ResourceLimit.Resource.allCases.map { "\($0.name): (\(value))?" }.joined(separator: ", ") + " }"
    }
    static var form: String? {
        """
        by name a number or a size for the soft and the hard limit, "unlimited", or { soft =, hard = }; the names \
        are \(ResourceLimit.Resource.allCases.map(\.name).joined(separator: ", "))
        """
    }
    static func read(_ slot: Slot) throws -> LimitTable {
        let resources = ResourceLimit.Resource.allCases
        var limits: [ResourceLimit] = []
        try slot.fields(known: resources.map(\.name)) { name, field in
            guard let resource = resources.first(where: { $0.name == name }) else { return }
            limits.append(try limit(resource, field))
        }
        return LimitTable(limits: limits)
    }

    private static func limit(_ resource: ResourceLimit.Resource, _ slot: Slot) throws -> ResourceLimit {
        guard slot.kind == "table" else {
            let value = try value(resource, slot)
            return ResourceLimit(resource, soft: value, hard: value)
        }
        var (soft, hard): (UInt64?, UInt64?)
        try slot.fields(known: ["soft", "hard"]) { name, field in
            if name == "soft" { soft = try value(resource, field) } else { hard = try value(resource, field) }
        }
        if let soft, let hard, soft > hard {
            throw slot.wanted("a soft limit that is not above the hard one")
        }
        return ResourceLimit(resource, soft: soft, hard: hard)
    }

    private static func value(_ resource: ResourceLimit.Resource, _ slot: Slot) throws -> UInt64 {
        if slot.bytes().map({ $0.elementsEqual("unlimited".utf8) }) == true { return ResourceLimit.unlimited }
        let highest = resource.highest
        if resource.isSize {
            return UInt64(try Size.read(slot).bytes)
        }
        guard let number = slot.integer(), let value = UInt64(exactly: number), value <= highest else {
            throw slot.wanted(
                highest < 1000
                    ? "a whole number from 0 to \(highest)"
                    : "a whole number that is not negative, or \"unlimited\"")
        }
        return value
    }
}

extension ResourceLimit {
    /// The limits of this process as Lua sees them.
    static func currentValues() throws -> Value {
        func shown(_ value: UInt64) -> Value { value == unlimited ? .text("unlimited") : .count(value) }
        return .table(
            try Resource.allCases.map { resource in
                let (soft, hard) = try current(resource)
                return .init(.text(resource.name), .record(["soft": shown(soft), "hard": shown(hard)]))
            })
    }
}
