internal import Kernel

/// The Debian package that a missing program comes in.
func programHint(_ error: SystemCallError) -> String? {
    guard error.call == "execve", error.code == "ENOENT", let program = error.subjects.first?.text else {
        return nil
    }
    let packages = [
        "mkfs.btrfs": "btrfs-progs", "mkfs.xfs": "xfsprogs", "mkfs.ext4": "e2fsprogs",
        "mkfs.ext2": "e2fsprogs",
        "mkfs.ext3": "e2fsprogs", "mkfs.vfat": "dosfstools", "mkfs.f2fs": "f2fs-tools",
        "mkfs.erofs": "erofs-utils", "nft": "nftables", "newuidmap": "uidmap", "newgidmap": "uidmap",
    ]
    return packages[program].map { "it is in Debian's package \($0); try: apt install \($0)" }
}
