internal import CKernel
internal import Glibc

/// A filesystem about to be mounted: fsopen(2), fsconfig(2), fsmount(2).
public struct FilesystemContext: ~Copyable {
    private let descriptor: Descriptor
    private let type: String
    private let source: Path?

    /// fsopen(2). Throws ENODEV where the kernel has no such type.
    public init(_ type: String, source: Path? = nil) throws(SystemCallError) {
        descriptor = Descriptor(
            owning: try systemCall("fsopen", [.init("type", type)]) {
                unsafe type.withCString { unsafe ck_fsopen($0, 1) }
            })
        self.type = type
        self.source = source
    }

    /// Sets an option; one without a value is a flag.
    public func set(_ key: String, _ value: [UInt8]? = nil) throws(SystemCallError) {
        unsafe try configure(key) { name in
            guard let value else { return unsafe ck_fsconfig(descriptor.number, 0, name, nil, 0) }
            var text = value
            text.append(0)
            return unsafe text.withUnsafeBytes {
                unsafe ck_fsconfig(descriptor.number, 1, name, $0.baseAddress, 0)
            }
        }
    }

    /// Sets an option that is a directory's path, which an error names. ENOENT where it is missing.
    public func set(_ key: String, path: Path) throws(SystemCallError) {
        do throws(SystemCallError) {
            let directory = try Descriptor.open(path, Descriptor.pathOnly | O_DIRECTORY)
            // fsconfig(2) takes 255 bytes, and overlay reads a backslash as the start of an escape. The mount table
            // shows what is given here, so that the path itself is preferred.
            let isPlain = path.bytes.count < 256 && !path.bytes.contains(UInt8(ascii: "\\"))
            try set(key, isPlain ? path.bytes : Array("/proc/self/fd/\(directory.number)".utf8))
        } catch {
            throw SystemCallError(
                error.call, error.number, [.init("path", path.string), .init("option", key)],
                detail: error.detail)
        }
    }

    /// Makes the filesystem and a mount of it.
    public consuming func mount(_ attributes: MountAttributes = []) throws(SystemCallError) -> DetachedMount {
        if let source { try set("source", source.bytes) }
        do {
            try systemCall("fsconfig", subjects) {
                ck_fsconfig(descriptor.number, 6, nil, nil, 0)
            }
            return DetachedMount(
                Descriptor(
                    owning: try systemCall("fsmount", subjects) {
                        ck_fsmount(descriptor.number, 1, attributes.rawValue)
                    }))
        } catch {
            throw explained(error)
        }
    }

    private var subjects: [SystemCallError.Subject] {
        (source.map { [.init("source", $0.string)] } ?? []) + [.init("type", type)]
    }

    private func configure(
        _ key: String, _ body: (UnsafePointer<CChar>) -> Int32
    ) throws(SystemCallError) {
        do {
            try systemCall("fsconfig", [.init("option", key)]) {
                unsafe key.withCString { unsafe body($0) }
            }
        } catch {
            throw explained(error)
        }
    }

    /// The kernel logs in words why it refused; each message starts with its level and a space.
    private func explained(_ error: SystemCallError) -> SystemCallError {
        var lines: [String] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(descriptor.number, $0.baseAddress, $0.count)
            }
            guard count > 2 else { break }
            let line = String(decoding: buffer[2..<count], as: UTF8.self)
            // Some filesystems end it themselves, and the kernel once more.
            lines.append(line.split(whereSeparator: \.isNewline).joined(separator: " "))
        }
        let detail = lines.isEmpty ? error.detail : lines.joined(separator: "; ")
        return SystemCallError(error.call, error.number, error.subjects, detail: detail)
    }
}
