/// The mount table as proc_pid_mountinfo(5) has it.
public enum MountTable {
    /// One line of it.
    public struct Entry: Sendable, Equatable {
        public let identifier: UInt64
        public let parent: UInt64
        /// The device number's two parts, as in `"0:35"`.
        public let device: String
        /// The part of the filesystem that shows.
        public let root: Path
        public let target: Path
        public let source: [UInt8]
        public let type: String
        /// The mount's own options and the filesystem's, joined by commas.
        public let options: String
        /// `"private"`, `"shared"`, `"slave"` or `"unbindable"`.
        public let propagation: String
    }

    /// The table that a process sees, this one where `pid` is nil; of some types only, where given.
    public static func read(of pid: Int32? = nil, types: [String] = []) throws(SystemCallError) -> [Entry] {
        let path = Path("/proc/\(pid.map(String.init) ?? "self")/mountinfo")
        // Read in one go where it fits: entries can be skipped when the table changes between two reads.
        return parse(try Descriptor.open(path, 0).readToEnd(), types: types)
    }

    /// A mount by its number and all that is mounted in it, in the table's order. What it covers is no part of it.
    public static func tree(of mount: UInt64) throws(SystemCallError) -> [Entry] {
        let table = try read()
        var known: Set = [mount]
        var before = 0
        while known.count != before {
            before = known.count
            for entry in table where known.contains(entry.parent) { known.insert(entry.identifier) }
        }
        return table.filter { known.contains($0.identifier) }
    }

    /// Reads the table's text; a line that is not one is left out.
    public static func parse(_ text: [UInt8], types: [String] = []) -> [Entry] {
        let wanted = types.map { Array($0.utf8) }
        return text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            wanted.isEmpty || hasType(line, of: wanted) ? entry(line) : nil
        }
    }

    /// Told before the line is taken apart, since most lines are of other types. No field before the dash can be one,
    /// and within a field there is no space.
    private static func hasType(_ line: ArraySlice<UInt8>, of types: [[UInt8]]) -> Bool {
        let dash = UInt8(ascii: "-")
        for index in line.indices.dropFirst().dropLast()
        where line[index] == dash && line[index - 1] == space && line[index + 1] == space {
            let type = line[(index + 2)...].prefix { $0 != space }
            return types.contains { $0.elementsEqual(type) }
        }
        return false
    }

    private static let (space, comma) = (UInt8(ascii: " "), UInt8(ascii: ","))

    private static func entry(_ line: ArraySlice<UInt8>) -> Entry? {
        let fields = line.split(separator: space, omittingEmptySubsequences: false)
        guard let dash = fields.dropFirst(6).firstIndex(of: [UInt8(ascii: "-")]), dash + 3 < fields.count,
            let identifier = UInt64(text(fields[0])), let parent = UInt64(text(fields[1]))
        else { return nil }
        return Entry(
            identifier: identifier, parent: parent, device: text(fields[2]),
            root: Path(bytes: unescaped(fields[3])), target: Path(bytes: unescaped(fields[4])),
            source: unescaped(fields[dash + 2]), type: text(fields[dash + 1]),
            options: options(fields[5], fields[dash + 3]),
            propagation: propagation(fields[6..<dash].map(text)))
    }

    /// The mount's own, then those of the filesystem that are not among them.
    private static func options(_ own: ArraySlice<UInt8>, _ filesystem: ArraySlice<UInt8>) -> String {
        var all = Array(own)
        let known = own.split(separator: comma)
        for option in filesystem.split(separator: comma)
        where !known.contains(option) && !option.elementsEqual("rw".utf8) {
            all.append(comma)
            all += option
        }
        return text(all[...])
    }

    private static func propagation(_ tags: [String]) -> String {
        if tags.contains(where: { $0.hasPrefix("shared:") }) { return "shared" }
        if tags.contains(where: { $0.hasPrefix("master:") }) { return "slave" }
        return tags.contains("unbindable") ? "unbindable" : "private"
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Space, tab, newline and backslash stand as three octal digits after a backslash.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard bytes.contains(UInt8(ascii: "\\")) else { return Array(bytes) }
        var output: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), let code = UInt8(text(digits), radix: 8) {
                output.append(code)
                rest = rest.dropFirst(3)
            } else {
                output.append(byte)
            }
        }
        return output
    }
}
