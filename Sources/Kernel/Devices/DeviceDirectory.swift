internal import CKernel
internal import Glibc

/// A container's /dev: the devices that every program expects, and no other.
///
/// Everything is made through the descriptor of a filesystem that stands nowhere yet, and mounted through
/// descriptors: what an image has put at /dev or below it is never looked at.
public struct DeviceDirectory {
    /// How much /dev/shm holds, in bytes.
    public var sharedMemory: Int64 = 64 << 20
    /// Whether /dev/mqueue shows the message queues of this process's ipc namespace.
    public var hasMessageQueues = true

    /// The terminal that is /dev/console, opened in /dev/pts unless it is open; nil for none.
    public var console: PseudoTerminal?

    private static let nodes: [(name: String, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]
    private static let links = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"),
    ]

    /// With the usual contents.
    public init() {}

    /// Mounts it at /dev of `root`, made where missing and refused where it is a link.
    public func mount(in root: Path) throws(SystemCallError) -> Mount {
        let target = RootPath("/dev", in: root, refusingLinks: true)
        let place = try target.openTarget(making: .directory)
        guard try place.descriptor.status().st_mode & S_IFMT == S_IFDIR else {
            throw SystemCallError("open", ENOTDIR, [.init("path", target.text)])
        }
        let context = try FilesystemContext("tmpfs", source: "tmpfs")
        try context.set("mode", Array("0755".utf8))
        try context.set("size", Array("65536k".utf8))
        let tree = try context.mount(.nosuid)
        // Stays open beside the mount itself, wherever that goes.
        let directory = try Descriptor.open(".", O_DIRECTORY, at: tree.number)
        let borrowed = try makeNodes(in: directory)
        for (name, text) in Self.links {
            try systemCall("symlinkat", [.init("path", "/dev/\(name)")]) {
                unsafe symlinkat(text, directory.number, name)
            }
        }
        for name in ["pts", "shm"] + (hasMessageQueues ? ["mqueue"] : []) {
            try systemCall("mkdirat", [.init("path", "/dev/\(name)")]) {
                unsafe mkdirat(directory.number, name, 0o755)
            }
        }
        if console != nil { try makeFile("console", in: directory) }
        let made = try tree.attach(to: place)
        do {
            for node in borrowed { try borrow(node, in: directory) }
            try mountBelow(directory)
        } catch {
            try? made.unmount()
            throw error
        }
        return made
    }

    /// Makes the nodes; where that is not allowed, empty files to be covered by the machine's own.
    private func makeNodes(in directory: borrowing Descriptor) throws(SystemCallError) -> [String] {
        var borrowed: [String] = []
        for (name, major, minor) in Self.nodes {
            do {
                try DeviceNode(.character, major: major, minor: minor)?
                    .make(FileName(Array(name.utf8)), in: directory.number, shown: "/dev/\(name)")
            } catch let error where error.number == EPERM {
                // Only the first user namespace may make devices; a group of processes may be kept from it too.
                try makeFile(name, in: directory)
                borrowed.append(name)
            }
        }
        return borrowed
    }

    private func makeFile(
        _ name: String, in directory: borrowing Descriptor
    ) throws(SystemCallError) {
        _ = try Descriptor.open(
            Path(name), O_CREAT | O_EXCL | O_WRONLY, mode: 0o600, at: directory.number)
    }

    private func borrow(_ name: String, in directory: borrowing Descriptor) throws(SystemCallError) {
        guard let known = Self.nodes.first(where: { $0.name == name }),
            let node = DeviceNode(.character, major: known.major, minor: known.minor)
        else { return }
        let path = Path("/dev/\(name)")
        let file = try node.open(at: path)
        let copy = try DetachedMount.copy(ofOpen: file.number, subjects: [.init("source", path.string)])
        // It is the machine's own file, and the machine's root may be root in here. A mount that refuses writing protects
        // its mode and owner, and lets programs write to the device.
        try copy.set([.readonly, .nosuid, .noexec])
        try put(copy, at: name, in: directory)
    }

    private func mountBelow(_ directory: borrowing Descriptor) throws(SystemCallError) {
        let terminals: DetachedMount
        if let own = console?.takeInstance() { terminals = own } else { terminals = try Self.terminals() }
        try console?.open(in: terminals)
        try put(terminals, at: "pts", in: directory)
        if let console { try put(try console.console(), at: "console", in: directory) }
        let memory = try FilesystemContext("tmpfs", source: "shm")
        try memory.set("mode", Array("1777".utf8))
        try memory.set("size", Array("\(sharedMemory)".utf8))
        try put(try memory.mount([.nosuid, .nodev, .noexec]), at: "shm", in: directory)
        guard hasMessageQueues else { return }
        let queues = try FilesystemContext("mqueue", source: "mqueue")
        try put(try queues.mount([.nosuid, .nodev, .noexec]), at: "mqueue", in: directory)
    }

    private func put(
        _ mount: consuming DetachedMount, at name: String, in directory: borrowing Descriptor
    ) throws(SystemCallError) {
        let place = try Descriptor.open(
            Path(name), Descriptor.pathOnly | O_NOFOLLOW, at: directory.number)
        try mount.move(to: place.number, [.init("target", "/dev/\(name)")])
    }

    /// An instance of devpts(5) that shares no terminal with any other.
    static func terminals() throws(SystemCallError) -> DetachedMount {
        func make(group: String?) throws(SystemCallError) -> DetachedMount {
            let context = try FilesystemContext("devpts", source: "devpts")
            try context.set("newinstance")
            try context.set("ptmxmode", Array("0666".utf8))
            try context.set("mode", Array("0620".utf8))
            if let group { try context.set("gid", Array(group.utf8)) }
            return try context.mount([.nosuid, .noexec])
        }
        // The group tty; a user namespace may not have it.
        do { return try make(group: "5") } catch let error where error.number == EINVAL {
            return try make(group: nil)
        }
    }
}
