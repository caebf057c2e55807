internal import CArchive
internal import Glibc
internal import Kernel

/// The directory that an archive is unpacked into: everything is found and made through descriptors below it.
@safe final class Tree {
    /// An open directory and what new files in it inherit.
    struct Place {
        let path: [UInt8]
        let descriptor: Int32
        /// Whether the mode or group of a new file may differ from what was asked for.
        let inherits: Bool
    }

    let root: Int32
    /// The symbolic links that this archive made: nothing is written through them.
    private var links: Set<[UInt8]> = []
    /// Directories lately used, the latest last.
    private var places: [Place] = []
    private static let mostPlaces = 24

    init(root: Int32) { self.root = root }

    /// Notes a symbolic link made.
    func noteLink(_ path: MemberPath) { links.insert(path.bytes) }
    /// Whether this archive made a symbolic link there.
    func isLink(_ path: MemberPath) -> Bool { links.contains(path.bytes) }

    /// The directory that a member lies in; the missing ones are made.
    func parent(of path: MemberPath, for member: [UInt8]) throws(ArchiveError) -> Place {
        if let last = places.last, last.path[...] == path.parent { return last }
        if let index = places.lastIndex(where: { $0.path[...] == path.parent }) {
            let place = places.remove(at: index)
            places.append(place)
            return place
        }
        try refuseLinks(in: path.parent, for: member)
        let wanted = Array(path.parent)
        var descriptor = open(wanted)
        if descriptor < 0, errorNumber() == ENOENT {
            try makeDirectories(path.parent, for: member)
            descriptor = open(wanted)
        }
        if descriptor < 0 { throw ArchiveError(member, call: "openat2", number: errorNumber()) }
        return remember(wanted, descriptor)
    }

    /// Keeps an open directory for the members to come.
    @discardableResult
    func remember(_ path: [UInt8], _ descriptor: Int32) -> Place {
        links.remove(path)
        if let index = places.firstIndex(where: { $0.path == path }) {
            close(places.remove(at: index).descriptor)
        }
        var status = stat()
        let isKnown = unsafe fstat(descriptor, &status) == 0
        let list = AccessList.defaultName.withCharacters { unsafe fgetxattr(descriptor, $0, nil, 0) }
        let place = Place(
            path: path, descriptor: descriptor,
            inherits: !isKnown || status.st_mode & S_ISGID != 0 || list >= 0)
        places.append(place)
        if places.count > Self.mostPlaces { close(places.removeFirst().descriptor) }
        return place
    }

    /// Forgets the directories at and below a path that is about to be removed.
    func forget(_ path: [UInt8]) {
        links.remove(path)
        guard places.contains(where: { $0.path.starts(with: path) }) else { return }
        for place in places where place.path.starts(with: path) { close(place.descriptor) }
        places.removeAll { $0.path.starts(with: path) }
    }

    /// Opens a directory as if the tree were `/`.
    func open(_ path: [UInt8]) -> Int32 {
        (path.isEmpty ? [46] : path).withCharacters {
            unsafe Descriptor.openResolved(
                $0, O_RDONLY | O_DIRECTORY | O_NONBLOCK, in: root, [.inRoot, .noMagicLinks])
        }
    }

    private func refuseLinks(in path: ArraySlice<UInt8>, for member: [UInt8]) throws(ArchiveError) {
        if links.isEmpty { return }
        for end in path.indices.dropFirst() + [path.endIndex] where end == path.endIndex || path[end] == 47 {
            if links.contains(Array(path[..<end])) {
                let link = String(decoding: path[..<end], as: UTF8.self)
                throw ArchiveError(
                    member, "it leads through the symbolic link \"\(link)\" of the same archive",
                    number: ELOOP)
            }
        }
    }

    private func makeDirectories(_ path: ArraySlice<UInt8>, for member: [UInt8]) throws(ArchiveError) {
        for end in path.indices.dropFirst() + [path.endIndex] where end == path.endIndex || path[end] == 47 {
            let above = path[..<end].lastIndex(of: 47).map { path[..<$0] } ?? []
            let name = path[..<end].dropFirst(above.isEmpty ? 0 : above.count + 1)
            let place = open(Array(above))
            if place < 0 { throw ArchiveError(member, call: "openat2", number: errorNumber()) }
            defer { close(place) }
            let made = name.withCharacters { unsafe mkdirat(place, $0, 0o755) }
            let number = made < 0 ? errorNumber() : 0
            if number != 0, number != EEXIST { throw ArchiveError(member, call: "mkdirat", number: number) }
        }
    }
}
