public import Kernel

/// What a profile does to one call, and why.
public struct Explanation: Sendable, Equatable {
    public let name: String
    public let number: Int32
    public let architecture: String
    public let action: FilterAction
    /// In a sentence without its full stop.
    public let reason: String
}

extension Profile {
    /// Asks the compiled filter, and looks for the rule that made it say so.
    public func explain(
        _ name: String, arguments: [UInt64], filter: SystemCallFilter, _ circumstances: Circumstances
    ) throws -> Explanation {
        let native = Architecture.native
        guard let number = native.number(of: name)?.number else {
            throw ProfileError("this machine has no system call \"\(name)\"")
        }
        let instructions = stride(from: 0, to: filter.instructions.count, by: 8).map {
            Instruction(filter.instructions[$0..<$0 + 8])
        }
        let data = CallData(
            number: UInt32(bitPattern: number), architecture: native.auditNumber, arguments: arguments)
        guard let action = decision(of: instructions, on: data) else {
            throw ProfileError("the filter has no end")
        }
        return Explanation(
            name: name, number: number, architecture: native.name, action: action,
            reason: try reason(name, arguments, action, circumstances))
    }

    private func reason(
        _ name: String, _ arguments: [UInt64], _ action: FilterAction, _ circumstances: Circumstances
    ) throws -> String {
        let own = rules.filter { $0.names.contains(name) }
        let applying = own.filter(circumstances.admit)
        let matching = applying.filter {
            $0.action == action && $0.conditions.allSatisfy { $0.holds(for: arguments) }
        }
        // The most particular one speaks.
        if let rule = matching.max(by: { $0.conditions.count < $1.conditions.count }) {
            return "a rule says so" + where_(rule.conditions) + because(rule, circumstances) + words(rule)
        }
        if own.isEmpty, action == .errno(38), defaultAction != action {
            return "no rule is about it, and it is newer than every call that the profile knows"
        }
        if own.isEmpty { return "no rule is about it, so that the default holds" }
        let failing = applying.filter { !$0.conditions.isEmpty }
        if !failing.isEmpty {
            let others = failing.map { "\($0.action.word)" + where_($0.conditions) }
            return "its arguments meet no rule, so that the default holds; the rules say "
                + others.joined(separator: "; ")
        }
        let missing = own.map { rule in "\(rule.action.word)" + needs(rule, circumstances) }
        return "no rule about it applies here, so that the default holds; with others it would be "
            + missing.joined(separator: "; ")
    }

    private func words(_ rule: ProfileRule) -> String { rule.comment.isEmpty ? "" : ": \(rule.comment)" }

    private func where_(_ conditions: [ArgumentCondition]) -> String {
        conditions.isEmpty ? "" : " where " + conditions.map(\.text).joined(separator: " and ")
    }

    private func because(_ rule: ProfileRule, _ circumstances: Circumstances) -> String {
        let present = rule.includes.capabilities.map { "CAP_\($0)" }
        let absent = rule.excludes.capabilities.map { "CAP_\($0)" }
        return (present.isEmpty ? "" : ", since \(present.joined(separator: " and ")) is there")
            + (absent.isEmpty ? "" : ", since \(absent.joined(separator: " and ")) is not there")
    }

    private func needs(_ rule: ProfileRule, _ circumstances: Circumstances) -> String {
        var needs = rule.includes.capabilities.filter { !circumstances.capabilities.contains($0) }.map {
            "with CAP_\($0)"
        }
        needs += rule.excludes.capabilities.filter(circumstances.capabilities.contains).map {
            "without CAP_\($0)"
        }
        if !rule.includes.architectures.isEmpty {
            needs.append("on \(rule.includes.architectures.joined(separator: ", "))")
        }
        if !rule.includes.oldestKernel.isEmpty {
            needs.append("from Linux \(rule.includes.oldestKernel.map { "\($0)" }.joined(separator: ".")) on")
        }
        return needs.isEmpty ? "" : " " + needs.joined(separator: " ")
    }
}

extension FilterAction {
    /// As Lua has it.
    public var word: String {
        switch self {
        case .allow: "allow"
        case .errno(let number): number == 0 ? "0" : SystemCallError.code(Int32(number))
        case .log: "log"
        case .trap: "trap"
        case .trace: "trace"
        case .killThread: "kill_thread"
        case .killProcess: "kill"
        }
    }
}

extension ArgumentCondition {
    /// In words, as in `"argument 1 & 0xffffffff == 0x5412"`.
    var text: String {
        func hexadecimal(_ number: UInt64) -> String {
            number < 10 ? "\(number)" : "0x" + String(number, radix: 16)
        }
        let masked = comparison == .maskedEqual
        return "argument \(index)" + (masked ? " & \(hexadecimal(mask)) ==" : " \(comparison.sign)")
            + " \(hexadecimal(value))"
    }
}
