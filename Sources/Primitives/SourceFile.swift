internal import Kernel
internal import SystemPackage

/// A file of Lua source, read for whoever wants to see it, or written.
public enum SourceFile {
    /// Its bytes. Throws where it cannot be read or is no source of a sensible size.
    public static func read(_ path: [UInt8]) throws -> [UInt8] {
        try Files.read(RootPath(FilePath(bytes: path), in: nil), limit: 64 << 20)
    }

    /// Writes it, in the place of one that is there.
    public static func write(_ source: [UInt8], to path: [UInt8]) throws {
        try Files.write(source, to: RootPath(FilePath(bytes: path), in: nil), appending: false, mode: nil)
    }
}
