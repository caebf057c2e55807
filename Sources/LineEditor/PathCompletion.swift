internal import Kernel

extension Completion {
    /// The files that a path in quotes can go on to. `typed` is what there is of it and stands at `start`.
    public static func paths(_ typed: [UInt8], at start: Int, closing quote: String) -> Completion {
        let directory = Array(typed[..<(typed.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)])
        let prefix = typed.dropFirst(directory.count)
        guard directory.count < 4096, !directory.contains(0) else { return .none }
        // The dot at the end follows a link to a directory.
        let place = RootPath(Path(bytes: directory + [UInt8(ascii: ".")]))
        let names = ((try? Files.list(place)) ?? []).filter { name in
            name.starts(with: prefix) && (!prefix.isEmpty || name.first != UInt8(ascii: "."))
                && !name.contains { $0 < 32 || $0 == 34 || $0 == 39 || $0 == 92 || $0 == 127 }
        }
        return Completion(
            start: start + directory.count,
            candidates: names.sorted { $0.lexicographicallyPrecedes($1) }.map { name in
                let path = RootPath(Path(bytes: directory + name))
                let isDirectory = (try? FileStatus.read(path, following: true).kind) == .directory
                let shown = String(decoding: name, as: UTF8.self) + (isDirectory ? "/" : "")
                return Candidate(name, suffix: isDirectory ? "/" : quote, shown: shown)
            })
    }
}
