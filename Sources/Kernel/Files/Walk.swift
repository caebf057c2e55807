internal import CKernel
internal import Glibc

/// A directory open on the way through a tree: down by name, up by "..", with one descriptor and no stack
/// frame whatever the depth.
struct Walk: ~Copyable {
    /// What tells a directory from others.
    struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
        }
    }

    private(set) var here: Descriptor
    private(set) var identity: Identity
    private var above: [(identity: Identity, name: FileName)] = []
    private let top: String

    /// Begins at an open directory; `top` names it in messages.
    init(_ directory: consuming Descriptor, _ top: String) throws(SystemCallError) {
        let start = directory
        identity = Identity(try start.status())
        here = start
        self.top = top
    }

    /// How far below the top it is.
    var depth: Int { above.count }

    /// The path of a name here, as messages show it.
    func text(_ name: FileName? = nil) -> String {
        ([top] + above.map(\.name.text) + (name.map { [$0.text] } ?? [])).joined(separator: "/")
    }

    /// The names from the top to here.
    var names: [FileName] { above.map(\.name) }

    /// The last of them.
    var lastName: FileName? { above.last?.name }

    /// Goes into a directory, never through a link nor into another mount (EXDEV).
    mutating func down(_ name: FileName) throws(SystemCallError) {
        let next = try Place.open(
            here.number, name, O_RDONLY | O_DIRECTORY, subject: .init("path", text(name)), onSameMount: true)
        above.append((identity, name))
        identity = Identity(try next.status())
        here = next
    }

    /// Goes back to the directory above and returns the one left. ESTALE where somebody has moved it meanwhile.
    @discardableResult
    mutating func up() throws(SystemCallError) -> Descriptor {
        guard let (expected, _) = above.last else {
            throw SystemCallError("openat2", ESTALE, [.init("path", top)])
        }
        var next = try Place.open(
            here.number, .parent, O_RDONLY | O_DIRECTORY, subject: .init("path", text()), onSameMount: true)
        guard Identity(try next.status()) == expected else {
            throw SystemCallError("openat2", ESTALE, [.init("path", text())])
        }
        above.removeLast()
        identity = expected
        swap(&here, &next)
        return next
    }
}
