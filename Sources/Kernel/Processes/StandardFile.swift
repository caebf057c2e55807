internal import Glibc

/// A file that a program is given as a standard descriptor.
public final class StandardFile {
    private let descriptor: Descriptor
    /// The descriptor's number; it stays this object's.
    public var number: Int32 { descriptor.number }

    /// Takes over an open descriptor.
    init(owning number: Int32) { descriptor = Descriptor(owning: number) }

    /// Opens a file to read.
    public init(reading path: Path) throws(SystemCallError) {
        descriptor = try Descriptor.open(path, O_RDONLY, retry: false)
    }

    /// Opens a file to write, made or emptied first.
    public init(writing path: Path) throws(SystemCallError) {
        descriptor = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o666, retry: false)
    }
}
