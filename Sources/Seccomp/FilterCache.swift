internal import CSeccomp
public import Kernel
internal import SystemPackage

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
        func variable(_ name: String) -> FilePath? {
            let value = EnvironmentVariables.all().first { $0.name.elementsEqual(name.utf8) }?.value
            guard let value, value.first == UInt8(ascii: "/"), value.count < 4000 else { return nil }
            return FilePath(bytes: value)
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
        let name = "seccomp-" + String(Self.digest(key), radix: 16)
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
        let version = unsafe seccomp_version().map {
            unsafe [$0.pointee.major, $0.pointee.minor, $0.pointee.micro]
        }
        let kernel = Profile.kernelVersion(circumstances.kernel) ?? []
        let text = """
            1 \(version ?? []) \(Architecture.native.name) \(kernel) \
            \(circumstances.capabilities.sorted().joined(separator: ","))

            """
        return Array(text.utf8) + source
    }

    private static func filter(in bytes: [UInt8], for key: [UInt8]) -> SystemCallFilter? {
        guard bytes.count > 16 + key.count, bytes.starts(with: words([UInt64(key.count)])),
            bytes[16..<16 + key.count].elementsEqual(key)
        else { return nil }
        let instructions = Array(bytes[(16 + key.count)...])
        guard bytes[8..<16].elementsEqual(words([digest(instructions)])) else { return nil }
        return SystemCallFilter(instructions: instructions)
    }

    private static func words(_ numbers: [UInt64]) -> [UInt8] {
        numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) } }
    }

    /// FNV-1a: it names files and notices rot. What keeps others out is who may write there.
    private static func digest(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
