internal import CKernel
internal import Glibc

extension Subvolume {
    /// Deletes an open subvolume, `name` in `directory`, with those nested in it.
    static func destroy(
        _ subvolume: borrowing Descriptor, _ name: FileName, in directory: borrowing Descriptor,
        _ text: String
    ) throws(SystemCallError) {
        try destroyNested(in: subvolume, text)
        try destroy(name, in: directory, text)
    }

    /// The deepest first. Each time the way down begins anew: so it takes three descriptors whatever the depth.
    private static func destroyNested(
        in top: borrowing Descriptor, _ text: String
    ) throws(SystemCallError) {
        while var next = try firstChild(of: top, text) {
            var holder = try open(".", below: top)
            var shown = "\(text)/\(next.string)"
            while true {
                let inner = try openNested(next, below: holder, shown)
                guard let deeper = try firstChild(of: inner, shown) else { break }
                shown += "/\(deeper.string)"
                holder = inner
                next = deeper
            }
            try destroyLeaf(next, below: holder, shown)
        }
    }

    private static func openNested(
        _ path: Path, below holder: borrowing Descriptor, _ text: String
    ) throws(SystemCallError) -> Descriptor {
        do {
            return try open(path, below: holder)
        } catch let error where error.number == EXDEV {
            throw SystemCallError("openat2", EBUSY, [.init("path", text)], detail: "it is a mount point")
        }
    }

    private static func destroyLeaf(
        _ path: Path, below holder: borrowing Descriptor, _ text: String
    ) throws(SystemCallError) {
        let (above, last) = path.lastStep ?? (".", [])
        let directory = try openNested(above, below: holder, text)
        let name = FileName(last)
        do {
            try destroy(name, in: directory, text)
        } catch let error where error.number == EROFS {
            // The one that holds it is read-only, and is to be deleted itself.
            let number = holder.number
            try systemCall("BTRFS_IOC_SUBVOL_SETFLAGS", [.init("path", text)]) {
                ck_btrfs_make_writable(number)
            }
            try destroy(name, in: directory, text)
        }
    }

    private static func destroy(
        _ name: FileName, in directory: borrowing Descriptor, _ text: String
    ) throws(SystemCallError) {
        let number = directory.number
        try systemCall("BTRFS_IOC_SNAP_DESTROY_V2", [.init("path", text)]) {
            unsafe ck_btrfs_destroy(number, name.characters)
        }
    }
}
