internal import Kernel
internal import LuaHost

/// The primitives of `fs` that make, move and remove files and directories, and change what they are.
func fileChangePrimitives() -> [Declaration] {
    [
        Declaration("mkdir", mkdir()), Declaration("copy", copy()), Declaration("move", move()),
        Declaration("remove", remove()), Declaration("symlink", symlink()), Declaration("chmod", chmod()),
        Declaration("chown", chown()),
    ]
}

private func mkdir() -> Primitive {
    let place = PathParameters("The directory.")
    let parents = Parameter<Bool>(
        "parents", "Makes those above too, and is content if it stands already.", default: true)
    let mode = Parameter<Mode?>("mode", "The permissions it gets.", shown: "0755 less the umask")
    return Primitive(
        "fs.mkdir", "Makes a directory.", positional: [place.path.any],
        options: [parents.any, mode.any, place.root.any],
        leaves: "The directory.", shell: "mkdir {parents?-p:} [-m {mode}] [{root}/]{path}", see: ["mkdir(2)"],
        fails: [
            "EEXIST": "it is there already, without `parents`",
            "ENOENT": "the directory above is missing, without `parents`", "EACCES": "this user may not",
        ], example: #"fs.mkdir("out/logs", { mode = "0700" })"#
    ) { call in
        try Files.makeDirectory(
            try place.read(call), parents: try call[parents], mode: try call[mode]?.bits)
        if try call[place.root] == nil { MadeGroups.noteWhereOne(try call[place.path]) }
        return []
    }
}

/// A source and a destination, each with the directory that it is resolved inside.
struct TwoPathParameters {
    let source: Parameter<Path>
    let destination: Parameter<Path>
    let sourceRoot = Parameter<Path?>(
        "source_root", "The directory that the source is resolved inside.", shown: "/")
    let destinationRoot = Parameter<Path?>(
        "destination_root", "The directory that the destination is resolved inside.", shown: "/")

    init(_ source: String, _ destination: String) {
        self.source = Parameter("source", source)
        self.destination = Parameter("destination", destination)
    }

    var positional: [AnyParameter] { [source.any, destination.any] }
    var options: [AnyParameter] { [sourceRoot.any, destinationRoot.any] }

    func read(_ call: Call) throws -> (source: RootPath, destination: RootPath) {
        (
            RootPath(try call[source], in: try call[sourceRoot]),
            RootPath(try call[destination], in: try call[destinationRoot])
        )
    }
}

private func copy() -> Primitive {
    let places = TwoPathParameters(
        "A file, or a directory with all in it; other mounts are left out.",
        "The copy's own path, never a directory to put it in.")
    let follow = Parameter<Bool>(
        "follow", "Copies what a link at the source leads to, not the link.", default: false)
    let replace = Parameter<Bool>(
        "replace", "Takes the place of a file that stands there, in one step.", default: false)
    return Primitive(
        "fs.copy", "Copies a file or a directory, and all that is known of it.",
        positional: places.positional, options: [follow.any, replace.any] + places.options,
        leaves: "The copy.",
        shell: """
            cp -ax {follow?-H:} -T --reflink=auto {replace?--remove-destination:-n} [{source_root}/]{source} \
            [{destination_root}/]{destination}
            """, see: ["cp(1)", "copy_file_range(2)"],
        fails: [
            "ENOENT": "nothing stands at the path", "EACCES": "this user may not",
            "EEXIST": "the destination is there; `replace` takes a file's place",
            "ENOSPC": "the disk is full",
        ], example: #"fs.copy("tree", "copy-of-tree")"#
    ) { call in
        let (source, destination) = try places.read(call)
        try Tree.copy(
            source, to: destination, following: try call[follow], replacing: try call[replace])
        return []
    }
}

private func move() -> Primitive {
    let places = TwoPathParameters(
        "What to move.", "Its new path, never a directory to put it in.")
    let replace = Parameter<Bool>("replace", "Takes the place of what stands there.", default: false)
    return Primitive(
        "fs.move", "Gives a file or directory another path.", positional: places.positional,
        options: [replace.any] + places.options,
        leaves: "The file under its new path.",
        shell: """
            mv -T {replace?-f:-n} [{source_root}/]{source} [{destination_root}/]{destination}
            """, see: ["rename(2)"],
        fails: [
            "ENOENT": "nothing stands at the path", "EACCES": "this user may not",
            "EEXIST": "the destination is there; `replace` takes its place",
        ], example: #"fs.move("notes.txt", "old-notes.txt")"#
    ) { call in
        let (source, destination) = try places.read(call)
        try Tree.move(source, to: destination, replacing: try call[replace])
        return []
    }
}

