internal import Kernel
internal import LuaHost

/// What mount(8) takes after `-o`, sorted into the mount's own attributes and the filesystem's options.
struct MountSettings {
    private(set) var attributes: MountAttributes
    private var options: [Option] = []

    /// One of the filesystem's: a flag where it has no value.
    private struct Option {
        let key: String
        let value: [UInt8]?
    }

    init(_ text: String, _ attributes: MountAttributes) throws {
        self.attributes = attributes
        for option in text.split(separator: ",") {
            let key = String(option.prefix { $0 != "=" })
            if option == key, let attribute = MountAttributes.named(key) {
                self.attributes.insert(attribute)
                continue
            }
            guard !key.isEmpty else { throw ArgumentError("option 'options': a name wanted before '='") }
            let value = option == key ? nil : Array(option.utf8.dropFirst(key.utf8.count + 1))
            options.append(Option(key: key, value: value))
        }
        if self.attributes.contains(.readonly) { options.append(Option(key: "ro", value: nil)) }
    }

    /// Mounts `source` as `type`, or as the first type of this kernel that takes it.
    func mount(_ type: String?, _ source: Path) throws(SystemCallError) -> DetachedMount {
        let types = (try? FilesystemTypes.onDevices()) ?? []
        if let type {
            guard types.contains(type) else { return try make(type, source) }
            try Mount.checkSource(source)
            do { return try make(type, source) } catch { throw Self.explained(error, type, source) }
        }
        try Mount.checkSource(source)
        // What the content is known by says more of why it fails than one that it is not.
        let known = FilesystemTypes.recognized(on: source)
        var told = SystemCallError("fsopen", 19, [.init("source", source.string)])
        for type in types {
            do { return try make(type, source) } catch {
                if type == known { throw Self.explained(error, type, source) }
                told = error
            }
        }
        if let known { throw SystemCallError("fsopen", 19, [.init("type", known)]) }
        throw Self.explained(told, nil, source)
    }

    /// With the cause, where the type does not say why it does not take what the source holds. It is looked for at once:
    /// a loop device goes with the error.
    private static func explained(_ error: SystemCallError, _ type: String?, _ source: Path)
        -> SystemCallError
    {
        guard error.call == "fsconfig", error.detail == nil,
            ["EINVAL", "EIO", "ENOMEM"].contains(error.code),
            (try? FileStatus.read(RootPath(source), following: true))?.kind == .block
        else { return error }
        let known = FilesystemTypes.recognized(on: source)
        let cause: String
        if let known, let type, known == type || known.hasPrefix("ext") && type.hasPrefix("ext") {
            cause =
                known == "xfs"
                ? "it is damaged, or one of the same UUID is mounted (options = \"nouuid\"); dmesg tells more"
                : "it is damaged, or has what this kernel cannot; dmesg tells more"
        } else {
            cause = known.map { "it holds \($0)" } ?? "no filesystem is known there by its content"
        }
        let subjects = type == nil ? [.init("source", source.string)] : error.subjects
        return SystemCallError(error.call, error.number, subjects, detail: cause)
    }

    private func make(_ type: String, _ source: Path) throws(SystemCallError) -> DetachedMount {
        let context = try FilesystemContext(type, source: source)
        for option in options { try context.set(option.key, option.value) }
        return try context.mount(attributes)
    }
}
