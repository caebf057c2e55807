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
            if types.contains(type) { try Mount.checkSource(source) }
            return try make(type, source)
        }
        try Mount.checkSource(source)
        var last = SystemCallError("fsopen", 19, [.init("source", source.string)])
        for type in types {
            do { return try make(type, source) } catch { last = error }
        }
        throw last
    }

    private func make(_ type: String, _ source: Path) throws(SystemCallError) -> DetachedMount {
        let context = try FilesystemContext(type, source: source)
        for option in options { try context.set(option.key, option.value) }
        return try context.mount(attributes)
    }
}
