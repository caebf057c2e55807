internal import CArchive
internal import Glibc

/// UTIME_OMIT of utimensat(2), whose macro Swift does not import.
private let omitted = (1 << 30) - 2
let unchanged = timespec(tv_sec: 0, tv_nsec: omitted)

/// Owners, modes, attributes and times, and the making of room.
extension Extraction {
    /// Whether a new file's owner would not be the member's by itself.
    func changesOwner(of member: Member, inherits: Bool) -> Bool {
        settings.owners && (inherits || member.user != user || member.group != group)
    }

    func changeOwner(of member: Member, _ descriptor: Int32) throws(ArchiveError) {
        try attempt("fchown", member.name) { fchown(descriptor, member.user, member.group) }
    }

    /// The mode to give; without owners a set-user-ID program would become somebody else's.
    func mode(of member: Member) -> UInt32 { settings.owners ? member.mode : member.mode & 0o1777 }

    func set(
        _ attribute: Attribute, of member: [UInt8],
        _ body: (UnsafePointer<CChar>, UnsafeRawBufferPointer) -> Int32
    ) throws(ArchiveError) {
        try attempt("setxattr", member) {
            attribute.name.withCharacters { key in
                unsafe attribute.value.withUnsafeBytes { unsafe body(key, $0) }
            }
        }
    }

    func setAttributes(_ attributes: [Attribute], of member: [UInt8], _ file: Int32) throws(ArchiveError) {
        for attribute in attributes {
            unsafe try set(attribute, of: member) { unsafe fsetxattr(file, $0, $1.baseAddress, $1.count, 0) }
        }
    }

    /// Takes away the list that a new file has from its directory: the archive alone says who may do what.
    func removeList(_ name: [UInt8], of member: Member, _ file: Int32) throws(ArchiveError) {
        try removed(name.withCharacters { unsafe fremovexattr(file, $0) }, member)
    }

    /// Takes the list from a node, which cannot be opened.
    func removeList(of member: Member, _ place: Tree.Place) throws(ArchiveError) {
        try attempt("fchdir", member.name) { fchdir(place.descriptor) }
        let result = AccessList.accessName.withCharacters { list in
            member.path.name.withCharacters { unsafe lremovexattr($0, list) }
        }
        try removed(result, member)
    }

    private func removed(_ result: Int32, _ member: Member) throws(ArchiveError) {
        let number = result < 0 ? errorNumber() : 0
        // A list that says no more than the mode is not kept as one.
        if number == 0 || number == ENODATA || number == ENOTSUP { return }
        throw ArchiveError(member.name, call: "removexattr", number: number)
    }

    /// Calls `make`; what already has the member's name is removed first.
    func replacing(
        _ member: Member, _ place: Tree.Place, _ call: String, _ make: (UnsafePointer<CChar>) -> Int32
    ) throws(ArchiveError) -> Int32 {
        let name = member.path.name
        let made = name.withCharacters(make)
        if made >= 0 { return made }
        let number = errorNumber()
        if number == EEXIST {
            try remove(member, place)
        } else if number != EINTR {
            throw ArchiveError(member.name, call: call, number: number)
        }
        return try attempt(call, member.name) { name.withCharacters(make) }
    }

    /// Removes what has the member's name: a file, or a directory with nothing in it.
    func remove(_ member: Member, _ place: Tree.Place) throws(ArchiveError) {
        let name = member.path.name
        tree.forget(member.path.bytes)
        pending[member.path.bytes] = nil
        if name.withCharacters({ unsafe unlinkat(place.descriptor, $0, 0) }) == 0 { return }
        let number = errorNumber()
        if number == ENOENT { return }
        guard number == EISDIR || number == EPERM else {
            throw ArchiveError(member.name, call: "unlinkat", number: number)
        }
        try attempt("unlinkat", member.name) {
            name.withCharacters { unsafe unlinkat(place.descriptor, $0, AT_REMOVEDIR) }
        }
    }

    /// Makes another name of what the tree holds already; a link's last component is never followed.
    ///
    /// The target is looked up first: where it is missing, nothing is made.
    func link(_ member: Member, to target: MemberPath) throws(ArchiveError) {
        if target.isRoot { throw ArchiveError(member.name, "the hard link's target is the directory itself") }
        if target.bytes == member.path.bytes { return }
        let name = target.name
        do throws(ArchiveError) {
            let source = try tree.standingParent(of: target, for: member.name)
            let found = try identity(of: name, in: source, for: member.name)
            let place = try tree.parent(of: member.path, for: member.name)
            // Two paths may lead to one name: removing it to make room would remove the target.
            let standing = try? identity(of: member.path.name, in: place, for: member.name)
            if standing == found { return }
            _ = unsafe try replacing(member, place, "linkat") { new in
                name.withCharacters { unsafe linkat(source.descriptor, $0, place.descriptor, new, 0) }
            }
        } catch {
            let text = String(decoding: target.original, as: UTF8.self)
            throw ArchiveError(
                member.name, "cannot link to \"\(text)\": \(error.reason)", number: error.number)
        }
    }

    private func identity(
        of name: [UInt8], in place: Tree.Place, for member: [UInt8]
    ) throws(ArchiveError) -> Tree.Identity {
        var status = stat()
        try attempt("fstatat", member) {
            name.withCharacters { unsafe fstatat(place.descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }
        }
        return Tree.Identity(status)
    }

    /// Leaves a directory's mode and times for the end: files to come need the one and change the other.
    func postpone(_ member: Member, _ place: Tree.Place, needsMode: Bool) throws(ArchiveError) {
        let path = member.path.bytes
        if pending[path] == nil { order.append(path) }
        pending[path] = Pending(
            path: member.path, identity: place.identity, mode: mode(of: member), needsMode: needsMode,
            modified: member.modified,
            attributes: settings.attributes ? try member.attributes(all: settings.owners, accounts) : [])
    }

    /// Gives the directories their modes and times, the deepest first.
    func finish() throws(ArchiveError) {
        var finished: Set<Tree.Identity> = []
        for path in order.reversed() {
            guard let directory = pending.removeValue(forKey: path) else { continue }
            // Where a link leads to a directory it has several names: the last member counts.
            if tree.followedLink, let identity = directory.identity,
                !finished.insert(identity).inserted
            {
                continue
            }
            try finish(directory)
        }
    }

    private func finish(_ directory: Pending) throws(ArchiveError) {
        let (path, member) = (directory.path, directory.path.original)
        let times = [unchanged, directory.modified]
        if !tree.followedLink, !directory.needsMode, directory.attributes.isEmpty, !path.isRoot {
            let place = try tree.parent(of: path, for: member).descriptor
            try attempt("utimensat", member) {
                path.name.withCharacters { unsafe utimensat(place, $0, times, AT_SYMLINK_NOFOLLOW) }
            }
            return
        }
        let opened = tree.open(path.bytes, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK)
        let number = opened < 0 ? errorNumber() : 0
        defer { if opened >= 0 { close(opened) } }
        if tree.followedLink, opened < 0 || Tree.Identity(of: opened) != directory.identity {
            // By another name the directory was removed, or a link on the way to it was replaced.
            return
        }
        if opened < 0 { throw ArchiveError(member, call: "openat2", number: number) }
        if directory.needsMode { try attempt("fchmod", member) { fchmod(opened, directory.mode) } }
        try setAttributes(directory.attributes, of: member, opened)
        try attempt("futimens", member) { unsafe futimens(opened, times) }
    }
}