private func remove() -> Primitive {
    let place = PathParameters("A file, a link itself, or an empty directory.")
    let recursive = Parameter<Bool>(
        "recursive", "Also a directory with all in it, as fs.delete.", default: false)
    return Primitive(
        "fs.remove", "Removes a file or an empty directory.", positional: [place.path.any],
        options: [recursive.any, place.root.any],
        shell: "rm {recursive?-r --one-file-system:-d} [{root}/]{path}", see: ["unlink(2)", "rmdir(2)"],
        fails: [
            "ENOENT": "nothing stands at the path", "EACCES": "this user may not",
            "ENOTEMPTY": "the directory is not empty", "EBUSY": "something is mounted there",
        ], example: #"fs.remove "notes.txt""#
    ) { call in
        let path = try place.read(call)
        if try call[recursive] {
            try GuardRails.checkDelete(path, call)
            try Tree.remove(path)
        } else {
            try Files.remove(path)
        }
        return []
    }
}

private func symlink() -> Primitive {
    let target = Parameter<Word>("target", "What the link says; it need not exist.")
    let place = PathParameters("The link.")
    return Primitive(
        "fs.symlink", "Makes a symbolic link.", positional: [target.any, place.path.any],
        options: [place.root.any],
        leaves: "The link.", shell: "ln -sT {target} [{root}/]{path}", see: ["symlink(2)"],
        fails: ["EEXIST": "something stands there already", "ENOENT": "the directory is missing"],
        example: """
            fs.symlink("notes.txt", "link")
            print(fs.read "link")
            """
    ) { call in
        try Files.makeLink(try place.read(call), to: try call[target].bytes)
        return []
    }
}

private func chmod() -> Primitive {
    let place = PathParameters("A file or directory; a link is followed.")
    let mode = Parameter<Mode>("mode", "The permissions.")
    return Primitive(
        "fs.chmod", "Sets the permissions of a file.", positional: [place.path.any, mode.any],
        options: [place.root.any], leaves: "The permissions.", shell: "chmod {mode} [{root}/]{path}",
        see: ["chmod(2)"],
        fails: ["ENOENT": "nothing stands at the path", "EPERM": "the file is another user's"],
        example: #"fs.chmod("notes.txt", "0600")"#
    ) { call in
        try Files.setMode(try place.read(call), try call[mode].bits)
        return []
    }
}

/// An owner as of chown(1): `"user"`, `"user:group"`, `":group"`, by names or numbers.
private struct Owner: ArgumentType {
    let user, group: UInt32?

    static var typeName: String { "owner" }
    static var annotation: String { "string|integer" }
    static var form: String? { "as of chown(1): \"user\", \"user:group\", \":group\", by names or numbers" }
    static func read(_ slot: Slot) throws -> Owner {
        if let number = slot.integer() {
            guard let user = UInt32(exactly: number), user != .max else {
                throw slot.wanted("a user's number")
            }
            return Owner(user: user, group: nil)
        }
        func wanted() -> ArgumentError {
            slot.wanted("an owner such as \"root\", \"1000:1000\" or \":staff\"")
        }
        guard let bytes = slot.bytes(), !bytes.contains(0) else { throw wanted() }
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(
            Array.init)
        guard parts.count <= 2, parts.contains(where: { !$0.isEmpty }) else { throw wanted() }
        var (user, group): (UInt32?, UInt32?) = (nil, nil)
        if !parts[0].isEmpty {
            guard let found = try Accounts.find(parts[0]) else { throw wanted() }
            user = found.user
        }
        if parts.count == 2, !parts[1].isEmpty {
            guard let found = try Accounts.group(parts[1]) else { throw wanted() }
            group = found
        }
        return Owner(user: user, group: group)
    }
}

private func chown() -> Primitive {
    let place = PathParameters("A file or directory.")
    let owner = Parameter<Owner>(
        "owner", "\"user\", \"user:group\" or \":group\"; names are looked up in this process's /.")
    let follow = Parameter<Bool>("follow", "Goes where a link leads.", default: true)
    return Primitive(
        "fs.chown", "Gives a file to another user or group.", positional: [place.path.any, owner.any],
        options: [follow.any, place.root.any], leaves: "The owner.",
        shell: "chown {follow?:-h} {owner} [{root}/]{path}",
        see: ["chown(2)"],
        fails: ["ENOENT": "nothing stands at the path", "EPERM": "only root gives files away"],
        example: #"fs.chown("notes.txt", "1000:1000")"#
    ) { call in
        let wanted = try call[owner]
        try Files.setOwner(
            try place.read(call), user: wanted.user, group: wanted.group, following: try call[follow])
        return []
    }
}
