internal import Kernel
internal import LuaHost

/// The primitives of `fs` that take files out of a container's reach.
func coverPrimitives(_ holdings: Holdings) -> [Declaration] {
    [Declaration("mask", mask(holdings)), Declaration("readonly", readonly(holdings))]
}

/// What both of them take.
private struct CoverOptions {
    let path = Parameter<Path>("path", "The file or directory.")
    let root = Parameter<Path?>(
        "root", "The directory whose links cannot lead outside: the path is resolved inside.",
        shown: "the path is an ordinary one that may not end in a link")
    let optional = Parameter<Bool>("optional", "Does nothing where the path is missing.", default: false)

    /// What `cover` makes; nothing where the path is missing and may be.
    func handle(
        _ call: Call, _ holdings: Holdings, _ cover: (RootPath) throws(SystemCallError) -> Mount?
    ) throws -> [Argument] {
        do {
            let place = RootPath(try call[path], in: try call[root])
            let (made, notes) = try holdings.mounting { try cover(place) }
            return made.map { [.handle(MountHandle($0, notes: notes, holdings))] } ?? []
        } catch let error as SystemCallError {
            // ENOTDIR: what should be a directory above it is none.
            if try call[optional], ["ENOENT", "ENOTDIR"].contains(error.code) { return [] }
            throw error
        }
    }
}

private func mask(_ holdings: Holdings) -> Primitive {
    let options = CoverOptions()
    return Primitive(
        "fs.mask", "Hides a file or directory behind an empty one.", positional: [options.path.any],
        options: [options.root.any, options.optional.any], returns: "a mount handle",
        gives: ["tupper.mount?"], shell: "mount --bind /dev/null {path}", see: ["mount(8)", "move_mount(2)"],
        fails: [
            "EPERM": "no CAP_SYS_ADMIN over this mount namespace",
            "ENOENT": "nothing stands at the path; `optional` passes over it",
            "ELOOP": "the path is a link; `root` keeps links inside",
        ],
        example: """
            fs.mask "tree"
            assert(#fs.list "tree" == 0)
            """
    ) { call in
        try options.handle(call, holdings) { target throws(SystemCallError) in try Cover.hide(target) }
    }
}

private func readonly(_ holdings: Holdings) -> Primitive {
    let options = CoverOptions()
    return Primitive(
        "fs.readonly", "Refuses writing to a path and to all mounts below it.",
        positional: [options.path.any],
        options: [options.root.any, options.optional.any, GuardRails.others.any],
        returns: "a mount handle; nothing for / itself",
        gives: ["tupper.mount?"], shell: "mount --rbind -o ro=recursive {path} {path}",
        see: ["mount_setattr(2)"],
        fails: [
            "EPERM": "no CAP_SYS_ADMIN over this mount namespace",
            "ENOENT": "nothing stands at the path; `optional` passes over it",
            "ELOOP": "the path is a link; `root` keeps links inside",
        ],
        example: """
            fs.readonly "tree"
            assert(not pcall(fs.write, "tree/notes.txt", ""))
            """
    ) { call in
        try GuardRails.checkReadonly(try call[options.path], in: try call[options.root], call)
        return try options.handle(call, holdings) { target throws(SystemCallError) in
            try Cover.makeReadonly(target)
        }
    }
}
