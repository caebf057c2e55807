internal import CStdlib
internal import LuaHost

extension State {
    /// Makes `require` find the modules that are compiled in.
    func preloadStandardLibrary() throws {
        for index in 0..<cs_module_count {
            guard let name = unsafe cs_name(index) else { continue }
            let source = unsafe UnsafeBufferPointer(start: cs_source(index), count: cs_length(index))
            unsafe try preload(String(cString: name), source: Array(source))
        }
    }
}
