internal import Kernel
internal import LuaHost
internal import Seccomp

/// What a program may do and how it fares: options of every primitive that becomes or starts one.
struct PrivilegeOptions {
    private let user = Parameter<Word?>(
        "user", "Whom to become: a name or number, and a group after a colon.", shown: "the same user")
    private let groups = Parameter<[Word]?>(
        "groups", "Supplementary groups by name or number, where it becomes somebody.", shown: "none")
    private let capabilities = Parameter<CapabilityList?>(
        "capabilities",
        "The most that it can ever have beside `ambient`; cap.default for those of a container.",
        shown: "this process's")
    private let ambient = Parameter<CapabilityList?>(
        "ambient", "Capabilities that it has even where it is not root.", shown: "none")
    private let gainsNothing = Parameter<Bool>(
        "no_new_privileges", "No program started by it gains more, as by a setuid bit.", default: false)
    private let limits = Parameter<LimitTable?>(
        "limits", "What it may use, as of proc.limits.", shown: "this process's")
    private let nice = Parameter<Int64?>("nice", "From -20 for most favoured to 19.", shown: "this process's")
    private let score = Parameter<Int64?>(
        "oom_score", "How readily it is killed when memory runs out: -1000 to 1000.", shown: "this process's")
    private let umask = Parameter<Mode?>(
        "umask", "The permission bits that its new files lack.", shown: "this process's")
    private let profile = Parameter<FilterProfile?>(
        "seccomp", "The system calls that it may make.", shown: "this process's")
    private let rules = Parameter<FileRuleTable?>(
        "landlock", "The files and ports that it may touch, as of landlock.restrict.", shown: "this process's"
    )

    var all: [AnyParameter] {
        [
            user.any, groups.any, capabilities.any, ambient.any, gainsNothing.any, limits.any, nice.any,
            score.any,
            umask.any, rules.any, profile.any,
        ]
    }

    /// What was asked for, checked; names are those of the root in sight.
    /// Where it joins a container, whose capabilities are the most, users and groups are left out.
    func privileges(_ call: Call, joining most: Capabilities? = nil) throws -> Privileges {
        var privileges = Privileges()
        if most == nil { try identify(&privileges, call) }
        privileges.capabilities = try call[capabilities]?.capabilities ?? most
        privileges.ambient = try call[ambient]?.capabilities ?? []
        privileges.gainsNothing = try call[gainsNothing]
        privileges.limits = try call[limits]?.limits ?? []
        privileges.niceness = try call.number(nice, in: -20...19)
        privileges.outOfMemoryScore = try call.number(score, in: -1000...1000)
        privileges.fileCreationMask = try call[umask]?.bits
        privileges.rules = try call[rules]?.rules
        if let profile = try call[profile] {
            let most = privileges.capabilities.map { $0.union(privileges.ambient) }
            privileges.filters = [try profile.filter(.here(capabilities: most)).filter]
        }
        return privileges
    }

    /// Whom it becomes; names are those of the root in sight.
    func identify(_ privileges: inout Privileges, _ call: Call) throws {
        if let text = try call[user]?.bytes {
            guard let account = try Accounts.find(text) else {
                throw ArgumentError("option 'user': no user \(quoted(text))")
            }
            (privileges.user, privileges.group) = (account.user, account.group)
        }
        if let names = try call[groups] {
            guard privileges.user != nil else {
                throw ArgumentError("option 'groups' needs option 'user'")
            }
            privileges.groups = try names.map { try group($0.bytes) }
        }
    }

    private func group(_ text: [UInt8]) throws -> UInt32 {
        guard let number = try Accounts.group(text) else {
            throw ArgumentError("option 'groups': no group \(quoted(text))")
        }
        return number
    }
}

extension Call {
    /// A whole number within a range.
    func number(_ parameter: Parameter<Int64?>, in range: ClosedRange<Int32>) throws -> Int32? {
        guard let number = try self[parameter] else { return nil }
        guard let exact = Int32(exactly: number), range.contains(exact) else {
            let place =
                parameter.position.map { "argument \($0) (\(parameter.name))" }
                ?? "option '\(parameter.name)'"
            throw ArgumentError(
                "\(place): a whole number from \(range.lowerBound) to \(range.upperBound) wanted, got \(number)"
            )
        }
        return exact
    }
}
