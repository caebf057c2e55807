public import SystemPackage

/// The mount table as proc_pid_mountinfo(5) has it.
public enum MountTable {
    /// One line of it.
    public struct Entry: Sendable, Equatable {
        public let identifier: UInt64
        public let parent: UInt64
        /// The device number's two parts, as in `"0:35"`.
        public let device: String
        /// The part of the filesystem that shows.
        public let root: FilePath
        public let target: FilePath
        public let source: [UInt8]
        public let type: String
        /// The mount's own options and the filesystem's, joined by commas.
        public let options: String
        /// `"private"`, `"shared"`, `"slave"` or `"unbindable"`.
        public let propagation: String
    }

    /// The table that a process sees; this one where `pid` is nil.
    public static func read(of pid: Int32? = nil) throws(SystemCallError) -> [Entry] {
        let path = FilePath("/proc/\(pid.map(String.init) ?? "self")/mountinfo")
        // Read in one go where it fits: entries can be skipped when the table changes between two reads.
        return parse(try Descriptor.open(path, 0).readToEnd())
    }

    /// Reads the table's text; a line that is not one is left out.
    public static func parse(_ text: [UInt8]) -> [Entry] {
        text.split(separator: UInt8(ascii: "\n")).compactMap(entry)
    }

    private static func entry(_ line: ArraySlice<UInt8>) -> Entry? {
        let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard let dash = fields.dropFirst(6).firstIndex(of: [UInt8(ascii: "-")]), dash + 3 < fields.count,
            let identifier = UInt64(text(fields[0])), let parent = UInt64(text(fields[1]))
        else { return nil }
        let (own, filesystem) = (text(fields[5]), text(fields[dash + 3]))
        let shared = filesystem.split(separator: ",").filter { !own.split(separator: ",").contains($0) }
        return Entry(
            identifier: identifier, parent: parent, device: text(fields[2]),
            root: FilePath(bytes: unescaped(fields[3])), target: FilePath(bytes: unescaped(fields[4])),
            source: unescaped(fields[dash + 2]), type: text(fields[dash + 1]),
            options: ([own[...]] + shared.filter { $0 != "rw" }).joined(separator: ","),
            propagation: propagation(fields[6..<dash].map(text)))
    }

    private static func propagation(_ tags: [String]) -> String {
        if tags.contains(where: { $0.hasPrefix("shared:") }) { return "shared" }
        if tags.contains(where: { $0.hasPrefix("master:") }) { return "slave" }
        return tags.contains("unbindable") ? "unbindable" : "private"
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Space, tab, newline and backslash stand as three octal digits after a backslash.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
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
