internal import Glibc
internal import Kernel

/// The walls that a child puts around itself before it looks at an archive.
enum Confinement {
    /// Makes `directory` this process's root where the kernel allows it.
    ///
    /// Paths are resolved within the directory's descriptor all the same; this is the second wall.
    static func enter(_ directory: Int32) throws(ArchiveError) {
        _ = umask(0)
        try attempt("fchdir", nil) { fchdir(directory) }
        if unsafe chroot(".") == 0 { return }
        // A user namespace of its own gives an ordinary user the right to change the root.
        guard (try? Namespace.unshare([.user])) != nil else { return }
        _ = unsafe chroot(".")
    }
}
