internal import Kernel
internal import LuaHost
internal import SystemPackage

/// The primitives of `fs` for plain files.
func filePrimitives() -> [Primitive] {
    [
        read(), write("write", "Writes a file, made or emptied first.", ">"),
        write("append", "Writes at the end of a file.", ">>"), mkdir(), list(), stat(), exists(), glob(),
        copy(),
        move(), remove(), symlink(), chmod(), chown(),
    ]
}

private func read() -> Primitive {
    let path = Parameter<FilePath>("path", "The file.")
    let limit = Parameter<Size>("limit", "The most to read; EFBIG beyond.", default: Size(bytes: 1 << 30))
    return Primitive(
        "fs.read", "Reads a file.", positional: [path], options: [limit], returns: "its content",
        shell: "cat {path}", see: ["read(2)"]
    ) { call in [.value(.bytes(try Files.read(try call[path], limit: try call[limit].bytes)))] }
}

private func write(_ name: String, _ summary: String, _ arrow: String) -> Primitive {
    let path = Parameter<FilePath>("path", "The file.")
    let content = Parameter<ByteString>("content", "The bytes.")
    let mode = Parameter<Mode?>(
        "mode", "The permissions of a file that is made.", shown: "0666 less the umask")
    return Primitive(
        "fs.\(name)", summary, positional: [path, content], options: [mode],
        shell: name == "write" ? "printf %s {content} > {path}" : "printf %s {content} >> {path}",
        see: ["write(2)"]
    ) { call in
        try Files.write(
            try call[path], try call[content].bytes, appending: arrow == ">>",
            mode: try call[mode]?.bits ?? 0o666)
        return []
    }
}

private func mkdir() -> Primitive {
    let path = Parameter<FilePath>("path", "The directory.")
    let mode = Parameter<Mode>("mode", "Its permissions, less the umask.", default: Mode(bits: 0o755))
    let parents = Parameter<Bool>(
        "parents", "Makes those above it too, and takes one that exists.", default: true)
    return Primitive(
        "fs.mkdir", "Makes a directory.", positional: [path], options: [mode, parents],
        shell: "mkdir {parents?-p:} -m {mode} {path}", see: ["mkdir(2)"]
    ) { call in
        try Files.makeDirectory(try call[path], mode: try call[mode].bits, parents: try call[parents])
        return []
    }
}

private func list() -> Primitive {
    let path = Parameter<FilePath>("path", "The directory.")
    return Primitive(
        "fs.list", "Lists a directory.", positional: [path], returns: "the names, sorted as bytes",
        shell: "ls -A {path}", see: ["readdir(3)"]
    ) { call in [.value(.list(try DirectoryListing.names(of: try call[path]).map(Value.bytes)))] }
}

private func stat() -> Primitive {
    let path = Parameter<FilePath>("path", "The file; of a symbolic link the link itself.")
    let follow = Parameter<Bool>("follow", "Of a symbolic link what it leads to.", default: false)
    return Primitive(
        "fs.stat", "Tells a file's type, owner, size and more.", positional: [path], options: [follow],
        returns: "a table: type, mode, uid, gid, size, allocated, mtime, inode, device, links; target of a "
            + "link; major and minor of a device file",
        shell: "stat {follow?-L:} {path}", see: ["stat(2)", "inode(7)"]
    ) { call in
        let file = try call[path]
        let status = try FileStatus.read(file, following: try call[follow])
        let isDevice = ["char", "block"].contains(status.type)
        return [
            .value(
                .record([
                    "type": .text(status.type), "mode": .text(Mode(bits: status.mode).description),
                    "uid": .integer(Int64(status.user)), "gid": .integer(Int64(status.group)),
                    "size": .integer(status.size), "allocated": .integer(status.allocated),
                    "mtime": .number(status.modified), "inode": .count(status.inode),
                    "device": .count(status.device), "links": .count(status.links),
                    "target": status.type == "link" ? .bytes(try file.linkTarget().bytes) : .absent,
                    "major": isDevice ? .integer(Int64(status.major)) : .absent,
                    "minor": isDevice ? .integer(Int64(status.minor)) : .absent,
                ]))
        ]
    }
}

