internal import CKernel
internal import Glibc

extension Tree {
    /// Removes a file, a subvolume with those nested in it, or a directory with all that is in it.
    ///
    /// Follows no link, also not one at the path itself, and leaves what another mount shows: EBUSY with that
    /// mount's path, before anything is removed where the mount table tells.
    public static func remove(_ path: RootPath) throws(SystemCallError) {
        try remove(path.place(openingParent: true), Patience())
    }

    static func remove(_ place: borrowing Place, _ patience: Patience) throws(SystemCallError) {
        guard place.name != .here else { throw SystemCallError("unlinkat", EINVAL, place.subject) }
        let mode = try place.status().st_mode
        try place.check(mode, "unlinkat")
        guard mode & S_IFMT == S_IFDIR else { return try place.unlink() }
        let top = try openTop(place)
        try refuseMounts(below: top)
        if try Subvolume.isSubvolume(top), try destroy(top, place) { return }
        var removal = Removal(walk: try Walk(top, place.text), patience)
        try removal.run()
        try place.unlink(directory: true)
    }

    static func openTop(_ place: borrowing Place) throws(SystemCallError) -> Descriptor {
        do {
            return try place.open(O_RDONLY | O_DIRECTORY, onSameMount: true)
        } catch let error where error.number == EXDEV {
            throw mountPoint(place.text)
        }
    }

    /// False where only removing file by file is permitted.
    private static func destroy(
        _ top: borrowing Descriptor, _ place: borrowing Place
    ) throws(SystemCallError) -> Bool {
        let directory = try place.openParent()
        do {
            try Subvolume.destroy(top, place.name, in: directory, place.text)
            return true
        } catch let error where error.number == EPERM && geteuid() != 0 {
            return false
        }
    }

    static func mountPoint(_ path: String) -> SystemCallError {
        SystemCallError("unlinkat", EBUSY, [.init("path", path)], detail: "it is a mount point")
    }

    /// EBUSY where the mount table knows of a mount below an open directory. Without /proc the walk finds it.
    static func refuseMounts(below directory: borrowing Descriptor) throws(SystemCallError) {
        guard let path = try? Path("/proc/self/fd/\(directory.number)").linkTarget(),
            let table = try? MountTable.read(),
            let inside = table.first(where: { $0.target.lies(in: path) && $0.target != path })
        else { return }
        throw mountPoint(inside.target.string)
    }
}

/// Removes what is in a directory, without recursion.
private struct Removal: ~Copyable {
    var walk: Walk
    var pending: [[Listing.Entry]] = []
    var patience: Patience

    init(walk: consuming Walk, _ patience: Patience) {
        self.walk = walk
        self.patience = patience
    }

    mutating func run() throws(SystemCallError) {
        pending = [try Listing.read(walk.here, walk.text())]
        while let last = pending.indices.last {
            try patience.check()
            guard let entry = pending[last].popLast() else {
                pending.removeLast()
                if pending.isEmpty { return }
                try leave()
                continue
            }
            if entry.kind != Listing.Entry.directory, try unlink(entry.name) { continue }
            try enter(entry.name)
        }
    }

    /// False where it is a directory.
    private func unlink(_ name: FileName) throws(SystemCallError) -> Bool {
        let number = walk.here.number
        do {
            try systemCall("unlinkat", [.init("path", walk.text(name))]) {
                unsafe unlinkat(number, name.characters, 0)
            }
            return true
        } catch let error where error.number == ENOENT {
            return true
        } catch let error where error.number == EISDIR {
            return false
        }
    }

    private mutating func enter(_ name: FileName) throws(SystemCallError) {
        do {
            try walk.down(name)
        } catch let error where error.number == EXDEV {
            throw Tree.mountPoint(walk.text(name))
        }
        if try Subvolume.isSubvolume(walk.here), try destroy(name) { return }
        pending.append(try Listing.read(walk.here, walk.text()))
    }

    /// Deletes the subvolume that the walk stands in and goes up; false where it is not permitted.
    private mutating func destroy(_ name: FileName) throws(SystemCallError) -> Bool {
        let subvolume = try Place.open(
            walk.here.number, .here, O_RDONLY | O_DIRECTORY, subject: .init("path", walk.text()),
            onSameMount: true)
        let shown = walk.text()
        try walk.up()
        do {
            try Subvolume.destroy(subvolume, name, in: walk.here, shown)
            return true
        } catch let error where error.number == EPERM && geteuid() != 0 {
            try walk.down(name)
            return false
        }
    }

    private mutating func leave() throws(SystemCallError) {
        guard let name = walk.lastName else { return }
        try walk.up()
        let number = walk.here.number
        try systemCall("unlinkat", [.init("path", walk.text(name))]) {
            unsafe unlinkat(number, name.characters, AT_REMOVEDIR)
        }
    }
}

/// Lets a stop signal end a long piece of work: EINTR.
struct Patience {
    /// Where it must be done whatever arrives.
    var isEndless = false
    private var count = 0

    init(isEndless: Bool = false) { self.isEndless = isEndless }

    mutating func check() throws(SystemCallError) {
        count &+= 1
        if count % 64 == 0, !isEndless { try Self.check() }
    }

    static func check() throws(SystemCallError) {
        try systemCall("poll", retry: false) { ck_poll(-1, 0, 0) }
    }
}
