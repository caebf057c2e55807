internal import CKernel
internal import Glibc

/// A mounted hierarchy of control groups, held open: cgroups(7).
///
/// A group is named by its path below the mount, without slashes around it; `""` is the mount's own.
public final class CgroupHierarchy {
    /// Which of the two interfaces it has.
    public enum Version: Int64, Sendable { case one = 1, two = 2 }

    /// Its interface.
    public let version: Version
    /// What it controls, as in /proc/cgroups; one of version 1 may have only a name, as in `"name=systemd"`.
    public let controllers: [String]
    /// Where it is mounted.
    public let mount: Path
    /// Which group of the whole hierarchy the mount shows.
    let root: String
    private var directory: Descriptor?
    private var isLookedFor = false
    /// Below another root its path would lead to something else.
    private let roots = RootChange.count

    init(_ version: Version, at mount: Path, root: String, controllers: [String]) {
        self.version = version
        self.mount = mount
        self.root = root
        self.controllers = controllers
    }

    /// Whether it can be opened. An image could put files of its own in its place.
    var isInSight: Bool { number >= 0 }

    /// The open directory's number; -1 where it is out of sight.
    private var number: Int32 {
        if !isLookedFor, roots == RootChange.count {
            isLookedFor = true
            let magic = version == .two ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC
            if let opened = try? Descriptor.open(mount, O_RDONLY | O_DIRECTORY),
                ck_filesystem_type_of(opened.number) == Int(magic)
            {
                directory = consume opened
            }
        }
        return directory?.number ?? -1
    }

    /// What the groups of version 2 can be given.
    private(set) lazy var controllersInside: [String] =
        version == .two ? Self.words((try? read("cgroup.controllers", of: "")) ?? "") : []

    static func words(_ text: String) -> [String] {
        text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
    }

    // MARK: Files of a group

    private func relative(_ group: String, _ file: String) -> String {
        group.isEmpty ? file : "\(group)/\(file)"
    }

    private func subject(_ relative: String) -> [SystemCallError.Subject] {
        [.init("path", "\(mount.string)/\(relative)")]
    }

    /// Opens a file of a group, or with `"."` the group itself.
    func open(_ file: String, of group: String, _ flags: Int32) throws(SystemCallError) -> Descriptor {
        let (number, relative) = (number, relative(group, file))
        return Descriptor(
            owning: try systemCall("open", subject(relative)) {
                unsafe relative.withCString { unsafe openat(number, $0, flags | O_CLOEXEC) }
            })
    }

    /// What a file says.
    public func read(_ file: String, of group: String) throws(SystemCallError) -> String {
        let opened = try open(file, of: group, O_RDONLY)
        do { return String(decoding: try opened.readToEnd(), as: UTF8.self) } catch {
            throw SystemCallError(error.call, error.number, subject(relative(group, file)))
        }
    }

    /// Writes to a file in one call.
    public func write(_ text: String, to file: String, of group: String) throws(SystemCallError) {
        let opened = try open(file, of: group, O_WRONLY)
        do { try opened.write(Array(text.utf8)) } catch {
            throw SystemCallError(
                error.call, error.number, subject(relative(group, file)) + [.init("value", text)])
        }
    }

    /// Whether a group has a file, or `"."` for whether there is one.
    public func exists(_ file: String, of group: String) -> Bool { mayAccess(file, of: group, F_OK) }

    private func mayAccess(_ file: String, of group: String, _ mode: Int32) -> Bool {
        // AT_EACCESS.
        unsafe relative(group, file).withCString { unsafe faccessat(number, $0, mode, 0x200) == 0 }
    }

    // MARK: Groups

    func make(_ group: String) throws(SystemCallError) {
        try systemCall("mkdir", subject(group)) {
            unsafe group.withCString { unsafe mkdirat(number, $0, 0o755) }
        }
        MadeGroups.note("\(mount.string)/\(group)")
    }

