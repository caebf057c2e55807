/// Profiles in Docker's form, which the OCI's is a part of: https://docs.docker.com/engine/security/seccomp/
extension Profile {
    /// Reads a profile. Calls that no architecture has are left, as Docker does: a profile is older or newer than the
    /// library.
    public init(docker document: JSON) throws(ProfileError) {
        guard case .object = document else { throw ProfileError("a profile is an object") }
        let fallback = try Self.errorNumber(document["defaultErrnoRet"], "defaultErrnoRet") ?? 1
        guard let action = document["defaultAction"] else { throw ProfileError("defaultAction is missing") }
        self.init(
            default: try Self.action(action, errno: fallback, "defaultAction"),
            architectures: try Self.architectures(document), rules: [])
        for (index, entry) in try Self.list(document["syscalls"], "syscalls").enumerated() {
            rules += try Self.rules(entry, "syscalls[\(index)]")
        }
    }

    private static func architectures(_ document: JSON) throws(ProfileError) -> [[Architecture]] {
        if document["archMap"] != nil, document["architectures"] != nil {
            throw ProfileError("archMap and architectures exclude each other")
        }
        if let plain = document["architectures"] {
            var known: [Architecture] = []
            for element in try list(plain, "architectures") {
                known.append(try architecture(element, "architectures"))
            }
            return known.isEmpty ? [] : [known]
        }
        var map: [[Architecture]] = []
        for entry in try list(document["archMap"], "archMap") {
            var group = [try architecture(entry["architecture"] ?? .null, "archMap")]
            for element in try list(entry["subArchitectures"], "archMap") {
                group.append(try architecture(element, "archMap"))
            }
            map.append(group)
        }
        return map
    }

    private static func architecture(_ value: JSON, _ place: String) throws(ProfileError) -> Architecture {
        guard case .text(let name) = value, let known = Architecture(named: name) else {
            throw ProfileError(
                "\(place): \(shown(value)) is no architecture", hint: "they are named as in SCMP_ARCH_X86_64")
        }
        return known
    }

    /// One rule, or one for each condition where several are about the same argument: any of those is enough then.
    private static func rules(_ entry: JSON, _ place: String) throws(ProfileError) -> [ProfileRule] {
        var names = try texts(entry["names"], "\(place).names")
        if case .text(let name)? = entry["name"] {
            guard names.isEmpty else { throw ProfileError("\(place): name and names exclude each other") }
            names = [name]
        }
        guard !names.isEmpty else { throw ProfileError("\(place): names is missing") }
        let fallback = try errorNumber(entry["errnoRet"], "\(place).errnoRet")
        guard let word = entry["action"] else { throw ProfileError("\(place): action is missing") }
        var rule = ProfileRule(names, try action(word, errno: fallback ?? 1, "\(place).action"))
        rule.includes = try scope(entry["includes"], "\(place).includes")
        rule.excludes = try scope(entry["excludes"], "\(place).excludes")
        if case .text(let comment)? = entry["comment"] { rule.comment = comment }
        for (index, condition) in try list(entry["args"], "\(place).args").enumerated() {
            rule.conditions.append(try self.condition(condition, "\(place).args[\(index)]"))
        }
        guard Set(rule.conditions.map(\.index)).count < rule.conditions.count else { return [rule] }
        return rule.conditions.map { condition in
            var single = rule
            single.conditions = [condition]
            return single
        }
    }

    private static func condition(_ entry: JSON, _ place: String) throws(ProfileError) -> ArgumentCondition {
        func number(_ name: String) throws(ProfileError) -> UInt64 {
            switch entry[name] {
            case .integer(let number)?: return number
            case nil: return 0
            case let other?: throw ProfileError("\(place).\(name): \(shown(other)) is no whole number")
            }
        }
        guard case .integer(let index)? = entry["index"], index < 6 else {
            throw ProfileError("\(place): index from 0 to 5 wanted")
        }
        guard case .text(let name)? = entry["op"],
            let comparison = ArgumentCondition.Comparison.allCases.first(where: { $0.name == name })
        else { throw ProfileError("\(place): op such as SCMP_CMP_EQ wanted") }
        let value = try number("value")
        guard comparison == .maskedEqual else {
            return ArgumentCondition(index: UInt32(index), comparison, value)
        }
        return ArgumentCondition(index: UInt32(index), comparison, try number("valueTwo"), mask: value)
    }

