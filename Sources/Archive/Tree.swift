internal import CArchive
internal import Glibc
internal import Kernel

/// The directory that an archive is unpacked into: everything is found and made through descriptors below it.
@safe final class Tree {
    /// What tells one file from another.
    struct Identity: Hashable {
        let device: UInt
        let inode: UInt

        init(_ status: stat) {
            device = UInt(status.st_dev)
            inode = UInt(status.st_ino)
        }

        /// nil where stat(2) fails.
        init?(of file: Int32) {
            var status = stat()
            guard unsafe fstat(file, &status) == 0 else { return nil }
            self.init(status)
        }
    }

    /// An open directory, and what new files in it get from it.
    final class Place {
        let path: [UInt8]
        let descriptor: Int32
        /// Whether the mode or group of a new file may differ from what was asked for.
        let inherits: Bool
        /// Whether new files get access lists, acl(5).
        let givesLists: Bool
        /// Whether a symbolic link led here: replacing the link makes the path stand for another directory.
        let isThroughLink: Bool
        /// nil where stat(2) fails.
        let identity: Identity?

        /// Owns the descriptor.
        init(_ path: [UInt8], owning descriptor: Int32, isThroughLink: Bool) {
            self.path = path
            self.descriptor = descriptor
            self.isThroughLink = isThroughLink
            givesLists =
                AccessList.defaultName.withCharacters { unsafe fgetxattr(descriptor, $0, nil, 0) } >= 0
            var status = stat()
            let isKnown = unsafe fstat(descriptor, &status) == 0
            inherits = !isKnown || status.st_mode & S_ISGID != 0 || givesLists
            identity = isKnown ? Identity(status) : nil
        }

        deinit { close(descriptor) }
    }

    let root: Int32
    /// Whether any member was reached through a symbolic link.
    private(set) var followedLink = false
    /// Directories lately used, the latest last.
    private var places: [Place] = []
    private static let mostPlaces = 24

    init(root: Int32) { self.root = root }

    /// The directory that a member lies in; the missing ones are made.
    func parent(of path: MemberPath, for member: [UInt8]) throws(ArchiveError) -> Place {
        if let known = known(path.parent) { return known }
        var (descriptor, isThroughLink) = find(Array(path.parent))
        if descriptor < 0, errorNumber() == ENOENT {
            try makeDirectories(path.parent, for: member)
            (descriptor, isThroughLink) = find(Array(path.parent))
        }
        if descriptor < 0 { throw failure(errorNumber(), at: path.parent, for: member) }
        return remember(Array(path.parent), descriptor, isThroughLink: isThroughLink)
    }

    /// The directory that a file lies in which must be there already.
    func standingParent(of path: MemberPath, for member: [UInt8]) throws(ArchiveError) -> Place {
        if let known = known(path.parent) { return known }
        let (descriptor, isThroughLink) = find(Array(path.parent))
        if descriptor < 0 { throw failure(errorNumber(), at: path.parent, for: member) }
        return remember(Array(path.parent), descriptor, isThroughLink: isThroughLink)
    }

    /// Keeps an open directory for the members to come.
    @discardableResult
    func remember(_ path: [UInt8], _ descriptor: Int32, isThroughLink: Bool) -> Place {
        places.removeAll { $0.path == path }
        let place = Place(path, owning: descriptor, isThroughLink: isThroughLink)
        places.append(place)
        if places.count > Self.mostPlaces { places.removeFirst() }
        if isThroughLink { followedLink = true }
        return place
    }

    /// Forgets the directories that a path leads to or through, before what has that path is removed.
    ///
    /// The links that led to a directory are not kept: all directories behind a link are forgotten.
    func forget(_ path: [UInt8]) {
        places.removeAll { place in
            place.isThroughLink
                || place.path.starts(with: path)
                    && (place.path.count == path.count || place.path[path.count] == 47)
        }
    }

    /// Opens a directory as if the tree were `/`: a link leads to where it would lead there.
    func open(
        _ path: [UInt8], _ flags: Int32 = O_RDONLY | O_DIRECTORY | O_NONBLOCK,
        _ resolution: PathResolution = []
    ) -> Int32 {
        (path.isEmpty ? [46] : path).withCharacters {
            unsafe Descriptor.openResolved($0, flags, in: root, [.inRoot, .noMagicLinks, resolution])
        }
    }

    private func known(_ path: ArraySlice<UInt8>) -> Place? {
        if let last = places.last, last.path[...] == path { return last }
        guard let index = places.lastIndex(where: { $0.path[...] == path }) else { return nil }
        let place = places.remove(at: index)
        places.append(place)
        return place
    }

    /// Opens a directory, or gives -1 and errno, and tells whether a link led there.
    private func find(_ path: [UInt8]) -> (descriptor: Int32, isThroughLink: Bool) {
        let straight = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, .noLinks)
        if straight >= 0 || errorNumber() != ELOOP { return (straight, false) }
        return (open(path), true)
    }

    /// Why a directory could not be opened: a link that leads to no directory of the tree is named.
    private func failure(_ number: Int32, at path: ArraySlice<UInt8>, for member: [UInt8]) -> ArchiveError {
        for end in path.indices.dropFirst() + [path.endIndex] where end == path.endIndex || path[end] == 47 {
            let opened = open(Array(path[..<end]), Descriptor.pathOnly | O_NOFOLLOW)
            if opened < 0 { break }
            defer { close(opened) }
            var status = stat()
            if unsafe fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
                let link = String(decoding: path[..<end], as: UTF8.self)
                let meaning = SystemCallError("openat2", number).meaning
                return ArchiveError(
                    member, "it leads through the symbolic link \"\(link)\": \(meaning)", number: number)
            }
        }
        return ArchiveError(member, call: "openat2", number: number)
    }

    private func makeDirectories(_ path: ArraySlice<UInt8>, for member: [UInt8]) throws(ArchiveError) {
        for end in path.indices.dropFirst() + [path.endIndex] where end == path.endIndex || path[end] == 47 {
            let above = path[..<end].lastIndex(of: 47).map { path[..<$0] } ?? []
            let name = path[..<end].dropFirst(above.isEmpty ? 0 : above.count + 1)
            let place = open(Array(above))
            if place < 0 { throw failure(errorNumber(), at: above[...], for: member) }
            defer { close(place) }
            let made = name.withCharacters { unsafe mkdirat(place, $0, 0o755) }
            let number = made < 0 ? errorNumber() : 0
            if number != 0, number != EEXIST { throw ArchiveError(member, call: "mkdirat", number: number) }
        }
    }
}
