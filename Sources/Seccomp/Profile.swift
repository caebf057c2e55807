/// What is wrong with a profile, in a sentence without its full stop.
public struct ProfileError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String { message }

    public let message: String
    /// What the user may have meant.
    public let hint: String?

    /// An error.
    public init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// What happens to a system call: seccomp(2).
public enum FilterAction: Sendable, Equatable {
    case allow
    /// It fails with an error number.
    case errno(UInt16)
    /// It is let through and noted in the audit log.
    case log
    /// The thread gets SIGSYS.
    case trap
    /// A tracer is told a number; ENOSYS without one.
    case trace(UInt16)
    case killThread
    case killProcess

    /// As seccomp(2) and libseccomp have it.
    public var number: UInt32 {
        switch self {
        case .allow: 0x7fff_0000
        case .log: 0x7ffc_0000
        case .trace(let message): 0x7ff0_0000 | UInt32(message)
        case .errno(let number): 0x0005_0000 | UInt32(number)
        case .trap: 0x0003_0000
        case .killThread: 0
        case .killProcess: 0x8000_0000
        }
    }

    /// Reads what a filter returns.
    public init(number: UInt32) {
        let data = UInt16(truncatingIfNeeded: number)
        switch number & 0xffff_0000 {
        case 0x7fff_0000: self = .allow
        case 0x7ffc_0000: self = .log
        case 0x7ff0_0000: self = .trace(data)
        case 0x0005_0000: self = .errno(data)
        case 0x0003_0000: self = .trap
        case 0: self = .killThread
        default: self = .killProcess
        }
    }

    /// Whether the call is made.
    public var isMade: Bool { self == .allow || self == .log }
}

/// What an argument of a call must be for a rule to apply.
public struct ArgumentCondition: Sendable, Equatable {
    /// How it is compared, in libseccomp's order.
    public enum Comparison: UInt32, CaseIterable, Sendable {
        case notEqual = 1, less, lessOrEqual, equal, greaterOrEqual, greater, maskedEqual

        /// As Docker's form has it.
        public var name: String {
            switch self {
            case .notEqual: "SCMP_CMP_NE"
            case .less: "SCMP_CMP_LT"
            case .lessOrEqual: "SCMP_CMP_LE"
            case .equal: "SCMP_CMP_EQ"
            case .greaterOrEqual: "SCMP_CMP_GE"
            case .greater: "SCMP_CMP_GT"
            case .maskedEqual: "SCMP_CMP_MASKED_EQ"
            }
        }

        /// As Lua has it.
        public var sign: String {
            switch self {
            case .notEqual: "~="
            case .less: "<"
            case .lessOrEqual: "<="
            case .equal: "=="
            case .greaterOrEqual: ">="
            case .greater: ">"
            case .maskedEqual: "&"
            }
        }
    }

    /// Which argument, from 0 to 5.
    public let index: UInt32
    public let comparison: Comparison
    /// What it is compared with.
    public let value: UInt64
    /// Which bits count, where masked.
    public let mask: UInt64

    /// A condition.
    public init(index: UInt32, _ comparison: Comparison, _ value: UInt64, mask: UInt64 = .max) {
        self.index = index
        self.comparison = comparison
        self.value = value
        self.mask = mask
    }

    /// Whether a call's arguments meet it.
    public func holds(for arguments: [UInt64]) -> Bool {
        let argument = Int(index) < arguments.count ? arguments[Int(index)] : 0
        return switch comparison {
        case .notEqual: argument != value
        case .less: argument < value
        case .lessOrEqual: argument <= value
        case .equal: argument == value
        case .greaterOrEqual: argument >= value
        case .greater: argument > value
        case .maskedEqual: argument & mask == value & mask
        }
    }
}

/// Where a rule is part of a profile.
public struct RuleScope: Sendable, Equatable {
    /// Capabilities by name without `CAP_`; architectures as Go names them.
    public var capabilities: [String] = []
    public var architectures: [String] = []
    /// The kernel's version, as in `[4, 8]`.
    public var oldestKernel: [UInt64] = []

    /// Everywhere.
    public init() {}
}

/// One rule: what happens to some calls.
public struct ProfileRule: Sendable, Equatable {
    public var names: [String]
    public var action: FilterAction
    /// All must hold.
    public var conditions: [ArgumentCondition] = []
    /// Capabilities must all be there, one architecture match.
    public var includes = RuleScope()
    /// One that is there or matches is enough.
    public var excludes = RuleScope()
    /// Why, in the profile's own words.
    public var comment = ""

    /// A rule.
    public init(_ names: [String], _ action: FilterAction) {
        self.names = names
        self.action = action
    }
}

/// Which system calls may be made.
public struct Profile: Sendable, Equatable {
    /// What happens to a call that no rule is about.
    public var defaultAction: FilterAction
    /// The architectures whose calls are known, by the native one; nil for libseccomp's notion.
    public var architectures: [[Architecture]]
    public var rules: [ProfileRule]

    /// A profile.
    public init(default action: FilterAction, architectures: [[Architecture]] = [], rules: [ProfileRule]) {
        defaultAction = action
        self.architectures = architectures
        self.rules = rules
    }

    /// Takes all rules about some calls away.
    public mutating func leaveOut(_ names: [String]) {
        for index in rules.indices { rules[index].names.removeAll { names.contains($0) } }
        rules.removeAll { $0.names.isEmpty }
    }
}