    private static func scope(_ entry: JSON?, _ place: String) throws(ProfileError) -> RuleScope {
        var scope = RuleScope()
        guard let entry else { return scope }
        scope.capabilities = try texts(entry["caps"], "\(place).caps").map {
            $0.hasPrefix("CAP_") ? String($0.dropFirst(4)) : $0
        }
        scope.architectures = try texts(entry["arches"], "\(place).arches")
        if let version = entry["minKernel"] {
            guard case .text(let text) = version, let parts = kernelVersion(text) else {
                throw ProfileError("\(place).minKernel: a version such as 4.8 wanted, got \(shown(version))")
            }
            scope.oldestKernel = parts
        }
        return scope
    }

    /// The two first numbers of a version, as in `"6.1.0-35-amd64"`; nil for none.
    static func kernelVersion(_ text: String) -> [UInt64]? {
        let parts = text.utf8.split(
            separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
        let numbers = parts.prefix(2).compactMap { part in
            UInt64(decoding: part.prefix { (48...57).contains($0) })
        }
        return numbers.count == 2 ? numbers : nil
    }

    private static func errorNumber(_ value: JSON?, _ place: String) throws(ProfileError) -> UInt16? {
        guard let value else { return nil }
        guard case .integer(let number) = value, number < 4096 else {
            throw ProfileError("\(place): an error number below 4096 wanted, got \(shown(value))")
        }
        return UInt16(number)
    }

    private static func action(_ value: JSON, errno: UInt16, _ place: String) throws(ProfileError)
        -> FilterAction
    {
        guard case .text(let name) = value else {
            throw ProfileError("\(place): a word wanted, got \(shown(value))")
        }
        switch name {
        case "SCMP_ACT_ALLOW": return .allow
        case "SCMP_ACT_ERRNO": return .errno(errno)
        case "SCMP_ACT_LOG": return .log
        case "SCMP_ACT_TRAP": return .trap
        case "SCMP_ACT_TRACE": return .trace(errno)
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return .killThread
        case "SCMP_ACT_KILL_PROCESS": return .killProcess
        case "SCMP_ACT_NOTIFY":
            throw ProfileError("\(place): SCMP_ACT_NOTIFY needs a listener, which there is none of")
        default: throw ProfileError("\(place): \(shown(value)) is no action", hint: "one is SCMP_ACT_ALLOW")
        }
    }

    private static func list(_ value: JSON?, _ place: String) throws(ProfileError) -> [JSON] {
        guard let value else { return [] }
        guard case .list(let elements) = value else {
            throw ProfileError("\(place): a list wanted, got \(shown(value))")
        }
        return elements
    }

    private static func texts(_ value: JSON?, _ place: String) throws(ProfileError) -> [String] {
        var texts: [String] = []
        for element in try list(value, place) {
            guard case .text(let text) = element else {
                throw ProfileError("\(place): a word wanted, got \(shown(element))")
            }
            texts.append(text)
        }
        return texts
    }

    private static func shown(_ value: JSON) -> String {
        switch value {
        case .null: "nothing"
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .text(let text): "\"\(text.prefix(80))\""
        case .list: "a list"
        case .object: "an object"
        }
    }
}

extension UInt64 {
    /// Decimal digits; nil for none, and for a number that is too large.
    fileprivate init?(decoding digits: Substring.UTF8View) {
        guard !digits.isEmpty else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            let (tens, isLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = tens.addingReportingOverflow(UInt64(digit - 48))
            if isLarge || isLarger { return nil }
            number = sum
        }
        self = number
    }
}
