internal import CKernel
internal import Glibc

/// Files with all that lies below them.
public enum Tree {
    /// How content is copied: shared with the source where the filesystem can, or not.
    public enum CopyMethod: String, Sendable {
        case automatic, reflink, copy
    }

    /// Copies a file or a directory with all in it: content, owners, modes, times, extended attributes of files
    /// and directories, links, devices, several names of one file, holes. What other mounts show is left out.
    ///
    /// The destination must not exist unless `replacing`, where it is swapped in one step, and a failure leaves
    /// none. A link at the source's end is copied as a link unless `following`. Returns how it was copied.
    @discardableResult
    public static func copy(
        _ source: RootPath, to destination: RootPath, method: CopyMethod = .automatic,
        following: Bool = false, replacing: Bool = false
    ) throws(SystemCallError) -> CopyMethod {
        let place = try destination.place(openingParent: true)
        guard place.name != .here else { throw SystemCallError("mkdirat", EEXIST, place.subject) }
        let following = following || source.path.meansDirectory
        if place.meansDirectory {
            let status =
                try following
                ? source.openFile(Descriptor.pathOnly).status()
                : source.place(openingParent: true).status()
            try place.check(status.st_mode, "openat")
        }
        let name = replacing ? FileName(Array(".tupper-\(getpid())-\(Clock.nanoseconds)".utf8)) : place.name
        let target = try place.sibling(name)
        let served = try copy(source, following, to: target, method)
        if replacing {
            let (directory, final) = (target.directory, place.name)
            do {
                try systemCall("rename", target.subject) {
                    unsafe ck_rename(directory, name.characters, directory, final.characters, 1)
                }
            } catch {
                try? remove(target, Patience(isEndless: true))
                throw error
            }
        }
        return served
    }

    private static func copy(
        _ source: RootPath, _ following: Bool, to target: borrowing Place, _ method: CopyMethod
    ) throws(SystemCallError) -> CopyMethod {
        let place = try source.place(openingParent: true)
        let status = try following ? source.openFile(Descriptor.pathOnly).status() : place.status()
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFDIR || kind == S_IFREG else {
            try copySpecial(
                status, place.name, in: place.directory, to: target.name, in: target.directory, target.text)
            return method == .automatic ? .copy : method
        }
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
        let opened = try following ? source.openFile(flags) : place.open(flags)
        var content = ContentCopy(method)
        if kind == S_IFREG {
            try copyFile(opened, to: target.name, in: target.directory, &content, target.text)
            return content.served
        }
        let (directory, name) = (target.directory, target.name)
        try systemCall("mkdirat", target.subject) { unsafe mkdirat(directory, name.characters, 0o700) }
        do {
            let made = try target.open(O_RDONLY | O_DIRECTORY)
            var work = try TreeCopy(opened, source.text, made, target.text, content)
            try work.run()
            return work.content.served
        } catch {
            // Also when a stop signal ended it.
            try? remove(target, Patience(isEndless: true))
            throw error
        }
    }

    /// rename(2), or a copy and a removal where the two lie on different filesystems.
    public static func move(
        _ source: RootPath, to destination: RootPath, replacing: Bool
    ) throws(SystemCallError) {
        do {
            try rename(source, destination, replacing)
        } catch let error where error.number == EXDEV {
            let place = try source.place(openingParent: true)
            try place.check(place.status().st_mode, "rename")
            if try place.status().st_mode & S_IFMT == S_IFDIR {
                try refuseMounts(below: openTop(place))
            }
            try copy(source, to: destination, replacing: replacing)
            try remove(place, Patience())
        }
    }

    private static func rename(
        _ source: RootPath, _ destination: RootPath, _ replacing: Bool
    ) throws(SystemCallError) {
        let from = try source.place()
        let to = try destination.place()
        let (old, new) = (from.wholeName, to.wholeName)
        let (fromDirectory, toDirectory) = (from.directory, to.directory)
        try systemCall("rename", [.init("source", from.text), .init("target", to.text)]) {
            unsafe ck_rename(fromDirectory, old.characters, toDirectory, new.characters, replacing ? 1 : 0)
        }
    }
}
