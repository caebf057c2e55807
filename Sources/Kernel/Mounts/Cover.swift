internal import CKernel
internal import Glibc

/// What of a filesystem nobody is to see or to change, by paths from its root.
public struct Covers: Sendable {
    /// What is hidden.
    public var hidden: [Path] = []
    /// What refuses writing.
    public var readonly: [Path] = []

    /// Nothing.
    public init() {}

    var isEmpty: Bool { hidden.isEmpty && readonly.isEmpty }
}

/// Hides what stands at a path from every process that sees this mount, by something empty on top.
public enum Cover {
    /// Covers a file by nothing to read, a directory by an empty read-only one.
    public static func hide(_ target: RootPath) throws(SystemCallError) -> Mount {
        let place = try target.openTarget()
        return try cover(for: place.descriptor).attach(to: place)
    }

    private static func cover(for place: borrowing Descriptor) throws(SystemCallError) -> DetachedMount {
        try place.status().st_mode & S_IFMT == S_IFDIR ? emptyDirectory() : emptyFile()
    }

    /// Covers what stands in a filesystem, whose root is open; what is missing is passed over.
    ///
    /// Whoever moves the place where it is mounted meanwhile changes nothing about what is covered.
    static func lay(_ covers: Covers, in root: Int32) throws(SystemCallError) {
        func each(
            _ paths: [Path],
            _ cover: (borrowing Descriptor) throws(SystemCallError) -> DetachedMount
        ) throws(SystemCallError) {
            for path in paths {
                let number = unsafe path.withPlatformString {
                    unsafe Descriptor.openResolved(
                        $0, Descriptor.pathOnly, in: root, [.inRoot, .noLinks, .noMounts])
                }
                if number < 0, errno == ENOENT || errno == ENOTDIR { continue }
                let subject = SystemCallError.Subject("path", path.string)
                let place = Descriptor(owning: try systemCall("openat2", [subject]) { number })
                try cover(place).move(to: place.number, [subject])
            }
        }
        try each(covers.hidden) { place throws(SystemCallError) in try cover(for: place) }
        try each(covers.readonly) { place throws(SystemCallError) in
            let copy = try DetachedMount.copy(ofOpen: place.number, recursive: true)
            try copy.set(.readonly, recursive: true)
            return copy
        }
    }

    /// Covers a file or directory by itself, read-only, with all that is mounted below.
    ///
    /// Attributes that are locked or were set before stay, since only this one is changed. The root of this
    /// process cannot be covered, and is changed itself: nil.
    public static func makeReadonly(_ target: RootPath) throws(SystemCallError) -> Mount? {
        let place = try target.openTarget()
        if try isRoot(place.descriptor) {
            try systemCall("mount_setattr", [.init("path", target.text)]) {
                // AT_EMPTY_PATH, AT_RECURSIVE.
                unsafe ck_mount_setattr(
                    place.descriptor.number, "", 0x1000 | 0x8000, UInt64(MountAttributes.readonly.rawValue),
                    0, 0)
            }
            return nil
        }
        let copy = try DetachedMount.copy(
            ofOpen: place.descriptor.number, recursive: true, subjects: [.init("path", target.text)])
        try copy.set(.readonly, recursive: true)
        return try copy.attach(to: place)
    }

    private static func isRoot(_ place: borrowing Descriptor) throws(SystemCallError) -> Bool {
        func mount(_ directory: Int32, _ path: String) throws(SystemCallError) -> (UInt64, Int32) {
            var (identifier, isRoot): (UInt64, Int32) = (0, 0)
            try systemCall("statx") {
                unsafe ck_mount_identifier(directory, path, 0x1000, &identifier, &isRoot)
            }
            return (identifier, isRoot)
        }
        let here = try mount(place.number, "")
        // Most are not even a mount's.
        if here.1 == 0 { return false }
        let root = try mount(AT_FDCWD, "/")
        return here == root
    }

    private static func emptyDirectory() throws(SystemCallError) -> DetachedMount {
        try empty(files: 1).mount([.readonly, .nosuid, .nodev, .noexec])
    }

    /// The machine's own /dev/null, never the one of an image; an empty file where that is out of reach.
    private static func emptyFile() throws(SystemCallError) -> DetachedMount {
        do {
            guard let null = DeviceNode(.character, major: 1, minor: 3) else { return try emptyDirectory() }
            let file = try null.open(at: "/dev/null")
            let copy = try DetachedMount.copy(ofOpen: file.number)
            try copy.set([.readonly, .nosuid, .noexec])
            return copy
        } catch {
            // Not before Linux 6.15, as part of a filesystem that stands nowhere: the first refusal counts then.
            guard let file = try? emptyOrdinaryFile() else { throw error }
            return file
        }
    }

    private static func emptyOrdinaryFile() throws(SystemCallError) -> DetachedMount {
        let tree = try empty(files: 2).mount([.nosuid, .nodev, .noexec])
        let file = try Descriptor.open("empty", O_CREAT | O_EXCL | O_RDONLY, mode: 0o444, at: tree.number)
        let copy = try DetachedMount.copy(ofOpen: file.number)
        try copy.set(.readonly)
        return copy
    }

    private static func empty(files: Int) throws(SystemCallError) -> FilesystemContext {
        let context = try FilesystemContext("tmpfs", source: "tmpfs")
        try context.set("nr_inodes", Array("\(files)".utf8))
        try context.set("size", Array("4k".utf8))
        try context.set("mode", Array("0555".utf8))
        return context
    }
}
