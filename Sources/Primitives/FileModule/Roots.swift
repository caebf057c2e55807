internal import Kernel
internal import LuaHost

/// The primitives of `fs` that make this process see another root.
func rootPrimitives() -> [Declaration] { [Declaration("pivot", pivot()), Declaration("chroot", chroot())] }

private func pivot() -> Primitive {
    let root = Parameter<Path>("root", "The directory that becomes /.")
    let old = Parameter<Path?>(
        "old", "Where inside it the old root is mounted; made where missing.", shown: "the old root is gone")
    return Primitive(
        "fs.pivot", "Makes a directory the root of this mount namespace.", positional: [root.any],
        options: [old.any, GuardRails.others.any],
        shell: """
            mount --rbind {root} {root} && cd {root} && {old?mkdir -p:} [{old} &&] pivot_root . {old|.} && \
            {old?:umount -l . &&} cd /
            """, see: ["pivot_root(2)", "pivot_root(8)"],
        fails: [
            "EINVAL": "mounts spread, or `/` is no mount point as after a chroot",
            "EPERM": "no CAP_SYS_ADMIN over the namespace in question", "ENOENT": "the directory is missing",
        ],
        example: """
            fs.pivot("rootfs", { old = "oldroot" })
            fs.unmount("/oldroot", { detach = true })
            print(table.concat(fs.list "/", " "))
            """
    ) { call in
        try GuardRails.checkMounts("change the root", call)
        try RootChange.pivot(try call[root], old: try call[old])
        return []
    }
}

private func chroot() -> Primitive {
    let root = Parameter<Path>("root", "The directory that becomes / for this process.")
    return Primitive(
        "fs.chroot", "Makes a directory the root of this process, and goes there.", positional: [root.any],
        shell: "cd {root} && exec chroot .", see: ["chroot(2)"],
        fails: ["EPERM": "no CAP_SYS_CHROOT", "ENOENT": "the directory is missing"],
        example: """
            fs.chroot "rootfs"
            print(fs.exists "/bin/busybox")
            """
    ) { call in
        try RootChange.chroot(try call[root])
        return []
    }
}
