internal import CArchive
internal import Glibc
internal import Kernel

/// Makes the members of an archive, one after the other.
final class Extraction {
    /// Limits and what to keep.
    struct Settings {
        var owners = true
        var attributes = true
        var devices = true
        var mostBytes = Int64.max
        var mostEntries = Int64.max
    }

    /// A directory whose mode and times wait until nothing is made in it any more.
    struct Pending {
        let path: MemberPath
        /// Which directory it is, whatever the path leads to when its turn comes.
        let identity: Tree.Identity?
        let mode: UInt32
        let needsMode: Bool
        let modified: timespec
        let attributes: [Attribute]
    }

    let tree: Tree
    let settings: Settings
    let accounts: Accounts.Numbers
    let user = geteuid()
    let group = getegid()
    var pending: [[UInt8]: Pending] = [:]
    var order: [[UInt8]] = []
    private(set) var entries: Int64 = 0
    private(set) var written: Int64 = 0

    init(_ tree: Tree, _ settings: Settings, _ accounts: Accounts.Numbers) {
        self.tree = tree
        self.accounts = accounts
        self.settings = settings
    }

    /// Unpacks everything that a reader yields.
    func run(_ reader: ArchiveReader) throws(ArchiveError) {
        var last: [UInt8]?
        while let entry = unsafe try reader.next(after: last) {
            let member = try unsafe Member(entry)
            last = member.name
            entries += 1
            if entries > settings.mostEntries {
                throw ArchiveError(
                    member.name, "the archive has more than \(settings.mostEntries) members", number: EFBIG)
            }
            try extract(member, reader)
        }
        try finish()
    }

    private func extract(_ member: Member, _ reader: ArchiveReader) throws(ArchiveError) {
        if member.path.isRoot {
            guard member.type == S_IFDIR else {
                throw ArchiveError(member.name, "its name stands for the directory itself")
            }
            let root = tree.open([])
            if root < 0 { throw ArchiveError(member.name, call: "openat2", number: errorNumber()) }
            let place = Tree.Place([], owning: root, isThroughLink: false)
            if changesOwner(of: member, inherits: true) { try changeOwner(of: member, root) }
            return try postpone(member, place, needsMode: true)
        }
        if let target = member.hardLink { return try link(member, to: target) }
        let place = try tree.parent(of: member.path, for: member.name)
        switch member.type {
        case S_IFREG: try makeFile(member, place, reader)
        case S_IFDIR: try makeDirectory(member, place)
        case S_IFLNK: try makeLink(member, place)
        case S_IFCHR where !settings.devices, S_IFBLK where !settings.devices: return
        case S_IFCHR, S_IFBLK, S_IFIFO: try makeNode(member, place)
        default: throw ArchiveError(member.name, "it is of an unknown type")
        }
    }

    private func makeFile(
        _ member: Member, _ place: Tree.Place, _ reader: ArchiveReader
    ) throws(ArchiveError) {
        let owner = changesOwner(of: member, inherits: place.inherits)
        let mode = mode(of: member)
        let later = owner || place.inherits || mode & 0o7000 != 0
        let file = unsafe try replacing(member, place, "openat") {
            unsafe openat(
                place.descriptor, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                later ? mode & 0o700 : mode)
        }
        defer { close(file) }
        try copy(member, reader, to: file)
        if owner { try changeOwner(of: member, file) }
        if place.givesLists { try removeList(AccessList.accessName, of: member, file) }
        if later { try attempt("fchmod", member.name) { fchmod(file, mode) } }
        if settings.attributes {
            try setAttributes(try member.attributes(all: settings.owners, accounts), of: member.name, file)
        }
        let times = [unchanged, member.modified]
        try attempt("futimens", member.name) { unsafe futimens(file, times) }
    }

