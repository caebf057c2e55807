public import Kernel
public import LuaHost

/// A path is bytes without NUL, shorter than PATH_MAX.
extension Path: ArgumentType {
    public static var typeName: String { "path" }
    public static var annotation: String { "string" }
    public static func read(_ slot: Slot) throws -> Path {
        guard let bytes = slot.bytes() else { throw slot.wanted("a path") }
        guard !bytes.isEmpty else { throw slot.wanted("a path that is not empty") }
        guard !bytes.contains(0) else { throw slot.wanted("a path without NUL") }
        // PATH_MAX with its NUL: the kernel would refuse it too, after Path had spent long on it.
        guard bytes.count < 4096 else {
            throw SystemCallError(
                "open", 36, [.init("path", String(decoding: bytes.prefix(80), as: UTF8.self))])
        }
        return Path(bytes: bytes)
    }
}
