internal import Glibc
public import SystemPackage

/// Paths that fit a pattern: glob(7), over bytes.
public enum Glob {
    /// The paths, sorted. A directory that cannot be read has none.
    public static func paths(_ pattern: FilePath) throws(SystemCallError) -> [FilePath] {
        var found = [pattern.isAbsolute ? FilePath("/") : FilePath()]
        for component in pattern.components {
            let wanted = FilePath(root: nil, [component]).bytes
            var next: [FilePath] = []
            for path in found {
                if !wanted.contains(where: { "*?[".utf8.contains($0) }) {
                    let child = path.appending(component)
                    if (try? FileStatus.read(child)) != nil { next.append(child) }
                    continue
                }
                let names = (try? DirectoryListing.names(of: path.isEmpty ? "." : path)) ?? []
                for name in names where matches(name[...], wanted[...]) {
                    next.append(path.appending(FilePath(bytes: name).components))
                }
            }
            found = next
        }
        return found
    }

    /// Whether a name fits a pattern; a leading dot must be written.
    static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        if name.first == UInt8(ascii: "."), pattern.first != UInt8(ascii: ".") { return false }
        return fits(name, pattern)
    }

    /// One star is gone back to at a time, so that no pattern takes more than the product of both lengths.
    private static func fits(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (rest, wanted) = (name, pattern)
        var star: (name: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while true {
            if wanted.first == UInt8(ascii: "*") {
                wanted = wanted.dropFirst()
                star = (rest, wanted)
                continue
            }
            if rest.isEmpty { return wanted.isEmpty }
            if let after = one(rest[rest.startIndex], wanted) {
                (rest, wanted) = (rest.dropFirst(), after)
                continue
            }
            guard let back = star, !back.name.isEmpty else { return false }
            star = (back.name.dropFirst(), back.pattern)
            (rest, wanted) = (back.name.dropFirst(), back.pattern)
        }
    }

    /// The pattern after the part that takes one byte; nil where it does not fit.
    private static func one(_ byte: UInt8, _ pattern: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let first = pattern.first else { return nil }
        if first == UInt8(ascii: "["), let end = pattern.dropFirst(2).firstIndex(of: UInt8(ascii: "]")) {
            var set = pattern[(pattern.startIndex + 1)..<end]
            let isInverted = set.first == UInt8(ascii: "!") || set.first == UInt8(ascii: "^")
            if isInverted { set = set.dropFirst() }
            return contains(set, byte) != isInverted ? pattern[(end + 1)...] : nil
        }
        return first == byte || first == UInt8(ascii: "?") ? pattern.dropFirst() : nil
    }

    private static func contains(_ set: ArraySlice<UInt8>, _ byte: UInt8) -> Bool {
        var rest = set
        while let low = rest.popFirst() {
            if rest.first == UInt8(ascii: "-"), let high = rest.dropFirst().first {
                if low <= byte, byte <= high { return true }
                rest = rest.dropFirst(2)
            } else if low == byte {
                return true
            }
        }
        return false
    }
}
