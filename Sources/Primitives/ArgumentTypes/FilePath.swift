internal import Kernel
public import LuaHost
public import SystemPackage

/// A path is bytes without NUL; how long it may be is the kernel's to say.
extension FilePath: ArgumentType {
    public static var typeName: String { "path" }
    public static func read(_ slot: Slot) throws -> FilePath {
        guard let bytes = slot.bytes() else { throw slot.wanted("a path") }
        guard !bytes.isEmpty else { throw slot.wanted("a path that is not empty") }
        guard !bytes.contains(0) else { throw slot.wanted("a path without NUL") }
        return FilePath(bytes: bytes)
    }
}
