internal import CSeccomp
public import Kernel

/// What a profile is compiled for.
public struct Circumstances: Sendable, Equatable {
    /// The capabilities that the program can have, by name without `CAP_`.
    public var capabilities: [String]
    /// The kernel's release, as in `"6.1.0-35-amd64"`.
    public var kernel: String

    /// Circumstances on this machine.
    public init(capabilities: [String], kernel: String) {
        self.capabilities = capabilities
        self.kernel = kernel
    }

    func admit(_ rule: ProfileRule) -> Bool {
        let (wanted, unwanted, own) = (rule.includes, rule.excludes, Architecture.native.goName)
        if !wanted.capabilities.allSatisfy(capabilities.contains) { return false }
        if unwanted.capabilities.contains(where: capabilities.contains) { return false }
        if !wanted.architectures.isEmpty, !wanted.architectures.contains(own) { return false }
        if unwanted.architectures.contains(own) { return false }
        let version = Profile.kernelVersion(kernel) ?? [0, 0]
        if version.lexicographicallyPrecedes(wanted.oldestKernel) { return false }
        return unwanted.oldestKernel.isEmpty || version.lexicographicallyPrecedes(unwanted.oldestKernel)
    }
}

/// A profile under certain circumstances, taken apart into what libseccomp does and what comes before.
struct FilterPlan {
    let profile: Profile
    let architectures: [Architecture]
    /// The rules that apply.
    let rules: [ProfileRule]
    /// The action of a call's rule without conditions.
    private(set) var plain: [String: FilterAction] = [:]

    init(_ profile: Profile, _ circumstances: Circumstances) throws(ProfileError) {
        self.profile = profile
        let native = Architecture.native
        if profile.architectures.isEmpty {
            architectures = Architecture.usual
        } else {
            architectures =
                profile.architectures.first { $0.first == native } ?? profile.architectures.first {
                    $0.contains(native)
                } ?? [native]
        }
        rules = profile.rules.filter(circumstances.admit)
        for rule in rules where rule.conditions.isEmpty {
            for name in rule.names {
                if let other = plain[name], other != rule.action {
                    throw ProfileError("\(name) has two rules without conditions, which say different things")
                }
                plain[name] = rule.action
            }
        }
    }

    /// Whether a rule decides before the one without conditions does.
    private func isException(_ rule: ProfileRule, _ name: String) -> Bool {
        !rule.conditions.isEmpty && plain[name].map { $0 != rule.action } == true
    }

    func prologue() throws(ProfileError) -> Prologue {
        var parts: [Prologue.Part] = []
        let quick = quick
        for architecture in architectures {
            var part = Prologue.Part(architecture: architecture)
            for rule in rules.filter({ !$0.conditions.isEmpty }) + rules.filter(\.conditions.isEmpty) {
                for name in rule.names {
                    guard let (number, isKnown) = architecture.number(of: name) else { continue }
                    let isQuick = rule.conditions.isEmpty && quick.contains(name)
                    if isQuick || isKnown && !isException(rule, name) { continue }
                    guard rule.conditions.allSatisfy({ [.equal, .maskedEqual].contains($0.comparison) })
                    else {
                        throw ProfileError(
                            "\(name): beside a rule without conditions, only equal and masked arguments can be told apart"
                        )
                    }
                    part.entries.append(
                        .init(
                            number: UInt32(bitPattern: number), conditions: rule.conditions,
                            action: rule.action))
                    // What would be refused for some arguments is not there where they cannot be seen.
                    if isException(rule, name), rule.action != .allow,
                        let whole = architecture.whole(of: name)
                    {
                        part.entries.append(
                            .init(
                                number: UInt32(bitPattern: whole.number),
                                conditions: [whole.part], action: .errno(38)))
                    }
                }
            }
            part.allowed = quick.compactMap { architecture.number(of: $0)?.number }.map {
                UInt32(bitPattern: $0)
            }.sorted()
            if case .errno(let number) = profile.defaultAction, number != 38 {
                let numbers = Set(profile.rules.flatMap(\.names)).compactMap {
                    architecture.number(of: $0)?.number
                }
                part.highest = numbers.max().map { UInt32(bitPattern: $0) }
            }
            parts.append(part)
        }
        return Prologue(parts: parts)
    }

    /// The calls that are always allowed, and not refused for some arguments first.
    private var quick: Set<String> {
        profile.defaultAction == .allow ? [] : Set(plain.filter { $0.value == .allow }.keys)
    }

    /// Those of them that libseccomp need not know: not the ones that come as one call with a number on some machines.
    private var leftOut: Set<String> {
        quick.filter { name in
            !architectures.contains { $0.whole(of: name) != nil }
        }
    }

    /// libseccomp's part.
    func library(whole: Bool = false) throws -> [UInt8] {
        let leavingOut = whole ? [] : leftOut
        guard let context = unsafe seccomp_init(profile.defaultAction.number) else {
            throw ProfileError("libseccomp does not know the default action on this kernel")
        }
        defer { unsafe seccomp_release(context) }
        func check(_ result: Int32, _ about: String) throws {
            if result < 0 { throw SystemCallError("libseccomp", -result, [.init("rule", about)]) }
        }
        for architecture in architectures where architecture != .native {
            try check(unsafe seccomp_arch_add(context, architecture.token), architecture.name)
        }
        if !architectures.contains(.native) {
            try check(
                unsafe seccomp_arch_remove(context, Architecture.native.token), "the native architecture")
        }
        // A tree rather than a list.
        _ = unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        for rule in rules where rule.action != profile.defaultAction {
            for name in rule.names
            where !isException(rule, name) && !(leavingOut.contains(name) && rule.action == .allow) {
                // A rule that says what the one without conditions says anyway.
                if !rule.conditions.isEmpty, plain[name] != nil { continue }
                let number = unsafe name.withCString { unsafe seccomp_syscall_resolve_name($0) }
                // Unknown to libseccomp; its own negative numbers stand for calls of other architectures.
                if number == -1 { continue }
                let arguments = rule.conditions.map { condition in
                    scmp_arg_cmp(
                        arg: condition.index, op: scmp_compare(condition.comparison.rawValue),
                        datum_a: condition.comparison == .maskedEqual ? condition.mask : condition.value,
                        datum_b: condition.comparison == .maskedEqual ? condition.value : 0)
                }
                let result = unsafe seccomp_rule_add_array(
                    context, rule.action.number, number, UInt32(arguments.count), arguments)
                // EEXIST: the same again.
                if result != -17 { try check(result, name) }
            }
        }
        let file = try MemoryFile("seccomp")
        try check(unsafe seccomp_export_bpf(context, file.number), "the whole")
        return try file.contents()
    }
}

extension Profile {
    /// The filter for this machine.
    public func compile(for circumstances: Circumstances) throws -> SystemCallFilter {
        let plan = try FilterPlan(self, circumstances)
        let bytes = try plan.prologue().instructions.flatMap(\.bytes) + plan.library()
        guard let filter = SystemCallFilter(instructions: bytes) else {
            throw ProfileError("the filter has \(bytes.count / 8) instructions; the kernel takes 4096")
        }
        return filter
    }

    /// The profile that a container has unless asked otherwise, in Docker's form.
    public static var standard: [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: cs_default_profile(), count: cs_default_profile_length))
    }
}
