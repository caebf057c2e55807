internal import CKernel
internal import Glibc
public import SystemPackage

/// Whole directory trees, walked by descriptors so that no link leads out.
public enum Tree {
    /// How deep a tree may nest: each level holds a descriptor.
    private static let deepest = 900

    /// Deletes a file, a subvolume or a tree. EBUSY, with nothing deleted, where something is mounted inside.
    public static func delete(_ path: FilePath) throws(SystemCallError) {
        if let mounted = mountBelow(path) {
            throw SystemCallError(
                "unlink", EBUSY, [.init("path", mounted.string)], detail: "something is mounted there")
        }
        let place = try Place(path)
        try delete(place.name, in: place.directory, shown: path, depth: 0)
    }

    private static func mountBelow(_ path: FilePath) -> FilePath? {
        guard let table = try? MountTable.read() else { return nil }
        guard let root = try? path.absolute() else { return nil }
        return table.map(\.target).first { $0.lies(in: root) }
    }

    private static func delete(
        _ name: FilePath, in parent: borrowing Descriptor, shown path: FilePath, depth: Int
    ) throws(SystemCallError) {
        let base = parent.number
        if unsafe name.withPlatformString({ unsafe unlinkat(base, $0, 0) }) == 0 { return }
        let refusal = errno
        guard refusal == EISDIR || refusal == EPERM || refusal == ENOTDIR else {
            throw SystemCallError("unlink", refusal, [.init("path", path.string)])
        }
        let directory = try Descriptor.open(name, O_DIRECTORY | O_RDONLY | O_NOFOLLOW, at: base)
        if Btrfs.isSubvolume(directory),
            unsafe name.withPlatformString({ unsafe ck_btrfs_destroy(base, $0) }) == 0
        {
            return
        }
        guard depth < deepest else { throw SystemCallError("unlink", ELOOP, [.init("path", path.string)]) }
        for entry in try DirectoryListing.names(
            in: try Descriptor.open(".", O_DIRECTORY | O_RDONLY, at: directory.number))
        {
            let child = FilePath(bytes: entry)
            try delete(child, in: directory, shown: path.appending(child.components), depth: depth + 1)
        }
        if Btrfs.isSubvolume(directory) {
            try systemCall("ioctl", [.init("path", path.string)]) {
                unsafe name.withPlatformString { unsafe ck_btrfs_destroy(base, $0) }
            }
        } else {
            try systemCall("rmdir", [.init("path", path.string)]) {
                unsafe name.withPlatformString { unsafe unlinkat(base, $0, AT_REMOVEDIR) }
            }
        }
    }

    /// The subvolumes below a directory, the deepest first.
    public static func subvolumes(_ path: FilePath) throws(SystemCallError) -> [FilePath] {
        var found: [FilePath] = []
        let directory = try Descriptor.open(path, O_DIRECTORY | O_RDONLY | O_NOFOLLOW)
        for name in try DirectoryListing.names(of: path) {
            let child = FilePath(bytes: name)
            guard
                let inner = try? Descriptor.open(
                    child, O_DIRECTORY | O_RDONLY | O_NOFOLLOW, at: directory.number)
            else { continue }
            let below = path.appending(child.components)
            found += try subvolumes(below)
            if Btrfs.isSubvolume(inner) { found.append(below) }
        }
        return found
    }
}

/// A path as an open directory and a name in it.
struct Place: ~Copyable {
    let directory: Descriptor
    let name: FilePath

    init(_ path: FilePath) throws(SystemCallError) {
        guard let last = path.lastComponent, last.kind == .regular else {
            throw SystemCallError("open", EINVAL, [.init("path", path.string)])
        }
        let above = path.removingLastComponent()
        directory = try Descriptor.open(above.isEmpty ? "." : above, O_DIRECTORY | O_RDONLY)
        name = FilePath(root: nil, [last])
    }
}
