internal import Kernel
internal import LuaHost
internal import Seccomp

/// A profile in Lua's own form: `{ base = "default", allow = { "keyctl" }, deny = { "ptrace" }, rules = { ... } }`.
struct ProfileTable {
    private let slot: Slot
    /// The document that it starts from.
    private(set) var base: [UInt8] = []

    init(_ slot: Slot) { self.slot = slot }

    mutating func profile() throws -> Profile {
        var (allowed, denied): ([String], [String]) = ([], [])
        var rules: [ProfileRule] = []
        var architectures: [Architecture] = []
        var (action, start): (FilterAction?, [UInt8]?)
        try slot.fields(known: ["base", "default", "allow", "deny", "rules", "architectures"]) {
            name, field in
            switch name {
            case "base":
                guard case .document(let bytes) = try FilterProfile.read(field) else {
                    throw field.wanted("\"default\" or a path")
                }
                start = bytes
            case "default": action = try Self.action(field)
            case "allow": allowed = try field.elements(Self.name)
            case "deny": denied = try field.elements(Self.name)
            case "rules": rules = try field.elements(Self.rule)
            default: architectures = try field.elements(Self.architecture)
            }
        }
        var profile: Profile
        if let start {
            base = start
            profile = try Profile(docker: try JSON(parsing: start))
            profile.defaultAction = action ?? profile.defaultAction
        } else {
            guard let action else {
                throw slot.wanted("a table with 'base', or with 'default' as in default = \"EPERM\",")
            }
            profile = Profile(default: action, rules: [])
        }
        if !architectures.isEmpty { profile.architectures = [architectures] }
        for (names, action) in [(allowed, FilterAction.allow), (denied, .errno(1))] where !names.isEmpty {
            profile.leaveOut(names)
            profile.rules.append(ProfileRule(names, action))
        }
        for rule in rules {
            if rule.conditions.isEmpty { profile.leaveOut(rule.names) }
            profile.rules.append(rule)
        }
        return profile
    }

    private static func name(_ slot: Slot) throws -> String {
        guard let bytes = slot.bytes() else { throw slot.wanted("a system call's name") }
        let name = String(decoding: bytes.prefix(64), as: UTF8.self)
        guard SystemCalls.contains(name) else {
            throw slot.wanted(choice: name, among: SystemCalls.names, "a system call")
        }
        return name
    }

    private static func architecture(_ slot: Slot) throws -> Architecture {
        let name = String(decoding: slot.bytes()?.prefix(64) ?? [], as: UTF8.self)
        guard let known = Architecture(named: name) else {
            throw slot.wanted(choice: name, among: Architecture.names, "an architecture")
        }
        return known
    }

    /// `"allow"`, `"log"`, `"trap"`, `"kill"`, `"kill_thread"`, or the error that the call fails with, by its name or number;
    /// with 0 it is not made, and tells that it was.
    static func action(_ slot: Slot) throws -> FilterAction {
        if let number = slot.integer() {
            // The kernel takes a larger one for its largest, 4095, which libseccomp refuses.
            guard (0..<4095).contains(number) else { throw slot.wanted("an error number from 0 to 4094") }
            return .errno(UInt16(number))
        }
        let word = String(decoding: slot.bytes()?.prefix(64) ?? [], as: UTF8.self)
        let plain: [FilterAction] = [.allow, .log, .trap, .killProcess, .killThread]
        if let action = plain.first(where: { $0.word == word }) { return action }
        if let number = (1..<134).first(where: { SystemCallError.code($0) == word }) {
            return .errno(UInt16(number))
        }
        throw slot.wanted(
            "\"allow\", \"log\", \"trap\", \"kill\", \"kill_thread\" or an error's name or number, as \"EPERM\""
        )
    }

    private static func rule(_ slot: Slot) throws -> ProfileRule {
        var rule = ProfileRule(try slot.elements(name), .errno(1))
        guard !rule.names.isEmpty else { throw slot.wanted("the names of system calls") }
        var action: FilterAction?
        try slot.fields(known: ["action", "args", "comment"]) { name, field in
            switch name {
            case "action": action = try Self.action(field)
            case "args": rule.conditions = try field.elements(condition)
            default: rule.comment = try String.read(field)
            }
        }
        guard let action else { throw slot.wanted("a rule with 'action'") }
        guard Set(rule.conditions.map(\.index)).count == rule.conditions.count else {
            throw slot.wanted("one condition an argument; another rule is another chance")
        }
        rule.action = action
        return rule
    }

    private static func condition(_ slot: Slot) throws -> ArgumentCondition {
        var (index, value, mask): (Int64?, Int64?, Int64?)
        var comparison = ArgumentCondition.Comparison.equal
        try slot.fields(known: ["index", "op", "value", "mask"]) { name, field in
            switch name {
            case "op":
                let sign = String(decoding: field.bytes()?.prefix(8) ?? [], as: UTF8.self)
                let known = ArgumentCondition.Comparison.allCases.filter { $0 != .maskedEqual }
                guard let found = known.first(where: { $0.sign == sign }) else {
                    throw field.wanted("one of ~= < <= == >= >")
                }
                comparison = found
            case "index": index = try Int64.read(field)
            case "value": value = try Int64.read(field)
            default: mask = try Int64.read(field)
            }
        }
        guard let index, (0..<6).contains(index), let value else {
            throw slot.wanted("{ index = 0 to 5, op = \"==\", value =, mask = }")
        }
        guard let mask else {
            return ArgumentCondition(index: UInt32(index), comparison, UInt64(bitPattern: value))
        }
        guard comparison == .equal else { throw slot.wanted("'mask' with op \"==\"") }
        return ArgumentCondition(
            index: UInt32(index), .maskedEqual, UInt64(bitPattern: value), mask: UInt64(bitPattern: mask))
    }
}
