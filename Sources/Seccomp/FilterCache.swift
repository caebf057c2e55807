internal import CSeccomp
internal import Glibc
public import Kernel

/// Compiled filters on disk, found by what they were compiled from.
///
/// A file counts only where this user alone could have written it, and only for just the same source, which it holds
/// in full. After the root has changed nothing is looked up: an image could bring filters of its own.
public struct FilterCache {
    private let directory: PrivateDirectory?
    private static let limit = 1 << 20

    /// The first place that is this user's own: `$XDG_CACHE_HOME/tupper`, then `/var/cache/tupper` for root and
    /// `~/.cache/tupper` for others. Without any, nothing is kept.
    public init() {
        guard !RootChange.hasHappened else {
            directory = nil
            return
        }
        func variable(_ name: String) -> Path? {
            guard let value = EnvironmentVariables.value(of: name), value.hasPrefix("/"),
                value.utf8.count < 4000
            else { return nil }
            return Path(value)
        }
        let others = Credentials.user == 0 ? "/var/cache" : variable("HOME")?.appending(".cache")
        let places = [variable("XDG_CACHE_HOME"), others].compactMap { $0?.appending("tupper") }
        for place in places {
            if let found = try? PrivateDirectory(place, making: true) {
                directory = found
                return
            }
        }
        directory = nil
    }

    /// The filter for a source, and whether it was there; `compile` makes it where it was not.
    public func filter(
        for source: [UInt8], _ circumstances: Circumstances, compile: () throws -> SystemCallFilter
    ) throws -> (filter: SystemCallFilter, wasThere: Bool) {
        guard let directory else { return (try compile(), false) }
        let key = Self.key(source, circumstances)
        let name = "seccomp-" + Hexadecimal.text(Self.words([Self.digest(key)]))
        if let bytes = try? directory.read(name, limit: Self.limit),
            let filter = Self.filter(in: bytes, for: key)
        {
            return (filter, true)
        }
        let filter = try compile()
        let head = Self.words([UInt64(key.count), Self.digest(filter.instructions)])
        // A full disk costs time only.
        try? directory.write(name, head + key + filter.instructions)
        return (filter, false)
    }

    /// All that a filter depends on. The first number counts the ways in which this program makes filters.
    private static func key(_ source: [UInt8], _ circumstances: Circumstances) -> [UInt8] {
        // Byte by byte: a description of a list of numbers costs more than the rest of a look-up.
        var key: [UInt8] = []
        key.reserveCapacity(source.count + 400)
        func add(_ word: String) {
            key += word.utf8
            key.append(UInt8(ascii: " "))
        }
        add("3")
        if let version = unsafe seccomp_version() {
            for part in unsafe [version.pointee.major, version.pointee.minor, version.pointee.micro] {
                add(String(part))
            }
        }
        add(Architecture.native.name)
        for part in Profile.kernelVersion(circumstances.kernel) ?? [] { add(String(part)) }
        for capability in circumstances.capabilities.sorted() { add(capability) }
        key[key.count - 1] = UInt8(ascii: "\n")
        return key + source
    }

    private static func filter(in bytes: [UInt8], for key: [UInt8]) -> SystemCallFilter? {
        guard bytes.count > 16 + key.count, bytes.starts(with: words([UInt64(key.count)])),
            hasSameBytes(bytes, at: 16, as: key)
        else { return nil }
        let instructions = Array(bytes[(16 + key.count)...])
        guard bytes[8..<16].elementsEqual(words([digest(instructions)])) else { return nil }
        return SystemCallFilter(instructions: instructions)
    }

    /// memcmp(3): this is on the way of every container's start.
    private static func hasSameBytes(_ bytes: [UInt8], at start: Int, as other: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { own in
            unsafe other.withUnsafeBytes { other in
                guard let first = own.baseAddress, let second = other.baseAddress else {
                    return false
                }
                return unsafe memcmp(first + start, second, other.count) == 0
            }
        }
    }

    private static func words(_ numbers: [UInt64]) -> [UInt8] {
        numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) } }
    }

    /// FNV-1a over words of eight bytes, the last one filled up: it names files and notices rot. What keeps others out
    /// is who may write there.
    private static func digest(_ bytes: [UInt8]) -> UInt64 {
        let start: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(bytes.count)
        return unsafe bytes.withUnsafeBytes { bytes in
            var digest = start
            for place in stride(from: 0, to: bytes.count, by: 8) {
                var word: UInt64 = 0
                if place + 8 <= bytes.count {
                    word = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                } else {
                    for index in place..<bytes.count { word = word << 8 | UInt64(unsafe bytes[index]) }
                }
                digest = (digest ^ word) &* 0x100_0000_01b3
                digest ^= digest >> 32
            }
            return digest
        }
    }
}
