internal import CStdlib
internal import LuaHost

/// The modules that are compiled in.
enum StandardLibrary {
    /// Their names, as `require` takes them.
    static var names: [String] {
        (0..<cs_module_count).compactMap { unsafe cs_name($0).map { unsafe String(cString: $0) } }
    }

    /// A module's source; nil where none has that name.
    static func source(_ name: String) -> [UInt8]? {
        names.firstIndex(of: name).map(source)
    }

    /// The module as `require` loads it.
    static func module(_ name: String) -> State.OwnModule? {
        guard let index = names.firstIndex(of: name) else { return nil }
        var length = 0
        let code = unsafe cs_compiled(index, &length)
        return State.OwnModule(
            text: { source(index) }, compiled: unsafe Array(UnsafeBufferPointer(start: code, count: length)))
    }

    private static func source(_ index: Int) -> [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: cs_source(index), count: cs_length(index)))
    }

    /// The stepper's part in Lua, which scripts do not see.
    static var frame: [UInt8] { unsafe text(cs_frame) }

    /// The recorder's page, and the script in it.
    static var page: [UInt8] { unsafe text(cs_page) }
    static var pageScript: [UInt8] { unsafe text(cs_page_script) }

    private static func text(_ source: (UnsafeMutablePointer<Int>?) -> UnsafePointer<UInt8>?) -> [UInt8] {
        var length = 0
        let start = unsafe source(&length)
        return unsafe Array(UnsafeBufferPointer(start: start, count: length))
    }
}

extension State {
    /// Makes `require` find the modules that are compiled in.
    func preloadStandardLibrary() { preload(StandardLibrary.module) }
}
