internal import CKernel
internal import Glibc

/// Which users and groups of a user namespace are which outside: user_namespaces(7).
public struct IdentityMap: Sendable, Equatable {
    /// A run of numbers.
    public struct Range: Sendable, Equatable {
        public let inside, outside, count: UInt32

        /// A run; nil where it leaves 32 bits or is empty.
        public init?(inside: UInt32, outside: UInt32, count: UInt32) {
            guard count > 0, !inside.addingReportingOverflow(count - 1).overflow,
                !outside.addingReportingOverflow(count - 1).overflow
            else { return nil }
            self.inside = inside
            self.outside = outside
            self.count = count
        }
    }

    /// Runs for users and for groups.
    public let users: [Range]
    public let groups: [Range]

    /// The same runs for users and groups.
    public init(_ ranges: [Range]) { self.init(users: ranges, groups: ranges) }

    private init(users: [Range], groups: [Range]) {
        self.users = users
        self.groups = groups
    }

    /// Whom this process is outside, as root inside; nobody else.
    public static var root: IdentityMap {
        IdentityMap(
            users: [Range(inside: 0, outside: Credentials.user, count: 1)].compactMap { $0 },
            groups: [Range(inside: 0, outside: Credentials.group, count: 1)].compactMap { $0 })
    }

    /// Whom a process becomes in a user namespace that was just made: root, where the map has one, else its first user.
    public func becomeFirst() throws(SystemCallError) {
        func first(_ runs: [Range]) -> UInt32? {
            runs.contains { $0.inside == 0 } ? 0 : runs.first?.inside
        }
        guard let user = first(users), let group = first(groups) else { return }
        try Credentials.becomeMapped(user: user, group: group)
    }

    /// This user as root, and the ranges that subuid(5) and subgid(5) give it from 1 on.
    public static func automatic() throws(SystemCallError) -> IdentityMap {
        func runs(_ file: Path, own: UInt32) throws(SystemCallError) -> [Range] {
            var runs = [Range(inside: 0, outside: own, count: 1)].compactMap { $0 }
            var next: UInt32 = 1
            for (start, count) in try subordinate(file) where runs.count < 300 {
                guard let run = Range(inside: next, outside: start, count: count) else { continue }
                runs.append(run)
                next = next &+ count
            }
            return runs
        }
        return IdentityMap(
            users: try runs("/etc/subuid", own: Credentials.user),
            groups: try runs("/etc/subgid", own: Credentials.group))
    }

    /// The ranges of this user, who stands there by name or by number.
    private static func subordinate(_ file: Path) throws(SystemCallError) -> [(UInt32, UInt32)] {
        let user = Credentials.user
        let names = [Accounts.name(of: user), "\(user)"].compactMap { $0 }
        let text = String(decoding: try Descriptor.open(file, 0).readToEnd(), as: UTF8.self)
        let found = text.split(separator: "\n").compactMap { line -> (UInt32, UInt32)? in
            let fields = line.split(separator: ":").map(String.init)
            guard fields.count == 3, names.contains(fields[0]), let start = UInt32(fields[1]),
                let count = UInt32(fields[2])
            else { return nil }
            return (start, count)
        }
        if found.isEmpty {
            throw SystemCallError(
                "open", ENOENT, [.init("path", file.string)],
                detail: "it has no range for user \(Accounts.name(of: user) ?? "\(user)")")
        }
        return found
    }

    /// Writes the maps of a process that was just made in a user namespace of its own.
    ///
    /// What this process may not map itself, newuidmap(1) and newgidmap(1) map, after a look at what they will allow.
    public func write(to child: Child) throws {
        let number = try child.numberInSight()
        // CAP_SETUID and CAP_SETGID.
        let mayMapAnybody = Credentials.has(capability: 7) && Credentials.has(capability: 6)
        guard mayMapAnybody || isOwn else {
            try Self.check(users, "/etc/subuid", own: Credentials.user)
            try Self.check(groups, "/etc/subgid", own: Credentials.group)
            try run("newuidmap", number, users)
            try run("newgidmap", number, groups)
            return
        }
        // Without the right to any group, groups must be given up before one is mapped (CVE-2014-8989).
        if !mayMapAnybody { try put("deny", "setgroups", number) }
        try put(Self.text(users), "uid_map", number)
        try put(Self.text(groups), "gid_map", number)
    }

    /// Whether it maps this process's own user and group and nobody else.
    private var isOwn: Bool {
        users.count == 1 && users[0].outside == Credentials.user && users[0].count == 1
            && groups.count == 1 && groups[0].outside == Credentials.group && groups[0].count == 1
    }

    /// EPERM for a run that lies in none of the ranges given to this user.
    private static func check(_ runs: [Range], _ file: Path, own: UInt32) throws(SystemCallError) {
        for run in runs where !(run.outside == own && run.count == 1) {
            let given = try subordinate(file)
            let end = UInt64(run.outside) + UInt64(run.count)
            if given.contains(where: { run.outside >= $0.0 && end <= UInt64($0.0) + UInt64($0.1) }) {
                continue
            }
            let shown = given.map { "\($0.0) to \(UInt64($0.0) + UInt64(max($0.1, 1)) - 1)" }
            throw SystemCallError(
                "newuidmap", EPERM, [.init("range", "\(run.outside) to \(end - 1)")],
                detail: "\(file.string) gives this user \(shown.joined(separator: ", "))")
        }
    }

    /// A user namespace that maps so, with nobody in it.
    func userNamespace() throws -> Descriptor {
        guard let child = try Child.clone(into: [.user]) else {
            try? Processes.dieWithParent()
            while true { pause() }
        }
        defer { try? child.end() }
        try write(to: child)
        return try Descriptor.open(Path("/proc/\(try child.numberInSight())/ns/user"), O_RDONLY)
    }

    private static func text(_ ranges: [Range]) -> String {
        ranges.map { "\($0.inside) \($0.outside) \($0.count)\n" }.joined()
    }

    private func put(_ text: String, _ file: String, _ number: Int32) throws(SystemCallError) {
        let path = "\(number)/\(file)"
        do {
            try ProcessFiles.open(path, O_WRONLY).write(Array(text.utf8))
        } catch {
            throw SystemCallError(error.call, error.number, [.init("path", "/proc/" + path)])
        }
    }

    private func run(_ program: String, _ number: Int32, _ ranges: [Range]) throws {
        let numbers = ranges.flatMap { [$0.inside, $0.outside, $0.count] }.map { "\($0)" }
        let outcome = try Program(
            ([KernelFeatures.path(ofSystemProgram: program) ?? program, "\(number)"] + numbers).map {
                Array($0.utf8)
            }
        ).run()
        guard outcome.ending == .code(0) else {
            throw Program.Refusal(program: program, words: outcome.lastWords)
        }
    }
}
