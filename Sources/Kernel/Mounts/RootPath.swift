internal import CKernel
internal import Glibc

/// A path to be resolved as if `root` were `/`, so that a symbolic link in an image cannot aim outside.
///
/// openat2(2), RESOLVE_IN_ROOT.
public struct RootPath: Sendable {
    /// What `/` means; nil for this process's own root, where a link in last place is refused.
    public var root: Path? { hasRoot ? directory : nil }
    private let hasRoot: Bool
    private let directory: Path
    /// The path inside.
    public let path: Path
    /// Whether a link anywhere in the path is refused, even one that stays inside.
    private let refusesLinks: Bool

    /// A path inside a root.
    public init(_ path: Path, in root: Path? = nil, refusingLinks refusesLinks: Bool = false) {
        hasRoot = root != nil
        directory = root ?? "/"
        self.path = path
        self.refusesLinks = refusesLinks
    }

    /// What is said of a link that would stay inside and is refused all the same.
    public static let refusal = "a link is on the way, and may not lead there"

    /// What a missing target is made as.
    public enum Kind: Sendable { case directory, file }

    /// The path as messages show it.
    public var text: String { (root?.appending(path) ?? path).written }

    /// Opens the path itself (O_PATH), never through a magic link; makes what is missing where `making` says.
    public func open(making kind: Kind? = nil) throws(SystemCallError) -> Descriptor {
        guard let root else { return try open(making: kind, below: AT_FDCWD) }
        let directory = try Descriptor.open(root, O_DIRECTORY | Descriptor.pathOnly)
        return try open(making: kind, below: directory.number)
    }

    private func open(making kind: Kind?, below directory: Int32) throws(SystemCallError) -> Descriptor {
        guard let kind else { return try open(path, below: directory) }
        if kind == .file, path.meansDirectory {
            throw SystemCallError("openat", EISDIR, [.init("path", text)])
        }
        do {
            return try open(path, below: directory)
        } catch let error where error.number == ENOENT {
            try make(kind, below: directory)
            return try open(path, below: directory)
        }
    }

    /// Where it lies from this process's root, links resolved but for one in last place; needs /proc.
    public func real() throws(SystemCallError) -> Path {
        let place = try place(openingParent: true)
        let parent = try place.openParent()
        let above = try Path("/proc/self/fd/\(parent.number)").linkTarget()
        let opened = try place.open(Descriptor.pathOnly | O_NOFOLLOW)
        guard try opened.status().st_mode & S_IFMT == S_IFDIR else { return above.appending(path) }
        return try Path("/proc/self/fd/\(opened.number)").linkTarget()
    }

    /// Opens it to mount something there.
    func openTarget(making kind: Kind? = nil) throws(SystemCallError) -> MountTarget {
        guard let root else {
            let place = try openLiterally(making: kind, below: AT_FDCWD)
            if place >= 0 { return MountTarget(Descriptor(owning: place), at: path, self) }
            return try MountTarget(resolving: open(making: kind, below: AT_FDCWD), self)
        }
        if root == "/" {
            let place = try openLiterally(making: kind, below: AT_FDCWD)
            if place >= 0 { return MountTarget(Descriptor(owning: place), at: path, self) }
        }
        // Its own spelling must be the real one too.
        let literal = Self.isLiteral(root) ? Self.openLiterally(root, O_DIRECTORY, below: AT_FDCWD) : -1
        guard literal >= 0 else {
            let directory = try Descriptor.open(root, O_DIRECTORY | Descriptor.pathOnly)
            return try MountTarget(resolving: open(making: kind, below: directory.number), self)
        }
        let directory = Descriptor(owning: literal)
        let place = try openLiterally(making: kind, below: directory.number, .inRoot)
        if place >= 0 { return MountTarget(Descriptor(owning: place), at: root.appending(path), self) }
        return try MountTarget(resolving: open(making: kind, below: directory.number), self)
    }

    /// The same where no link is on the way, and the path so the real one; -1 where that is not so. The kernel's word on
    /// where a path leads costs more.
    private func openLiterally(
        making kind: Kind?, below directory: Int32, _ resolution: PathResolution = []
    ) throws(SystemCallError) -> Int32 {
        guard Self.isLiteral(path) else { return -1 }
        let place = Self.openLiterally(path, 0, below: directory, resolution)
        // It was not a link that hid it: nor would it be found by following links.
        if place < 0, errno == ENOENT, kind == nil {
            throw SystemCallError("openat2", ENOENT, [.init("path", text)])
        }
        return place
    }

    private static func isLiteral(_ path: Path) -> Bool { path.isAbsolute && !path.bytes.hasDotComponent }

    private static func openLiterally(
        _ path: Path, _ flags: Int32, below directory: Int32, _ resolution: PathResolution = []
    ) -> Int32 {
        unsafe path.withPlatformString {
            unsafe Descriptor.openResolved(
                $0, Descriptor.pathOnly | flags, in: directory, resolution.union([.noMagicLinks, .noLinks]))
        }
    }

