internal import CKernel
internal import Glibc

/// Copies what is in a directory into an empty one, without recursion.
struct TreeCopy: ~Copyable {
    private var source: Walk
    private var target: Walk
    private let top: Descriptor
    private var levels: [(pending: [Listing.Entry], status: stat)]
    /// Where the first copy of a file with several names lies, from the top.
    private var firstCopies: [Walk.Identity: [FileName]] = [:]
    private var patience = Patience()
    private(set) var content: ContentCopy

    init(
        _ source: consuming Descriptor, _ sourceText: String, _ target: consuming Descriptor,
        _ targetText: String, _ content: ContentCopy
    ) throws(SystemCallError) {
        let top = try Place.open(
            target.number, .here, Descriptor.pathOnly | O_DIRECTORY, subject: .init("path", targetText),
            onSameMount: true)
        let status = try source.status()
        let from = try Walk(source, sourceText)
        let to = try Walk(target, targetText)
        self.top = top
        self.source = from
        self.target = to
        self.content = content
        levels = [([], status)]
    }

    /// Copies all of it; what other mounts show is left out, their mount points come as empty directories.
    mutating func run() throws(SystemCallError) {
        let whole = target.identity
        levels[0].pending = try Listing.read(source.here, source.text())
        while let last = levels.indices.last {
            try patience.check()
            guard let entry = levels[last].pending.popLast() else {
                if try leave() { continue } else { return }
            }
            try copy(entry.name, whole)
        }
    }

    private mutating func copy(_ name: FileName, _ whole: Walk.Identity) throws(SystemCallError) {
        var status = stat()
        let from = source.here.number
        try systemCall("fstatat", [.init("path", source.text(name))]) {
            unsafe fstatat(from, name.characters, &status, AT_SYMLINK_NOFOLLOW)
        }
        let identity = Walk.Identity(status)
        if status.st_mode & S_IFMT == S_IFDIR {
            guard identity != whole else {
                throw SystemCallError(
                    "mkdirat", EINVAL, [.init("path", target.text(name))],
                    detail: "a directory cannot be copied into itself")
            }
            return try enter(name, status)
        }
        if status.st_nlink > 1 {
            if let first = firstCopies[identity] { return try link(name, to: first) }
            firstCopies[identity] = target.names + [name]
        }
        if status.st_mode & S_IFMT == S_IFREG {
            let file = try Place.open(
                from, name, O_RDONLY | O_NONBLOCK, subject: .init("path", source.text(name)),
                onSameMount: false)
            try Tree.copyFile(file, to: name, in: target.here.number, &content, target.text(name))
        } else {
            try Tree.copySpecial(status, name, in: from, to: name, in: target.here.number, target.text(name))
        }
    }

    private mutating func enter(_ name: FileName, _ status: stat) throws(SystemCallError) {
        let to = target.here.number
        try systemCall("mkdirat", [.init("path", target.text(name))]) {
            unsafe mkdirat(to, name.characters, 0o700)
        }
        do {
            try source.down(name)
        } catch let error where error.number == EXDEV {
            return try InodeAttributes.copy(status, to: name, in: to, target.text(name))
        }
        try target.down(name)
        levels.append((try Listing.read(source.here, source.text()), status))
    }

    /// Back to the directory above; false at the top. Only now that it is filled does the copy get its mode.
    private mutating func leave() throws(SystemCallError) -> Bool {
        guard let level = levels.popLast() else { return false }
        if levels.isEmpty {
            try InodeAttributes.copy(level.status, from: source.here, to: target.here, target.text())
            return false
        }
        let shown = target.lastName
        let from = try source.up()
        let to = try target.up()
        try InodeAttributes.copy(level.status, from: from, to: to, target.text(shown))
        return true
    }

    private func link(_ name: FileName, to first: [FileName]) throws(SystemCallError) {
        guard let last = first.last else { return }
        let directory = try open(Array(first.dropLast()))
        let (from, to) = (directory.number, target.here.number)
        try systemCall("linkat", [.init("path", target.text(name))]) {
            unsafe linkat(from, last.characters, to, name.characters, 0)
        }
    }

    /// Opens a directory of the copy, some names at a time since a path's length is limited.
    private func open(_ names: [FileName]) throws(SystemCallError) -> Descriptor {
        var here = try Place.open(
            top.number, .here, Descriptor.pathOnly | O_DIRECTORY, subject: .init("path", target.text()),
            onSameMount: true)
        var rest = names[...]
        while !rest.isEmpty {
            var path: [UInt8] = []
            while let name = rest.first, path.isEmpty || path.count + name.characters.count < 4000 {
                path += (path.isEmpty ? [] : [UInt8(ascii: "/")]) + name.bytes
                rest.removeFirst()
            }
            here = try Subvolume.open(Path(bytes: path), below: here, Descriptor.pathOnly)
        }
        return here
    }
}

extension Tree {
    /// Makes a regular file with the content and attributes of an open one.
    static func copyFile(
        _ file: borrowing Descriptor, to name: FileName, in directory: Int32, _ content: inout ContentCopy,
        _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SystemCallError("openat", ESTALE, [.init("path", text())])
        }
        let made = Descriptor(
            owning: try systemCall("openat", [.init("path", text())]) {
                unsafe ck_openat2(
                    directory, name.characters,
                    UInt64(O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC), 0o600, 0)
            })
        do {
            try content.copy(file, to: made, size: Int(status.st_size), text())
            try InodeAttributes.copy(status, from: file, to: made, text())
        } catch {
            _ = unsafe unlinkat(directory, name.characters, 0)
            throw error
        }
    }

    /// Makes a link, device, FIFO or socket as another is.
    static func copySpecial(
        _ status: stat, _ source: FileName, in sourceDirectory: Int32, to name: FileName,
        in directory: Int32, _ text: @autoclosure () -> String
    ) throws(SystemCallError) {
        if status.st_mode & S_IFMT == S_IFLNK {
            let target = try FileName(linkAt: source, in: sourceDirectory, text())
            try systemCall("symlinkat", [.init("path", text())]) {
                unsafe symlinkat(target.characters, directory, name.characters)
            }
        } else {
            try systemCall("mknodat", [.init("path", text())]) {
                unsafe mknodat(
                    directory, name.characters, status.st_mode & S_IFMT | 0o600, status.st_rdev)
            }
        }
        do {
            try InodeAttributes.copy(status, to: name, in: directory, text())
        } catch {
            _ = unsafe unlinkat(directory, name.characters, 0)
            throw error
        }
    }
}
