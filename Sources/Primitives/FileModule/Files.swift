internal import Kernel
internal import LuaHost

/// The primitives of `fs` for single files and directories.
func filePrimitives() -> [Declaration] {
    [
        Declaration("read", read()), Declaration("write", write()), Declaration("append", append()),
        Declaration("list", list()), Declaration("stat", stat()), Declaration("exists", exists()),
        Declaration("glob", glob()),
    ] + fileChangePrimitives()
}

/// A path, and the directory that it is resolved inside.
struct PathParameters {
    let path: Parameter<Path>
    let root = Parameter<Path?>(
        "root", "The directory that the path is resolved inside, whatever links say.", shown: "/")

    init(_ summary: String) { path = Parameter("path", summary) }

    func read(_ call: Call) throws -> RootPath { RootPath(try call[path], in: try call[root]) }
}

private func read() -> Primitive {
    let place = PathParameters("A regular file.")
    let limit = Parameter<Size>(
        "limit", "The most bytes it may have, up to 1G.", default: Size(bytes: 64 << 20))
    return Primitive(
        "fs.read", "Reads a whole file.", positional: [place.path.any], options: [limit.any, place.root.any],
        returns: "its bytes, a string", gives: ["string"], shell: "cat [{root}/]{path}", see: ["read(2)"],
        fails: [
            "ENOENT": "nothing stands at the path", "EACCES": "this user may not",
            "EISDIR": "it is a directory", "EFBIG": "it is longer than `limit`",
            "ESPIPE": "it is no regular file",
        ], example: #"print(fs.read "notes.txt")"#
    ) { call in
        let most = try call[limit].bytes
        guard most <= 1 << 30 else { throw ArgumentError("option 'limit': 1G at most") }
        return [.value(.bytes(try Files.read(try place.read(call), limit: Int(most))))]
    }
}

private func write() -> Primitive {
    let place = PathParameters("The file; made where it is missing, emptied where not.")
    let content = Parameter<ByteString>("content", "The bytes.")
    let mode = Parameter<Mode?>("mode", "The permissions it gets.", shown: "0644 less the umask if new")
    return Primitive(
        "fs.write", "Writes a file.", positional: [place.path.any, content.any],
        options: [mode.any, place.root.any],
        leaves: "The file.", shell: "printf %s {content} > [{root}/]{path} [&& chmod {mode} {path}]",
        see: ["write(2)"],
        fails: [
            "ENOENT": "the directory is missing", "EACCES": "this user may not", "ENOSPC": "the disk is full",
            "EROFS": "the filesystem is read-only",
        ], example: "fs.write(\"hello.sh\", \"#!/bin/sh\\necho hello\\n\", { mode = \"0755\" })"
    ) { call in
        try Files.write(
            try call[content].bytes, to: try place.read(call), appending: false,
            mode: try call[mode]?.bits)
        return []
    }
}

private func append() -> Primitive {
    let place = PathParameters("The file; made where it is missing.")
    let content = Parameter<ByteString>("content", "The bytes.")
    let mode = Parameter<Mode?>("mode", "The permissions it gets.", shown: "0644 less the umask if new")
    return Primitive(
        "fs.append", "Writes at the end of a file.", positional: [place.path.any, content.any],
        options: [mode.any, place.root.any],
        leaves: "The file.", shell: "printf %s {content} >> [{root}/]{path} [&& chmod {mode} {path}]",
        see: ["write(2)"],
        fails: [
            "ENOENT": "the directory is missing", "EACCES": "this user may not", "ENOSPC": "the disk is full",
            "EROFS": "the filesystem is read-only",
        ], example: "fs.append(\"notes.txt\", \"one more line\\n\")"
    ) { call in
        try Files.write(
            try call[content].bytes, to: try place.read(call), appending: true, mode: try call[mode]?.bits)
        return []
    }
}

