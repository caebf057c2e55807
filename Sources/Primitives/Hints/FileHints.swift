internal import Kernel
internal import LuaHost

/// Files and subvolumes.
func fileHint(_ error: SystemCallError, _ primitive: Primitive) -> String? {
    switch (error.call, error.code) {
    case ("BTRFS_IOC_SNAP_CREATE_V2", "ENOTTY"): "the destination is not on btrfs"
    case ("BTRFS_IOC_SNAP_CREATE_V2", "EXDEV"): "source and destination lie on different filesystems"
    case ("BTRFS_IOC_SNAP_CREATE_V2", "EINVAL"): "the source is no btrfs subvolume; fs.subvolume makes one"
    case ("BTRFS_IOC_SUBVOL_CREATE", "ENOTTY"): "this is not on btrfs; fs.mkdir makes a plain directory"
    case ("BTRFS_IOC_GET_SUBVOL_ROOTREF", "ENOTTY"): "this is not on btrfs"
    case ("FICLONE", "EOPNOTSUPP"), ("FICLONE", "ENOTTY"):
        "this filesystem cannot share content between files"
    case ("FICLONE", "EXDEV"): "source and destination lie on different filesystems"
    case ("chown", "EINVAL"), ("fchown", "EINVAL"), ("fchownat", "EINVAL"):
        "this user namespace's map lacks that user or group; users = \"auto\" maps more"
    case ("mkdirat", "EINVAL"): "a directory cannot be copied into itself"
    case ("unlinkat", "EBUSY"): "something is mounted there; fs.unmount it first"
    case ("unlinkat", "ENOTEMPTY"): "fs.delete removes a directory with all in it"
    case ("read", "EFBIG"): primitive.hint(at: "limit", "option 'limit' allows more")
    case ("read", "ESPIPE"): "only regular files can be read as a whole; io.open reads others"
    default: nil
    }
}
