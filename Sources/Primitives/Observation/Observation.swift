/// What a process sees of the machine at one moment. Texts only: it is for people to look at.
public struct Observation: Sendable, Equatable {
    /// A mount, as proc_pid_mountinfo(5) has it.
    public struct Mount: Sendable, Equatable {
        /// Its number, and that of the mount it stands on.
        public let identifier, parent: UInt64
        /// Where it stands, what is mounted, of which type, with which options, and how mounts spread.
        public let target, source, type, options, propagation: String
    }

    /// A network interface.
    public struct Link: Sendable, Equatable {
        /// Its number, that of its bridge, and that of the other end of a pair; 0 for none.
        public let index, master, peer: Int32
        /// Its name, and the kind of device.
        public let name, kind: String
        /// Whether it is up.
        public let isUp: Bool
        /// Its addresses, as in `"10.0.0.2/24"`.
        public var addresses: [String] = []
    }

    /// What a network namespace has.
    public struct Network: Sendable, Equatable {
        /// The links with their addresses.
        public var links: [Link] = []
        /// The routes of the main tables, as `ip route` writes them.
        public var routes: [String] = []
    }

    /// A process: this one or one that came from it.
    public struct Process: Sendable, Equatable {
        /// Its number in the /proc in sight, and its parent's.
        public let pid, parent: Int32
        /// What stays its own where the /proc in sight numbers anew.
        public let identity: [UInt64]
        /// Its program's name, or its command line where it has one.
        public let name: String
        /// Whether it has ended and nobody has waited for it.
        public let hasEnded: Bool
    }

    /// The namespaces' numbers by their kind, in the order of ``kinds``.
    public var namespaces: [String: UInt64] = [:]
    /// The name of the machine.
    public var hostname = ""
    /// Whom this process is, as in `"0:0"`.
    public var user = ""
    /// What paths start from, and the working directory.
    public var root = "", directory = ""
    /// The mount table; nil where it cannot be seen.
    public var mounts: [Mount]?
    /// The links with their addresses; nil where they cannot be seen.
    public var links: [Link]?
    /// The routes of the main tables, as `ip route` writes them.
    public var routes: [String] = []
    /// The cgroup of this process, a text a hierarchy; nil where it cannot be seen.
    public var cgroup: [String]?
    /// The cgroups that this run has made, by their directories; nil where they cannot be seen.
    public var cgroups: [String]?
    /// This process and those that came from it; nil where they cannot be seen.
    public var processes: [Process]?
    /// The numbers of all processes in sight, and what tells the /proc that numbers them so from others.
    public var numbers: Set<Int32> = []
    /// See ``numbers``.
    public var numbering: UInt64 = 0
    /// This process's number in its own pid namespace.
    public var pid: Int32 = 0
    /// Its number in the /proc in sight, which may be another; 0 where there is none.
    public var pidInSight: Int32 = 0
    /// What could not be looked at, and why.
    public var unseen: [String] = []

    /// The kinds of namespace, in the order of namespaces(7).
    public static let kinds = ["mount", "uts", "ipc", "net", "pid", "user", "cgroup", "time"]

    /// Nothing seen.
    public init() {}
}