    private func copy(
        _ member: Member, _ reader: ArchiveReader, to file: Int32
    ) throws(ArchiveError) {
        if member.size == 0 { return }
        var end: Int64 = 0
        while let block = try reader.block(of: member.name) {
            var rest = unsafe block.bytes
            var offset = block.offset
            written = written &+ Int64(rest.count)
            if written > settings.mostBytes {
                throw ArchiveError(
                    member.name, "the archive holds more than \(settings.mostBytes) bytes", number: EFBIG)
            }
            while unsafe !rest.isEmpty {
                let count = try attempt("write", member.name) {
                    unsafe pwrite(file, rest.baseAddress, rest.count, Int(offset))
                }
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                offset = offset &+ Int64(count)
            }
            end = max(end, offset)
        }
        // A hole at the end has no data that would make the file that long.
        if end < member.size { try attempt("ftruncate", member.name) { ftruncate(file, Int(member.size)) } }
    }

    private func makeDirectory(_ member: Member, _ place: Tree.Place) throws(ArchiveError) {
        let mode = mode(of: member)
        let owner = changesOwner(of: member, inherits: place.inherits)
        // A directory that its owner can use may have its final mode at once.
        let atOnce = !owner && !place.inherits && mode & 0o7700 == 0o700
        let name = member.path.name
        func make() -> Int32 {
            name.withCharacters { unsafe mkdirat(place.descriptor, $0, atOnce ? mode : 0o700) }
        }
        func open() -> Int32 {
            name.withCharacters {
                unsafe openat(
                    place.descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            }
        }
        var isNew = make() == 0
        let number = isNew ? 0 : errorNumber()
        if !isNew, number != EEXIST { throw ArchiveError(member.name, call: "mkdirat", number: number) }
        var directory = open()
        if directory < 0, !isNew {
            // Something else stands there, a symbolic link perhaps: it makes room.
            try remove(member, place)
            try attempt("mkdirat", member.name) { make() }
            isNew = true
            directory = open()
        }
        if directory < 0 { throw ArchiveError(member.name, call: "openat", number: errorNumber()) }
        if isNew, place.givesLists {
            try removeList(AccessList.accessName, of: member, directory)
            try removeList(AccessList.defaultName, of: member, directory)
        }
        let made = tree.remember(
            member.path.bytes, directory, isThroughLink: place.isThroughLink)
        if owner || (!isNew && settings.owners) { try changeOwner(of: member, directory) }
        try postpone(member, made, needsMode: !(isNew && atOnce))
    }

    private func makeLink(_ member: Member, _ place: Tree.Place) throws(ArchiveError) {
        let text = member.linkText
        if text.isEmpty { throw ArchiveError(member.name, "the symbolic link is empty") }
        _ = unsafe try replacing(member, place, "symlinkat") { name in
            text.withCharacters { unsafe symlinkat($0, place.descriptor, name) }
        }
        try setNode(member, place, mode: nil)
    }

    private func makeNode(_ member: Member, _ place: Tree.Place) throws(ArchiveError) {
        let mode = mode(of: member)
        _ = unsafe try replacing(member, place, "mknodat") {
            unsafe mknodat(place.descriptor, $0, member.type | mode & 0o700, member.device)
        }
        try setNode(member, place, mode: mode)
    }

    /// What a node without a descriptor of its own gets: nothing but a rival inside the tree could swap it.
    private func setNode(_ member: Member, _ place: Tree.Place, mode: UInt32?) throws(ArchiveError) {
        let (directory, name) = (place.descriptor, member.path.name)
        if changesOwner(of: member, inherits: place.inherits) {
            try attempt("fchownat", member.name) {
                name.withCharacters {
                    unsafe fchownat(directory, $0, member.user, member.group, AT_SYMLINK_NOFOLLOW)
                }
            }
        }
        if let mode {
            if place.givesLists { try removeList(of: member, place) }
            try attempt("fchmodat", member.name) {
                name.withCharacters { unsafe fchmodat(directory, $0, mode, 0) }
            }
        }
        let attributes = settings.attributes ? try member.attributes(all: settings.owners, accounts) : []
        if !attributes.isEmpty {
            try attempt("fchdir", member.name) { fchdir(directory) }
            for attribute in attributes {
                unsafe try set(attribute, of: member.name) { key, value in
                    name.withCharacters { unsafe lsetxattr($0, key, value.baseAddress, value.count, 0) }
                }
            }
        }
        let times = [unchanged, member.modified]
        try attempt("utimensat", member.name) {
            name.withCharacters { unsafe utimensat(directory, $0, times, AT_SYMLINK_NOFOLLOW) }
        }
    }
}
