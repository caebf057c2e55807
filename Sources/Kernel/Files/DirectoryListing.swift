internal import CKernel
internal import Glibc
public import SystemPackage

/// The names in a directory: readdir(3).
public enum DirectoryListing {
    /// The names, sorted as bytes, without `.` and `..`.
    public static func names(of path: FilePath) throws(SystemCallError) -> [[UInt8]] {
        try names(in: try Descriptor.open(path, O_DIRECTORY | O_RDONLY))
    }

    static func names(in directory: consuming Descriptor) throws(SystemCallError) -> [[UInt8]] {
        guard let stream = unsafe fdopendir(directory.number) else { throw SystemCallError("opendir", errno) }
        // The stream closes the descriptor.
        _ = directory.release()
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe Array($0.prefix { $0 != 0 })
            }
            if name != [46], name != [46, 46] { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