private func exists() -> Primitive {
    let path = Parameter<FilePath>("path", "The file; a symbolic link counts, wherever it leads.")
    return Primitive(
        "fs.exists", "Tells whether a path names something.", positional: [path], returns: "true or false",
        shell: "test -e {path}", see: ["stat(2)"]
    ) { call in
        do {
            _ = try FileStatus.read(try call[path])
            return [.value(.boolean(true))]
        } catch let error as SystemCallError where error.code == "ENOENT" || error.code == "ENOTDIR" {
            return [.value(.boolean(false))]
        }
    }
}

private func glob() -> Primitive {
    let pattern = Parameter<FilePath>("pattern", "A path with `*`, `?` and `[...]` in it.")
    return Primitive(
        "fs.glob", "Lists the paths that fit a pattern.", positional: [pattern],
        returns: "a sorted list of paths",
        shell: "ls -d {pattern}", see: ["glob(7)"]
    ) { call in [.value(.list(try Glob.paths(try call[pattern]).map { .bytes($0.bytes) }))] }
}

private func copy() -> Primitive {
    let source = Parameter<FilePath>("source", "A file or a tree.")
    let target = Parameter<FilePath>("target", "Where; nothing may be there.")
    return Primitive(
        "fs.copy", "Copies a file or a tree with all that belongs to it.", positional: [source, target],
        shell: "cp -a --reflink=auto {source} {target}", see: ["cp(1)"]
    ) { call in
        try TreeCopy.copy(try call[source], to: try call[target])
        return []
    }
}

private func move() -> Primitive {
    let source = Parameter<FilePath>("source", "A file or a tree.")
    let target = Parameter<FilePath>("target", "Its new path.")
    return Primitive(
        "fs.move", "Moves a file or a tree, also to another filesystem.", positional: [source, target],
        shell: "mv {source} {target}", see: ["rename(2)"]
    ) { call in
        let (from, to) = (try call[source], try call[target])
        do {
            try Files.move(from, to: to)
        } catch let error as SystemCallError where error.code == "EXDEV" {
            try TreeCopy.copy(from, to: to)
            try Tree.delete(from)
        }
        return []
    }
}

private func remove() -> Primitive {
    let path = Parameter<FilePath>("path", "A file, a symbolic link or an empty directory.")
    return Primitive(
        "fs.remove", "Removes a file or an empty directory.", positional: [path], shell: "rm -d {path}",
        see: ["unlink(2)", "rmdir(2)"]
    ) { call in
        try Files.remove(try call[path])
        return []
    }
}

private func symlink() -> Primitive {
    let target = Parameter<FilePath>("target", "Where the link leads.")
    let path = Parameter<FilePath>("path", "The link to make.")
    return Primitive(
        "fs.symlink", "Makes a symbolic link.", positional: [target, path], shell: "ln -s {target} {path}",
        see: ["symlink(2)"]
    ) { call in
        try Files.link(try call[path], to: try call[target])
        return []
    }
}

private func chmod() -> Primitive {
    let path = Parameter<FilePath>("path", "The file.")
    let mode = Parameter<Mode>("mode", "Its permissions.")
    return Primitive(
        "fs.chmod", "Sets a file's permissions.", positional: [path, mode], shell: "chmod {mode} {path}",
        see: ["chmod(2)"]
    ) { call in
        try Files.setMode(try call[path], try call[mode].bits)
        return []
    }
}

private func chown() -> Primitive {
    let path = Parameter<FilePath>("path", "The file; of a symbolic link the link itself.")
    let owner = Parameter<String>("owner", "A user by name or number, and a group after a colon.")
    return Primitive(
        "fs.chown", "Sets a file's owner.", positional: [path, owner], shell: "chown -h {owner} {path}",
        see: ["chown(2)"]
    ) { call in
        let text = try call[owner]
        guard let account = Accounts.find(text) else {
            throw ArgumentError("argument 2 (owner): no user \(quoted(Array(text.utf8)))")
        }
        try Files.setOwner(try call[path], account.user, account.group)
        return []
    }
}
