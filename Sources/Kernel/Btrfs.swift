internal import CKernel
internal import Glibc
public import SystemPackage

/// btrfs subvolumes, by ioctl: btrfs-subvolume(8).
public enum Btrfs {
    /// Makes an empty subvolume. ENOTTY where the directory above is not on btrfs.
    public static func create(_ path: FilePath) throws(SystemCallError) {
        let place = try Place(path)
        let (parent, name) = (place.directory.number, place.name)
        try systemCall("ioctl", [.init("path", path.string)]) {
            unsafe name.withPlatformString { unsafe ck_btrfs_create(parent, $0) }
        }
    }

    /// Makes a copy of a subvolume that shares all content. EXDEV, ENOTTY or EINVAL where it cannot be had.
    public static func snapshot(
        _ source: FilePath, to target: FilePath, readonly: Bool
    ) throws(SystemCallError) {
        let from = try Descriptor.open(source, O_DIRECTORY | O_RDONLY)
        let place = try Place(target)
        let (parent, name) = (place.directory.number, place.name)
        try systemCall("ioctl", [.init("source", source.string), .init("target", target.string)]) {
            // BTRFS_SUBVOL_RDONLY
            unsafe name.withPlatformString {
                unsafe ck_btrfs_snapshot(parent, $0, from.number, readonly ? 2 : 0)
            }
        }
    }

    /// Whether a path is the root of a subvolume.
    public static func isSubvolume(_ path: FilePath) throws(SystemCallError) -> Bool {
        let status = try FileStatus.read(path)
        guard status.type == "directory", status.inode == 256 else { return false }
        return isSubvolume(try Descriptor.open(path, O_DIRECTORY | O_RDONLY))
    }

    /// A subvolume's root has the inode number 256, BTRFS_FIRST_FREE_OBJECTID.
    static func isSubvolume(_ directory: borrowing Descriptor) -> Bool {
        guard let status = try? directory.status(), status.st_ino == 256 else { return false }
        return ck_filesystem_type_of(directory.number) == BTRFS_SUPER_MAGIC
    }
}
