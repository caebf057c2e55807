internal import CKernel
internal import Glibc

/// What a copy keeps of an inode besides its content: owner, extended attributes, mode, times.
enum InodeAttributes {
    /// Gives an open file or directory those of another. The owner goes first: it clears set-id bits and
    /// capabilities; the times last.
    static func copy(
        _ status: stat, from source: borrowing Descriptor, to target: borrowing Descriptor,
        _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        let (from, to) = (source.number, target.number)
        let isOwned = try own(text()) { fchown(to, status.st_uid, status.st_gid) }
        try copyExtended(from, to, text())
        let mode = status.st_mode & (isOwned ? 0o7777 : 0o1777)
        try systemCall("fchmod", [.init("path", text())]) { fchmod(to, mode) }
        try systemCall("futimens", [.init("path", text())]) {
            unsafe futimens(to, [status.st_atim, status.st_mtim])
        }
    }

    /// Gives a name that cannot be opened those of another; a link has no mode.
    static func copy(
        _ status: stat, to name: FileName, in directory: Int32, _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        let isOwned = try own(text()) {
            unsafe fchownat(directory, name.characters, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW)
        }
        if status.st_mode & S_IFMT != S_IFLNK {
            let mode = status.st_mode & (isOwned ? 0o7777 : 0o1777)
            try systemCall("fchmodat", [.init("path", text())]) {
                unsafe fchmodat(directory, name.characters, mode, 0)
            }
        }
        try systemCall("utimensat", [.init("path", text())]) {
            unsafe utimensat(
                directory, name.characters, [status.st_atim, status.st_mtim], AT_SYMLINK_NOFOLLOW)
        }
    }

    /// False where only root could give it away, as with cp -a.
    private static func own(
        _ text: @autoclosure () -> String, _ call: () -> Int32
    ) throws(SystemCallError) -> Bool {
        do {
            try systemCall("chown", [.init("path", text())], call)
            return true
        } catch let error where error.number == EPERM && geteuid() != 0 {
            return false
        } catch let error where error.number == EINVAL {
            // The owner has no number in this user namespace.
            return false
        }
    }

    private static func copyExtended(
        _ source: Int32, _ target: Int32, _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        let size = ck_list_attributes(source, nil, 0)
        guard size > 0 else { return }
        var names = [UInt8](repeating: 0, count: size)
        let count = try systemCall("flistxattr", [.init("path", text())]) {
            unsafe names.withUnsafeMutableBytes {
                unsafe ck_list_attributes(source, $0.baseAddress, $0.count)
            }
        }
        for name in names[..<count].split(separator: 0).map({ FileName(Array($0)) }) {
            // XATTR_SIZE_MAX.
            var value = [UInt8](repeating: 0, count: 65536)
            let length = unsafe value.withUnsafeMutableBytes {
                unsafe ck_get_attribute(source, name.characters, $0.baseAddress, $0.count)
            }
            if length < 0 { continue }
            try set(name, Array(value[..<length]), on: target, text())
        }
    }

    /// What the target's filesystem has no place for, and what only root may set, is left out.
    private static func set(
        _ name: FileName, _ value: [UInt8], on target: Int32, _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        do {
            try systemCall("fsetxattr", [.init("path", text()), .init("attribute", name.text)]) {
                unsafe value.withUnsafeBytes {
                    unsafe ck_set_attribute(target, name.characters, $0.baseAddress, $0.count)
                }
            }
        } catch let error where error.number == EOPNOTSUPP {
        } catch let error where error.number == EPERM && geteuid() != 0 {}
    }
}
