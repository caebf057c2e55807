internal import CKernel
internal import Glibc

/// The paths that match a pattern: glob(7), with `**` for any number of directories.
public enum Glob {
    private struct Step: Hashable {
        let path: [UInt8]
        let index: Int
    }

    /// Sorted by their bytes; paths inside `root` where given. What cannot be looked into has no matches.
    ///
    /// `**` goes through no link and into no hidden directory.
    public static func paths(matching pattern: [UInt8], in root: Path?) throws(SystemCallError)
        -> [[UInt8]]
    {
        let slash = UInt8(ascii: "/")
        let parts = pattern.split(separator: slash).map(Array.init)
        let start: [UInt8] = pattern.first == slash ? [slash] : []
        var (found, seen): (Set<[UInt8]>, Set<Step>) = ([], [])
        var unvisited = [Step(path: start, index: 0)]
        var patience = Patience()
        while let step = unvisited.popLast() {
            try patience.check()
            // Two `**` reach the same place by many ways.
            if !seen.insert(step).inserted { continue }
            if step.index == parts.count {
                let isDirectory = pattern.last == slash
                if stands(step.path, root, asDirectory: isDirectory) { found.insert(step.path) }
                continue
            }
            unvisited += next(step, parts[step.index], root)
        }
        return found.subtracting([[]]).sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func next(_ step: Step, _ part: [UInt8], _ root: Path?) -> [Step] {
        let index = step.index + 1
        if part == Array("**".utf8) {
            let below = entries(step.path, root).filter { isDirectory($0, in: step.path, root) }
            return [Step(path: step.path, index: index)]
                + below.map { Step(path: joined(step.path, $0.name.bytes), index: step.index) }
        }
        let pattern = GlobPattern(part)
        if let name = pattern.literal { return [Step(path: joined(step.path, name), index: index)] }
        return entries(step.path, root).lazy.map(\.name.bytes).filter(pattern.matches).map {
            Step(path: joined(step.path, $0), index: index)
        }
    }

    private static func joined(_ directory: [UInt8], _ name: [UInt8]) -> [UInt8] {
        directory.isEmpty || directory == [UInt8(ascii: "/")]
            ? directory + name : directory + [UInt8(ascii: "/")] + name
    }

    private static func place(_ path: [UInt8], _ root: Path?) -> RootPath {
        RootPath(path.isEmpty ? "." : Path(bytes: path), in: root)
    }

    private static func entries(_ path: [UInt8], _ root: Path?) -> [Listing.Entry] {
        guard let directory = try? place(path, root).openFile(O_RDONLY | O_DIRECTORY | O_NONBLOCK) else {
            return []
        }
        return (try? Listing.read(directory, "")) ?? []
    }

    private static func isDirectory(_ entry: Listing.Entry, in path: [UInt8], _ root: Path?) -> Bool {
        if entry.name.characters.first == CChar(bitPattern: UInt8(ascii: ".")) { return false }
        if entry.kind != Listing.Entry.unknown { return entry.kind == Listing.Entry.directory }
        let status = try? place(joined(path, entry.name.bytes), root).place().status()
        return status.map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    private static func stands(_ path: [UInt8], _ root: Path?, asDirectory: Bool) -> Bool {
        let status = try? FileStatus.read(place(path, root), following: asDirectory)
        return status.map { !asDirectory || $0.kind == .directory } ?? false
    }
}
