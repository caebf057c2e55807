internal import Glibc
public import Kernel

/// What was typed before, one entry a line: a newline inside is written `\n`, a backslash `\\`.
///
/// The file is held open, so that it stays the same one after the root has changed. Sessions side by side append each
/// entry when it is made.
public final class HistoryFile {
    private let file: Descriptor
    private static let mostBytes = 1 << 20
    private static let newline = UInt8(ascii: "\n")
    private static let backslash = UInt8(ascii: "\\")

    /// The file by the XDG base directories: below `$XDG_STATE_HOME`, or `~/.local/state`; nil without either.
    public static var standardPath: String? {
        if let state = EnvironmentVariables.value(of: "XDG_STATE_HOME"), state.hasPrefix("/") {
            return state + "/tupper/history"
        }
        return EnvironmentVariables.value(of: "HOME").map { $0 + "/.local/state/tupper/history" }
    }

    /// What a failure to read or write it comes to, in words.
    public static func words(_ error: any Error) -> String {
        guard let error = error as? SystemCallError else { return "\(error)" }
        return "\(error.subjects.first.map { $0.text + ": " } ?? "")\(error.meaning) (\(error.code))"
    }

    /// Opens the file, made with its directories where missing, for nobody else to read.
    public init(path: String) throws(SystemCallError) {
        let path = Path(path)
        for directory in path.above {
            if unsafe directory.withPlatformString({ unsafe mkdir($0, 0o700) }) != 0, errno != EEXIST {
                throw SystemCallError("mkdir", errno, [.init("path", directory.string)])
            }
        }
        file = try Descriptor.open(path, O_RDWR | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, mode: 0o600)
    }

    /// The newest entries, oldest first; a file that has grown large is cut down to them.
    public func read(most: Int) throws(SystemCallError) -> [[UInt8]] {
        let size = Int(lseek(file.number, 0, SEEK_END))
        // What is far back is not worth the reading.
        let start = max(0, size - 4 * Self.mostBytes)
        lseek(file.number, start, SEEK_SET)
        var lines = try file.readToEnd(limit: Int64(8 * Self.mostBytes)).split(separator: Self.newline)
        if start > 0 { lines = Array(lines.dropFirst()) }
        let newest = lines.suffix(most)
        if size > Self.mostBytes { cut(lines, of: size) }
        return newest.map(Self.decode)
    }

    /// Adds an entry. A disk that is full gets no half of one.
    public func append(_ entry: [UInt8]) throws(SystemCallError) {
        // Huge ones, pasted, are for this session only.
        guard entry.count <= 65536 else { return }
        flock(file.number, LOCK_EX)
        defer { flock(file.number, LOCK_UN) }
        let size = lseek(file.number, 0, SEEK_END)
        do { try file.write(Self.encode(entry)) } catch {
            _ = ftruncate(file.number, size)
            throw error
        }
    }

    /// Keeps the newest lines, half of the most that the file may hold.
    private func cut(_ lines: [ArraySlice<UInt8>], of size: Int) {
        flock(file.number, LOCK_EX)
        defer { flock(file.number, LOCK_UN) }
        var (first, bytes) = (lines.endIndex, 0)
        while first > lines.startIndex, bytes + lines[first - 1].count < Self.mostBytes / 2 {
            first -= 1
            bytes += lines[first].count + 1
        }
        let kept = lines[first...]
        // Another session may have been quicker.
        guard lseek(file.number, 0, SEEK_END) == size, ftruncate(file.number, 0) == 0 else { return }
        try? file.write(kept.flatMap { $0 + [Self.newline] })
    }

    static func encode(_ entry: [UInt8]) -> [UInt8] {
        var line: [UInt8] = []
        for byte in entry {
            switch byte {
            case newline: line += [backslash, UInt8(ascii: "n")]
            case backslash: line += [backslash, backslash]
            default: line.append(byte)
            }
        }
        return line + [newline]
    }

    static func decode(_ line: some Sequence<UInt8>) -> [UInt8] {
        var (entry, isEscaped): ([UInt8], Bool) = ([], false)
        for byte in line {
            if isEscaped {
                entry.append(byte == UInt8(ascii: "n") ? newline : byte)
                isEscaped = false
            } else if byte == backslash {
                isEscaped = true
            } else {
                entry.append(byte)
            }
        }
        return entry
    }
}
