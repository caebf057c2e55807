internal import CKernel
internal import Glibc

/// The directories that an overlay is made of. Why the kernel refuses them stands in its log only.
public struct OverlayLayers {
    private let lower: [Path]
    private let upper, work: Path?

    /// The read-only ones, and the two of an overlay that takes changes.
    public init(lower: [Path], upper: Path?, work: Path?) {
        self.lower = lower
        self.upper = upper
        self.work = work
    }

    /// The same error with its cause, where that shows in the directories.
    public func explained(_ error: SystemCallError) -> SystemCallError {
        guard error.call == "fsconfig" || error.call == "fsmount", error.detail == nil else { return error }
        let cause =
            switch error.number {
            case EINVAL: pairCause ?? typeCause
            case ELOOP: overlapCause
            case EBUSY: "upper or work is in use by another overlay"
            default: nil as String?
            }
        return SystemCallError(error.call, error.number, error.subjects, detail: cause)
    }

    /// EBUSY where upper or work is another overlay's already: the kernel only warns that what then becomes of the files
    /// is undefined.
    public func checkUse() throws(SystemCallError) {
        let used = (try? MountTable.read(types: ["overlay"])) ?? []
        if used.isEmpty { return }
        let taken = used.flatMap { mount in
            mount.options.split(separator: ",").compactMap { option -> (Path, MountTable.Entry)? in
                for key in ["upperdir=", "workdir="] where option.hasPrefix(key) {
                    return (Path(String(option.dropFirst(key.count))), mount)
                }
                return nil
            }
        }
        for (key, path) in [("upperdir", upper), ("workdir", work)] {
            guard let path, let own = Directory(path) else { continue }
            // A descriptor's name below /proc is another file's by now.
            for (other, mount) in taken
            where other.isAbsolute && !other.lies(in: "/proc") && Directory(other)?.identity == own.identity {
                throw SystemCallError(
                    "fsconfig", EBUSY, [.init("path", path.string), .init("option", key)],
                    detail: "the overlay at \(mount.target.written) has it")
            }
        }
    }

    /// What is wrong with upper and work.
    private var pairCause: String? {
        guard let upper, let work, let above = Directory(upper), let beside = Directory(work) else {
            return nil
        }
        if above.identity.device != beside.identity.device {
            return "work must be on the filesystem of upper"
        }
        if above.mount != beside.mount {
            return "work must be on the mount of upper, as well as on its filesystem"
        }
        if above.identity == beside.identity { return "work and upper are the same directory" }
        if beside.ancestors.contains(above.identity) { return "work must not be inside upper" }
        if above.ancestors.contains(beside.identity) { return "upper must not be inside work" }
        return above.isReadonly ? "the filesystem of upper is read-only" : nil
    }

    /// Which two of all directories are one, or one in the other.
    private var overlapCause: String? {
        let roles =
            lower.map { ("lower", $0) } + (upper.map { [("upper", $0)] } ?? [])
            + (work.map { [("work", $0)] } ?? [])
        let known = roles.compactMap { role, path in Directory(path).map { (role, path.written, $0) } }
        for (index, one) in known.enumerated() {
            for other in known[(index + 1)...] {
                let (first, second) = ("\(one.0) \(one.1)", "\(other.0) \(other.1)")
                if one.2.identity == other.2.identity {
                    return one.1 == other.1 && one.0 == other.0
                        ? "\(first) is given twice" : "\(first) and \(second) are the same directory"
                }
                if one.2.ancestors.contains(other.2.identity) { return "\(first) is inside \(second)" }
                if other.2.ancestors.contains(one.2.identity) { return "\(second) is inside \(first)" }
            }
        }
        return nil
    }

    /// What is wrong with the filesystems.
    private var typeCause: String? {
        // OVL_MAX_STACK
        if lower.count > 500 { return "500 lower directories at most" }
        guard let table = try? MountTable.read() else { return nil }
        func mount(_ path: Path) -> MountTable.Entry? {
            let number = Directory(path)?.mount
            return table.first { $0.identifier == number }
        }
        for path in lower + [upper].compactMap(\.self) where mount(path)?.propagation == "unbindable" {
            return "\(path.written) is on a mount that is unbindable"
        }
        if let path = lower.first(where: { mount($0)?.type == "proc" }) {
            return "\(path.written) is on a procfs, which cannot be a layer"
        }
        if let upper, let type = mount(upper)?.type, Self.unfit.contains(type) {
            return "\(type) cannot be the filesystem of upper"
        }
        return lower.contains { mount($0)?.type == "overlay" }
            ? "an overlay may stand on one other, and no deeper" : nil
    }

    private static let unfit: Set = [
        "vfat", "msdos", "exfat", "ntfs3", "nfs", "nfs4", "cifs", "9p", "overlay",
    ]

    /// A directory, and what it lies in on its filesystem.
    private struct Directory {
        struct Identity: Hashable {
            let device, inode: UInt64
        }
        let identity: Identity
        let mount: UInt64
        let isReadonly: Bool
        private(set) var ancestors: Set<Identity> = []

        init?(_ path: Path) {
            guard var place = try? Descriptor.open(path, Descriptor.pathOnly | O_DIRECTORY),
                let own = Self.identity(place)
            else { return nil }
            identity = own
            var (number, isRoot): (UInt64, Int32) = (0, 0)
            _ = unsafe ck_mount_identifier(place.number, "", 0x1000, &number, &isRoot)
            mount = number
            var filesystem = statvfs()
            // ST_RDONLY
            isReadonly = unsafe fstatvfs(place.number, &filesystem) == 0 && filesystem.f_flag & 1 != 0
            var last = own
            while let above = try? Descriptor.open("..", Descriptor.pathOnly | O_DIRECTORY, at: place.number),
                let next = Self.identity(above), next != last, next.device == own.device
            {
                ancestors.insert(next)
                last = next
                place = above
            }
        }

        private static func identity(_ place: borrowing Descriptor) -> Identity? {
            guard let status = try? place.status() else { return nil }
            return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        }
    }
}
