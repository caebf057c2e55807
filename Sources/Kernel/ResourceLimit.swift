internal import CKernel
internal import Glibc

/// A limit on what this process and its children may use each: getrlimit(2).
public struct ResourceLimit: Sendable, Equatable {
    /// What is limited, by the kernel's number.
    public enum Resource: Int32, CaseIterable, Sendable {
        case cpu, fileSize, data, stack, core, resident, processes, openFiles, lockedMemory, addressSpace,
            locks
        case pendingSignals, messageQueues, nice, realtimePriority, realtimeTime

        /// Its name in words.
        public var name: String {
            switch self {
            case .cpu: "cpu"
            case .fileSize: "file_size"
            case .data: "data"
            case .stack: "stack"
            case .core: "core"
            case .resident: "resident"
            case .processes: "processes"
            case .openFiles: "open_files"
            case .lockedMemory: "locked_memory"
            case .addressSpace: "address_space"
            case .locks: "locks"
            case .pendingSignals: "pending_signals"
            case .messageQueues: "message_queues"
            case .nice: "nice"
            case .realtimePriority: "realtime_priority"
            case .realtimeTime: "realtime_time"
            }
        }

        /// Whether it is counted in bytes.
        public var isSize: Bool {
            switch self {
            case .fileSize, .data, .stack, .core, .resident, .lockedMemory, .addressSpace, .messageQueues:
                true
            default: false
            }
        }

        /// The highest value that means something: `nice` is 20 minus the niceness.
        public var highest: UInt64 {
            switch self {
            case .nice: 40
            case .realtimePriority: 99
            default: .max - 1
            }
        }
    }

    /// No limit: RLIM_INFINITY.
    public static let unlimited = UInt64.max

    public let resource: Resource
    /// What counts; nil to leave it, lowered to the hard limit where need be.
    public let soft: UInt64?
    /// How far the soft one may be raised; nil to leave it.
    public let hard: UInt64?

    /// A limit to set.
    public init(_ resource: Resource, soft: UInt64?, hard: UInt64?) {
        self.resource = resource
        self.soft = soft
        self.hard = hard
    }

    /// The limit as it stands: both are there.
    public static func current(_ resource: Resource) throws(SystemCallError) -> (soft: UInt64, hard: UInt64) {
        var old: [UInt64] = [0, 0]
        try systemCall("getrlimit", [.init("limit", resource.name)]) {
            unsafe ck_limit(resource.rawValue, nil, &old)
        }
        return (old[0], old[1])
    }

    /// Those of another process, as far as this one may have them too: proc_pid_limits(5).
    static func all(of pid: Int32) throws(SystemCallError) -> [ResourceLimit] {
        let lines = String(decoding: try ProcessFiles.read("\(pid)/limits"), as: UTF8.self).split(
            separator: "\n")
        var limits: [ResourceLimit] = []
        // One a line in the order of their numbers, after a heading and a name of 25 letters.
        for (resource, line) in zip(Resource.allCases, lines.dropFirst()) {
            let values = line.dropFirst(26).split(separator: " ").prefix(2).map { UInt64($0) ?? unlimited }
            guard values.count == 2 else {
                throw SystemCallError("getrlimit", EINVAL, [.init("pid", "\(pid)")])
            }
            let hard = min(values[1], try current(resource).hard)
            limits.append(ResourceLimit(resource, soft: min(values[0], hard), hard: hard))
        }
        return limits
    }

    /// Sets the limits, none of them where one would be refused for lack of CAP_SYS_RESOURCE.
    public static func apply(_ limits: [ResourceLimit]) throws(SystemCallError) {
        var pairs: [(Resource, [UInt64])] = []
        for limit in limits {
            let old = try current(limit.resource)
            let hard = limit.hard ?? old.hard
            let soft = limit.soft ?? min(old.soft, hard)
            let subject = SystemCallError.Subject("limit", limit.resource.name)
            guard soft <= hard else {
                throw SystemCallError(
                    "setrlimit", EINVAL, [subject], detail: "the soft limit is above the hard one of \(hard)")
            }
            // CAP_SYS_RESOURCE
            if hard > old.hard, !Credentials.has(capability: 24) {
                throw SystemCallError(
                    "setrlimit", EPERM, [subject], detail: "the hard limit is \(old.hard) already")
            }
            pairs.append((limit.resource, [soft, hard]))
        }
        for (resource, pair) in pairs {
            var old: [UInt64] = [0, 0]
            try systemCall("setrlimit", [.init("limit", resource.name)]) {
                unsafe ck_limit(resource.rawValue, pair, &old)
            }
        }
    }
}

/// The soft limit on open files: each container costs its maker three descriptors, and 1,024 is usual.
///
/// Programs that use select(2) fail with higher numbers, so every program gets back the limit that this process started
/// with: getrlimit(2).
public enum OpenFileLimit {
    nonisolated(unsafe) private static var original: (soft: UInt64, hard: UInt64)?

    /// Raises it to the hard limit, once; a process without the right to do so keeps what it has.
    public static func raise() {
        guard unsafe original == nil, let old = try? ResourceLimit.current(.openFiles) else { return }
        unsafe original = old
        if old.soft < old.hard {
            try? ResourceLimit.apply([ResourceLimit(.openFiles, soft: old.hard, hard: nil)])
        }
    }

    /// Sets it back for a program that this process is about to become, unless something else was set meanwhile.
    static func restore() {
        guard let old = unsafe original, old.soft < old.hard,
            let now = try? ResourceLimit.current(.openFiles), now == (old.hard, old.hard)
        else { return }
        unsafe original = nil
        try? ResourceLimit.apply([ResourceLimit(.openFiles, soft: old.soft, hard: nil)])
    }
}
