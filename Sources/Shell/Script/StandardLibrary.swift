internal import CStdlib
internal import LuaHost

extension State {
    /// Makes `require` find the modules that are compiled in.
    func preloadStandardLibrary() {
        preload { name in
            let names = (0..<cs_module_count).map { unsafe cs_name($0).map { unsafe String(cString: $0) } }
            guard let index = names.firstIndex(of: name)
            else { return nil }
            return unsafe Array(UnsafeBufferPointer(start: cs_source(index), count: cs_length(index)))
        }
    }
}