    func remove(_ group: String) throws(SystemCallError) {
        try systemCall("rmdir", subject(group)) {
            unsafe group.withCString { unsafe unlinkat(number, $0, AT_REMOVEDIR) }
        }
        MadeGroups.forget("\(mount.string)/\(group)")
    }

    func giveAway(_ file: String, of group: String, to user: UInt32, _ owners: UInt32) throws(SystemCallError)
    {
        let (number, relative) = (number, relative(group, file))
        try systemCall("chown", subject(relative)) {
            unsafe relative.withCString { unsafe fchownat(number, $0, user, owners, AT_SYMLINK_NOFOLLOW) }
        }
    }

    /// Visits the groups below one and then itself, each with its open directory, those below first; where `removing`,
    /// each below is removed then. Goes by way of descriptors, two at a time: who may make groups may give them names that
    /// are no text, and put them deeper than any path leads.
    func visit(
        _ group: String, removing: Bool = false, _ body: (Int32) throws(SystemCallError) -> Void = { _ in }
    ) throws(SystemCallError) {
        let text = "\(mount.string)/\(group)"
        func inside(_ directory: borrowing Descriptor) throws(SystemCallError) -> [FileName] {
            try Listing.read(directory, text).filter { $0.kind == Listing.Entry.directory }.map(\.name)
        }
        func enter(_ name: FileName, of directory: Int32) throws(SystemCallError) -> Descriptor {
            try Descriptor.open(Path(bytes: name.bytes), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: directory)
        }
        var here = try open(".", of: group, O_RDONLY | O_DIRECTORY)
        var (way, left): ([FileName], [[FileName]]) = ([], [try inside(here)])
        while true {
            if let name = left[left.count - 1].popLast() {
                do throws(SystemCallError) { here = try enter(name, of: here.number) } catch {
                    if error.number == ENOENT { continue }
                    throw error
                }
                way.append(name)
                left.append(try inside(here))
                continue
            }
            try body(here.number)
            left.removeLast()
            guard let name = way.popLast() else { return }
            here = try enter(.parent, of: here.number)
            guard removing else { continue }
            try systemCall("rmdir", [.init("path", text)]) { [number = here.number] in
                unsafe unlinkat(number, name.characters, AT_REMOVEDIR)
            }
        }
    }

    /// A group's number in the kernel; on version 2 no later group has it again.
    func identifier(of group: String) throws(SystemCallError) -> UInt64 {
        var status = stat()
        try systemCall("stat", subject(group)) {
            unsafe group.withCString { unsafe fstatat(number, $0, &status, AT_SYMLINK_NOFOLLOW) }
        }
        return UInt64(status.st_ino)
    }

    /// Where this user may make groups: the topmost from the mount's root down to this process's own.
    func place() -> String {
        if mayAccess(".", of: "", W_OK) { return "" }
        guard let own = try? ownGroup() else { return "" }
        let parts = own.split(separator: "/").map(String.init)
        let paths = parts.indices.map { parts[...$0].joined(separator: "/") }
        return paths.first { mayAccess(".", of: $0, W_OK) } ?? ""
    }

    /// The group that this process is in; ENOENT where the mount does not show it.
    func ownGroup() throws(SystemCallError) -> String {
        let path = Path("/proc/self/cgroup")
        let text = String(decoding: try Descriptor.open(path, O_RDONLY).readToEnd(), as: UTF8.self)
        let absent = SystemCallError("open", ENOENT, [.init("path", mount.string)])
        guard let group = group(in: text) else { throw absent }
        let above = root == "/" ? "" : root
        guard group.hasPrefix(above + "/") || group == above else { throw absent }
        return String(group.dropFirst(above.utf8.count).drop { $0 == "/" })
    }

    /// The line of /proc/PID/cgroup that is about this hierarchy: number, controllers, path after colons.
    func group(in text: String) -> String? {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let names = fields[1].split(separator: ",").map(String.init)
            if version == .two ? fields[0] == "0" : !names.isEmpty && Set(names) == Set(controllers) {
                return String(fields[2])
            }
        }
        return nil
    }
}
