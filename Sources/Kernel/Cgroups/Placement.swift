internal import Glibc

/// A group held open for a child that is to be born in it.
///
/// Version 2 places it at birth, CLONE_INTO_CGROUP; into those of version 1 it steps itself, before anything else. It
/// does so thread by thread: for a single thread that moves itself the kernel need not stop the whole machine's forks.
public final class CgroupPlacement {
    private let unified: Descriptor?
    private let tasks: [OpenFile]

    private final class OpenFile {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    /// Opens what it takes.
    public init(_ group: Cgroup) throws(SystemCallError) {
        var files: [OpenFile] = []
        for branch in group.branches where branch.hierarchy.version == .one {
            files.append(OpenFile(try branch.hierarchy.open("tasks", of: branch.group, O_WRONLY)))
        }
        tasks = files
        unified =
            if let branch = group.unified {
                try branch.hierarchy.open(".", of: branch.group, O_RDONLY | O_DIRECTORY)
            } else { nil }
    }

    /// The directory of version 2; -1 for none.
    var directory: Int32 {
        switch unified {
        case .some(let open): open.number
        case nil: -1
        }
    }

    /// Whether the child must step into groups of version 1.
    public var isStepWanted: Bool { !tasks.isEmpty }

    /// In the child: steps into the groups of version 1.
    public func enter() throws(SystemCallError) {
        for file in tasks { try file.descriptor.write([UInt8(ascii: "0")]) }
    }
}
