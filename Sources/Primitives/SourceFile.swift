internal import Kernel
internal import LuaHost

/// A file of Lua source, read for whoever wants to see it, or written. Throws `Failure` where the kernel refuses.
public enum SourceFile {
    /// Its bytes, where it is of a sensible size.
    public static func read(_ path: [UInt8]) throws -> [UInt8] {
        try explained { try Files.read(RootPath(Path(bytes: path), in: nil), limit: 64 << 20) }
    }

    /// A script's text; `-` is standard input. Throws ``Unreadable``.
    public static func script(_ path: [UInt8]) throws -> [UInt8] {
        do throws(SystemCallError) {
            return path == [UInt8(ascii: "-")]
                ? try StandardInput.readToEnd()
                : try Descriptor.open(Path(bytes: path), 0).readToEnd()
        } catch {
            throw Unreadable(description: "\(String(decoding: path, as: UTF8.self)): \(error.meaning)")
        }
    }

    /// A script that cannot be read, and why.
    public struct Unreadable: Error, CustomStringConvertible {
        public let description: String
    }

    /// Makes it anew in a directory, which is made too where it is missing; returns its path.
    public static func write(_ text: String, named name: String, in directory: [UInt8]) throws -> [UInt8] {
        let place = Path(bytes: directory)
        let path = place.appending(name)
        try explained {
            try Files.makeDirectory(RootPath(place, in: nil), parents: true, mode: nil)
            try Files.write(Array(text.utf8), to: RootPath(path, in: nil), appending: false, mode: nil)
        }
        return path.bytes
    }

    private static func explained<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as SystemCallError {
            throw failure(of: error, in: Primitive("tupper", "") { _ in [] })
        }
    }

    /// Writes it, in the place of one that is there.
    public static func write(_ source: [UInt8], to path: [UInt8]) throws {
        try explained {
            try Files.write(source, to: RootPath(Path(bytes: path), in: nil), appending: false, mode: nil)
        }
    }
}