private func list() -> Primitive {
    let place = PathParameters("A directory.")
    return Primitive(
        "fs.list", "Lists the names in a directory.", positional: [place.path.any], options: [place.root.any],
        returns: "a list of names sorted by their bytes, without . and ..",
        gives: ["string[]"], shell: "LC_ALL=C ls -A [{root}/]{path}", see: ["getdents(2)"],
        fails: [
            "ENOENT": "nothing stands at the path", "EACCES": "this user may not",
            "ENOTDIR": "it is no directory",
        ], example: #"for _, name in ipairs(fs.list "tree") do print(name) end"#
    ) { call in
        [.value(.list(try Files.list(try place.read(call)).map { .bytes($0) }))]
    }
}

private func stat() -> Primitive {
    let place = PathParameters("What to look at.")
    let follow = Parameter<Bool>("follow", "Tells of what a link leads to, not of itself.", default: false)
    return Primitive(
        "fs.stat", "Tells what a file is.", positional: [place.path.any],
        options: [follow.any, place.root.any],
        returns: """
            a table: type (file, directory, link, fifo, socket, block or char), mode as in "0755", uid, gid, \
            size, allocated in bytes, blocks of 512 bytes, mtime in seconds, device, inode, links, a link's target, a device's major \
            and minor
            """,
        gives: [
            "{ type: string, mode: string, uid: integer, gid: integer, size: integer, allocated: integer, blocks: integer, mtime: number, device: integer, inode: integer, links: integer, target: string?, major: integer?, minor: integer? }"
        ], shell: "stat {follow?-L:} [{root}/]{path}", see: ["stat(2)", "inode(7)"],
        fails: ["ENOENT": "nothing stands at the path", "EACCES": "this user may not"],
        example: """
            local status = fs.stat "notes.txt"
            print(status.type, status.mode, status.size)
            """
    ) { call in
        let status = try FileStatus.read(try place.read(call), following: try call[follow])
        let isDevice = status.kind == .block || status.kind == .char
        let (major, minor) = FileStatus.parts(of: status.special)
        return [
            .value(
                .record([
                    "type": .text(status.kind.rawValue),
                    "mode": .text(Mode(bits: status.mode).description),
                    "uid": .integer(Int64(status.user)), "gid": .integer(Int64(status.group)),
                    "size": .integer(status.size), "blocks": .integer(status.blocks),
                    "allocated": .integer(status.blocks &* 512),
                    "mtime": .number(status.modified), "device": .count(status.device),
                    "inode": .count(status.inode), "links": .count(status.links),
                    "target": status.target.map(Value.bytes) ?? .absent,
                    "major": isDevice ? .integer(Int64(major)) : .absent,
                    "minor": isDevice ? .integer(Int64(minor)) : .absent,
                ]))
        ]
    }
}

private func exists() -> Primitive {
    let place = PathParameters("What to look for.")
    return Primitive(
        "fs.exists", "Tells whether a path leads to something.", positional: [place.path.any],
        options: [place.root.any], returns: "a boolean; false for a link that leads nowhere",
        gives: ["boolean"], shell: "test -e [{root}/]{path}", see: ["stat(2)"],
        fails: ["EACCES": "this user may not look"],
        example: #"if not fs.exists "out" then fs.mkdir "out" end"#
    ) { call in
        [.value(.boolean(try Files.exists(try place.read(call))))]
    }
}

private func glob() -> Primitive {
    let pattern = Parameter<Word>(
        "pattern", "With *, ?, [a-z], [!a-z]; ** stands for any number of directories.")
    let root = Parameter<Path?>("root", "The directory that it is looked for inside.", shown: "/")
    return Primitive(
        "fs.glob", "Lists the paths that match a pattern.", positional: [pattern.any], options: [root.any],
        returns: "a list of paths sorted by their bytes, as seen from inside the root",
        gives: ["string[]"], shell: "compgen -G [{root}/]{pattern}", see: ["glob(7)"],
        fails: ["EACCES": "this user may not look"],
        example: #"for _, path in ipairs(fs.glob("*.txt", { root = "tree" })) do print(path) end"#
    ) { call in
        let wanted = try call[pattern].bytes
        guard wanted.count < 4096 else {
            throw ArgumentError("argument 1 (pattern): fewer than 4096 bytes wanted, got \(wanted.count)")
        }
        let paths = try Glob.paths(matching: wanted, in: try call[root])
        return [.value(.list(paths.map { .bytes($0) }))]
    }
}
