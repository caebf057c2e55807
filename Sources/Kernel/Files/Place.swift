internal import CKernel
internal import Glibc

/// A path's last name, in its parent directory held open: what the *at calls take.
struct Place: ~Copyable {
    private let parent: Descriptor?
    let name: FileName
    /// What led here.
    private let path: RootPath
    /// Whether the path says by a slash at its end that a directory is meant.
    let meansDirectory: Bool

    init(parent: consuming Descriptor?, name: FileName, path: RootPath, meansDirectory: Bool) {
        self.parent = parent
        self.name = name
        self.path = path
        self.meansDirectory = meansDirectory
    }

    /// The name with the slash, for calls that follow no link all the same: they change its directory.
    var wholeName: FileName { meansDirectory ? FileName(name.bytes + [UInt8(ascii: "/")]) : name }

    /// The path as messages show it.
    var text: String { path.text }

    /// Another name in the same directory.
    func sibling(_ name: FileName) throws(SystemCallError) -> Place {
        Place(parent: try openParent(), name: name, path: path, meansDirectory: false)
    }

    /// The parent's descriptor, or the working directory.
    var directory: Int32 {
        switch parent {
        case .some(let parent): parent.number
        case nil: AT_FDCWD
        }
    }

    /// What errors name.
    var subject: [SystemCallError.Subject] { [.init("path", text)] }

    /// fstatat(2) without following the last link.
    func status() throws(SystemCallError) -> stat {
        var status = stat()
        try systemCall("fstatat", subject) {
            unsafe fstatat(directory, name.characters, &status, AT_SYMLINK_NOFOLLOW)
        }
        return status
    }

    /// Opens what stands here, never through a link nor, where `onSameMount`, into another mount.
    func open(_ flags: Int32, onSameMount: Bool = false) throws(SystemCallError) -> Descriptor {
        try Place.open(directory, name, flags, subject: .init("path", text), onSameMount: onSameMount)
    }

    /// The parent directory for calls that take no O_PATH descriptor.
    func openParent() throws(SystemCallError) -> Descriptor {
        try Place.open(
            directory, .here, O_RDONLY | O_DIRECTORY, subject: .init("path", text), onSameMount: false)
    }

    /// ENOTDIR where another kind of file stands at a path that means a directory, or is to be made there.
    func check(_ mode: mode_t, _ call: String) throws(SystemCallError) {
        guard meansDirectory, mode & S_IFMT != S_IFDIR else { return }
        throw SystemCallError(call, ENOTDIR, subject)
    }

    /// unlinkat(2).
    func unlink(directory isDirectory: Bool = false) throws(SystemCallError) {
        let name = wholeName
        try systemCall("unlinkat", subject) {
            unsafe unlinkat(directory, name.characters, isDirectory ? AT_REMOVEDIR : 0)
        }
    }

    /// openat2(2) of one name in an open directory, never through a link.
    static func open(
        _ directory: Int32, _ name: FileName, _ flags: Int32,
        subject: @autoclosure () -> SystemCallError.Subject, onSameMount: Bool
    ) throws(SystemCallError) -> Descriptor {
        // RESOLVE_NO_XDEV.
        let resolve: UInt64 = onSameMount ? 0x01 : 0
        return Descriptor(
            owning: try systemCall("openat2", [subject()]) {
                unsafe ck_openat2(
                    directory, name.characters, UInt64(flags | O_NOFOLLOW | O_CLOEXEC), 0, resolve)
            })
    }
}

extension RootPath {
    /// The last name in its open parent. Links in last place are for the caller not to follow.
    ///
    /// Without a root the working directory serves as the parent and the path as the name, which saves an
    /// open(2), unless `openingParent`.
    func place(openingParent: Bool = false) throws(SystemCallError) -> Place {
        try checkLength()
        if root == nil, !openingParent {
            return Place(
                parent: nil, name: FileName(path.bytes), path: self, meansDirectory: path.meansDirectory)
        }
        guard let (directory, name) = path.lastStep else {
            return Place(
                parent: try openFile(O_DIRECTORY | Descriptor.pathOnly), name: .here, path: self,
                meansDirectory: false)
        }
        let parent = RootPath(directory, in: root)
        return Place(
            parent: try parent.openFile(O_DIRECTORY | Descriptor.pathOnly), name: FileName(name), path: self,
            meansDirectory: path.meansDirectory)
    }

    /// The kernel's PATH_MAX holds also where a path is taken apart.
    func checkLength() throws(SystemCallError) {
        guard path.length < 4096 else { throw SystemCallError("openat", ENAMETOOLONG, [.init("path", text)]) }
    }

    /// open(2) of the path, following links inside the root only.
    func openFile(_ flags: Int32, mode: UInt32 = 0) throws(SystemCallError) -> Descriptor {
        guard let root else { return try Descriptor.open(path, flags, mode: mode) }
        let directory = try Descriptor.open(root, O_DIRECTORY | Descriptor.pathOnly)
        // RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS.
        let resolve: UInt64 = 0x10 | 0x02
        return Descriptor(
            owning: try systemCall("openat2", [.init("path", text)]) {
                let (path, flags) = path.opened(with: flags)
                return unsafe path.withPlatformString {
                    unsafe ck_openat2(
                        directory.number, $0, UInt64(flags | O_CLOEXEC), UInt64(mode), resolve)
                }
            })
    }
}

extension Descriptor {
    /// O_PATH, which Glibc's module hides behind _GNU_SOURCE.
    public static let pathOnly: Int32 = 0o10_000_000
}
