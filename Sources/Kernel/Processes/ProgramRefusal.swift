internal import CKernel
internal import Glibc

/// Why a file may not be run (EACCES), as far as that shows from here.
public enum ProgramRefusal {
    /// In a sentence without its end; a name without a slash is looked for in PATH. nil where nothing shows.
    public static func cause(of name: String) -> String? {
        guard !name.contains("/") else { return cause(of: Path(name), depth: 0) }
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/bin:/usr/bin"
        for directory in path.split(separator: ":") {
            let place = Path(String(directory)).appending(name)
            if let cause = cause(of: place, depth: 0) { return "\(place.string): \(cause)" }
        }
        return nil
    }

    private static func cause(of file: Path, depth: Int) -> String? {
        let opened: Descriptor
        do { opened = try Descriptor.open(file, Descriptor.pathOnly) } catch {
            return error.number == EACCES ? "a directory above it is closed to this user" : nil
        }
        guard let status = try? opened.status() else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: return "it is a directory"
        default: return "it is no regular file"
        }
        if status.st_mode & 0o111 == 0 { return "nobody may run it: its mode lacks x" }
        var filesystem = statvfs()
        // ST_NOEXEC
        if unsafe fstatvfs(opened.number, &filesystem) == 0, filesystem.f_flag & 8 != 0 {
            return "it lies on a mount that is noexec"
        }
        if unsafe file.withPlatformString({ unsafe access($0, X_OK) }) < 0 {
            return "this user may not run it"
        }
        guard depth == 0, let interpreter = interpreter(of: file) else { return nil }
        return cause(of: interpreter, depth: 1).map { "its interpreter \(interpreter.string): \($0)" }
    }

    /// What the first line of a script names.
    private static func interpreter(of file: Path) -> Path? {
        guard let opened = try? Descriptor.open(file, O_NONBLOCK | O_NOCTTY) else { return nil }
        var start = [UInt8](repeating: 0, count: 256)
        let count = unsafe start.withUnsafeMutableBytes {
            unsafe read(opened.number, $0.baseAddress, $0.count)
        }
        guard count > 2, start.starts(with: "#!".utf8) else { return nil }
        let line = String(decoding: start[2..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).first.map { Path(String($0)) }
    }
}