    /// Where an open descriptor of this path lies: the kernel's word where /proc is in sight.
    fileprivate func absolutePath(of place: borrowing Descriptor) -> Path {
        if let link = try? Path("/proc/self/fd/\(place.number)").linkTarget(), link.isAbsolute {
            return link
        }
        let shown = root?.appending(path) ?? path
        return (try? shown.absolute()) ?? shown
    }

    private func open(
        _ path: Path, below directory: Int32
    ) throws(SystemCallError) -> Descriptor {
        let follow = root == nil ? O_NOFOLLOW : 0
        var resolve: PathResolution = root == nil ? .noMagicLinks : [.noMagicLinks, .inRoot]
        if refusesLinks { resolve.insert(.noLinks) }
        let opened: Descriptor
        // Else the slash would have a link followed.
        let asked = root == nil ? path.withoutSlash : path
        do {
            opened = Descriptor(
                owning: try systemCall("openat2", [.init("path", text)]) {
                    unsafe asked.withPlatformString {
                        unsafe ck_openat2(
                            directory, $0, UInt64(Descriptor.pathOnly | O_CLOEXEC | follow), 0,
                            resolve.rawValue)
                    }
                })
        } catch let error where refusesLinks && error.number == ELOOP {
            throw SystemCallError("openat2", ELOOP, error.subjects, detail: Self.refusal)
        }
        // Inside a root every link was followed.
        guard root == nil else { return opened }
        let kind = try opened.status().st_mode & S_IFMT
        if kind == S_IFLNK {
            throw SystemCallError(
                "openat2", ELOOP, [.init("path", text)],
                detail: "it is a symbolic link, which is not followed")
        }
        if path.meansDirectory, kind != S_IFDIR {
            throw SystemCallError("openat2", ENOTDIR, [.init("path", text)])
        }
        return opened
    }

    /// Makes the missing directories, and the last component as `kind` says, each in its resolved parent. A link that leads
    /// nowhere yet is followed: what is missing is made where it leads.
    private func make(
        _ kind: Kind, below directory: Int32, followed: Int = 0
    ) throws(SystemCallError) {
        var done = path.isAbsolute ? Path("/") : Path()
        let names = path.names
        for (index, bytes) in names.enumerated() {
            let parent = done.isEmpty ? Path(".") : done
            let name = Path(bytes: bytes)
            done = done.appending(name)
            do {
                _ = try open(done, below: directory)
                continue
            } catch let error where error.number != ENOENT { throw error } catch {}
            let place = try open(parent, below: directory)
            let isFile = kind == .file && index == names.count - 1
            do {
                try make(name, in: place, isFile: isFile)
            } catch let error where error.number == EEXIST {
                guard let target = try? name.linkTarget(in: place.number) else { throw error }
                guard followed < 40 else { throw SystemCallError("openat2", ELOOP, [.init("path", text)]) }
                let rest = names[(index + 1)...].reduce(parent.following(target)) {
                    $0.appending(Path(bytes: $1))
                }
                return try RootPath(rest, in: root).make(kind, below: directory, followed: followed + 1)
            }
        }
    }

    private func make(
        _ name: Path, in place: borrowing Descriptor, isFile: Bool
    ) throws(SystemCallError) {
        try systemCall(isFile ? "openat" : "mkdirat", [.init("path", text)]) {
            unsafe name.withPlatformString { name in
                guard isFile else { return unsafe mkdirat(place.number, name, 0o755) }
                let made = unsafe openat(place.number, name, O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
                if made >= 0 { close(made) }
                return made
            }
        }
    }
}

/// An open place where something can be mounted, and where it lies.
struct MountTarget: ~Copyable {
    let descriptor: Descriptor
    /// From the root of this process on.
    let path: Path
    private let asked: RootPath

    fileprivate init(_ descriptor: consuming Descriptor, at path: Path, _ asked: RootPath) {
        self.descriptor = descriptor
        self.path = path
        self.asked = asked
    }

    /// One whose place only the kernel knows.
    fileprivate init(resolving descriptor: consuming Descriptor, _ asked: RootPath) {
        path = asked.absolutePath(of: descriptor)
        self.descriptor = descriptor
        self.asked = asked
    }

    /// What errors name.
    var subjects: [SystemCallError.Subject] { [.init("target", asked.text)] }
}

extension [UInt8] {
    /// Whether a component of this path begins with a dot: `.`, `..`, or a hidden name, which is not told apart.
    fileprivate var hasDotComponent: Bool {
        var before: UInt8 = 0
        for byte in self {
            if byte == UInt8(ascii: "."), before == UInt8(ascii: "/") { return true }
            before = byte
        }
        return false
    }
}

extension Descriptor {
    /// fstat(2).
    func status() throws(SystemCallError) -> stat {
        var status = stat()
        try systemCall("fstat") { unsafe fstat(number, &status) }
        return status
    }
}
