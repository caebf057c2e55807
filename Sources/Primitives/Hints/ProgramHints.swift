internal import Kernel

/// Why a program cannot be run, or the Debian package that a missing one comes in.
func programHint(_ error: SystemCallError) -> String? {
    guard error.call == "execve", let program = error.subjects.first?.text else { return nil }
    if error.code == "ELOOP" { return "a link of /proc leads there, which no program of a container may be" }
    if error.code == "EACCES" { return ProgramRefusal.cause(of: program) }
    guard error.code == "ENOENT" else { return nil }
    if program.contains("/"), (try? Files.exists(RootPath(Path(program)))) == true {
        return "it is there, but not the interpreter that its first line names, or its loader"
    }
    let packages = [
        "mkfs.btrfs": "btrfs-progs", "mkfs.xfs": "xfsprogs", "mkfs.ext4": "e2fsprogs",
        "mkfs.ext2": "e2fsprogs",
        "mkfs.ext3": "e2fsprogs", "mkfs.vfat": "dosfstools", "mkfs.f2fs": "f2fs-tools",
        "mkfs.erofs": "erofs-utils", "nft": "nftables", "newuidmap": "uidmap", "newgidmap": "uidmap",
    ]
    return packages[program].map { "it is in Debian's package \($0); try: apt install \($0)" }
}
