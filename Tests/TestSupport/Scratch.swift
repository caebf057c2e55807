import Foundation

/// A directory of a test's own, gone with it.
public final class Scratch {
    /// Where it is.
    public let path: String

    /// Makes it.
    public init() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent(
            "tupper-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        path = place.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A path inside.
    public func callAsFunction(_ name: String) -> String { path + "/" + name }

    /// Makes a directory inside.
    public func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: self(name), withIntermediateDirectories: true)
    }

    /// Writes a file inside.
    public func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: self(name)))
    }

    /// Reads a file inside; nil where there is none.
    public func read(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: self(name)).map { Array($0) }
    }

    /// Everything below a directory inside, sorted, with type, size, and a symbolic link's text.
    public func tree(_ name: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: self(name))?.allObjects as? [String] ?? []
        return found.sorted().map { entry in
            let attributes = try? FileManager.default.attributesOfItem(atPath: self(name) + "/" + entry)
            let link = try? FileManager.default.destinationOfSymbolicLink(atPath: self(name) + "/" + entry)
            let size = attributes?[.type] as? FileAttributeType == .typeRegular ? attributes?[.size] : nil
            return entry + (size.map { " \($0)" } ?? "") + (link.map { " -> \($0)" } ?? "")
        }
    }
}
