internal import CKernel
internal import Glibc

/// What groups can be limited in: cgroups(7).
public enum CgroupController: String, CaseIterable, Sendable {
    case memory, cpu, cpuset, pids, io, devices

    var nameInVersion1: String { self == .io ? "blkio" : rawValue }
}

/// An upper bound, or none.
public enum CgroupLimit: Sendable, Equatable {
    case none
    case amount(Int64)

    /// As the files of version 2 have it.
    var text: String {
        switch self {
        case .none: "max"
        case .amount(let amount): "\(amount)"
        }
    }

    /// As those of version 1 have it, with another word for none.
    func text(none: String) -> String { self == .none ? none : text }
}

/// What a group is given; what is nil stays as it is.
public struct CgroupSettings: Sendable, Equatable {
    /// Bytes of memory.
    public var memory: CgroupLimit?
    /// Bytes of swap beside it.
    public var swap: CgroupLimit?
    /// Bytes of memory above which its processes are slowed down.
    public var high: CgroupLimit?
    /// Whether all its processes are killed where one must be.
    public var killsTogether: Bool?
    /// Microseconds of processor time in each tenth of a second.
    public var cpu: CgroupLimit?
    /// Its share of the processors beside other groups, where 100 is usual.
    public var weight: Int64?
    /// Processors, as in `"0-2,7"`.
    public var processors: String?
    /// How many processes and threads.
    public var pids: CgroupLimit?
    /// How fast block devices may be used.
    public var io: [DeviceSpeed] = []
    /// The devices that may be used, and no others; nil for all.
    public var devices: [DeviceRule]?

    /// None.
    public init() {}

    /// The length of the span that ``cpu`` counts in, in microseconds.
    public static let period: Int64 = 100_000

    /// How fast one block device may be used, per second.
    public struct DeviceSpeed: Sendable, Equatable {
        public let major: UInt32
        public let minor: UInt32
        public var bytesRead: CgroupLimit?
        public var bytesWritten: CgroupLimit?
        public var reads: CgroupLimit?
        public var writes: CgroupLimit?

        /// A device without limits.
        public init(major: UInt32, minor: UInt32) {
            self.major = major
            self.minor = minor
        }
    }

    /// The controllers that these settings need.
    public var controllers: [CgroupController] {
        var needed: [CgroupController] = []
        if memory != nil || swap != nil || high != nil || killsTogether != nil { needed.append(.memory) }
        if cpu != nil || weight != nil { needed.append(.cpu) }
        if processors != nil { needed.append(.cpuset) }
        if pids != nil { needed.append(.pids) }
        if !io.isEmpty { needed.append(.io) }
        if devices != nil { needed.append(.devices) }
        return needed
    }
}

/// Which devices a rule of a group is about, and what it allows.
public struct DeviceRule: Sendable, Equatable {
    /// A block or a character device.
    public enum Kind: String, Sendable {
        case block = "b"
        case character = "c"

        init?(_ letter: UInt8) {
            switch letter {
            case UInt8(ascii: "b"): self = .block
            case UInt8(ascii: "c"): self = .character
            default: return nil
            }
        }
    }
    /// What may be done.
    public struct Access: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Making its file.
        public static let make = Access(rawValue: 1)
        /// Reading.
        public static let read = Access(rawValue: 2)
        /// Writing.
        public static let write = Access(rawValue: 4)
    }

    public let kind: Kind
    /// nil for any.
    public let major: UInt32?
    /// nil for any.
    public let minor: UInt32?
    public let access: Access

    /// A rule.
    public init(_ kind: Kind, major: UInt32?, minor: UInt32?, _ access: Access) {
        self.kind = kind
        self.major = major
        self.minor = minor
        self.access = access
    }

    /// Reads the form of version 1, as in `"c 1:3 rwm"` or `"b *:* m"`; nil where it is none.
    public init?(_ text: [UInt8]) {
        let space = UInt8(ascii: " ")
        guard text.count > 2, let kind = Kind(text[0]), text[1] == space,
            let colon = text.firstIndex(of: UInt8(ascii: ":")),
            let end = text[colon...].firstIndex(of: space),
            let major = Self.number(text[2..<colon]), let minor = Self.number(text[(colon + 1)..<end]),
            let access = Self.access(text[(end + 1)...])
        else { return nil }
        self.init(kind, major: major, minor: minor, access)
    }

    /// Letters of `rwm`, each once.
    public static func access(_ letters: ArraySlice<UInt8>) -> Access? {
        var access: Access = []
        for letter in letters {
            let one: Access
            switch letter {
            case UInt8(ascii: "r"): one = .read
            case UInt8(ascii: "w"): one = .write
            case UInt8(ascii: "m"): one = .make
            default: return nil
            }
            guard access.insert(one).inserted else { return nil }
        }
        return access.isEmpty ? nil : access
    }

    /// A star is any number: the outer optional is for what is neither. Device numbers have 12 and 20 bits.
    private static func number(_ text: ArraySlice<UInt8>) -> UInt32?? {
        if text.count == 1, text.first == UInt8(ascii: "*") { return .some(nil) }
        guard (1...7).contains(text.count) else { return nil }
        var number: UInt32 = 0
        for digit in text {
            guard (48...57).contains(digit) else { return nil }
            number = number * 10 + UInt32(digit - 48)
        }
        return number < 1 << 20 ? .some(number) : nil
    }

    /// As version 1 takes it.
    var text: String {
        var text = "\(kind.rawValue) \(major.map(String.init) ?? "*"):\(minor.map(String.init) ?? "*") "
        if access.contains(.read) { text += "r" }
        if access.contains(.write) { text += "w" }
        if access.contains(.make) { text += "m" }
        return text
    }
}

/// The numbers of a device file.
public struct DeviceNumbers: Sendable, Equatable {
    public let kind: DeviceRule.Kind
    public let major: UInt32
    public let minor: UInt32

    /// stat(2); nil where the path is no device file.
    public static func read(_ path: Path) throws(SystemCallError) -> DeviceNumbers? {
        var status = stat()
        try systemCall("stat", [.init("path", path.string)]) {
            unsafe path.withPlatformString { unsafe stat($0, &status) }
        }
        let type = status.st_mode & S_IFMT
        guard type == S_IFBLK || type == S_IFCHR else { return nil }
        return DeviceNumbers(
            kind: type == S_IFBLK ? .block : .character, major: ck_major(UInt64(status.st_rdev)),
            minor: ck_minor(UInt64(status.st_rdev)))
    }
}
