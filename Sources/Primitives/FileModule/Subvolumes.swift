internal import Kernel
internal import LuaHost
internal import SystemPackage

/// The primitives of `fs` for subvolumes, snapshots and whole trees.
func subvolumePrimitives() -> [Primitive] {
    [subvolume(), snapshot(), isSubvolume(), subvolumes(), delete()]
}

private func subvolume() -> Primitive {
    let path = Parameter<FilePath>("path", "Where; nothing may be there.")
    return Primitive(
        "fs.subvolume", "Makes an empty btrfs subvolume.", positional: [path],
        shell: "btrfs subvolume create {path}", see: ["btrfs-subvolume(8)"]
    ) { call in
        try Btrfs.create(try call[path])
        return []
    }
}

/// How a snapshot is made.
private enum Backend: String, ArgumentType, CaseIterable {
    case btrfs, reflink, copy
    static var typeName: String { "backend" }
    static func read(_ slot: Slot) throws -> Backend {
        guard let backend = slot.bytes().flatMap({ Backend(rawValue: String(decoding: $0, as: UTF8.self)) })
        else {
            throw slot.wanted("btrfs, reflink or copy")
        }
        return backend
    }
}

private func snapshot() -> Primitive {
    let source = Parameter<FilePath>("source", "What to copy: a subvolume, or a directory.")
    let destination = Parameter<FilePath>("destination", "Where; nothing may be there.")
    let readonly = Parameter<Bool>("readonly", "Makes the copy read-only; btrfs only.", default: false)
    let backend = Parameter<Backend?>(
        "backend", "btrfs, reflink or copy, and nothing else.", shown: "the first of these that can")
    return Primitive(
        "fs.snapshot", "Copies a tree, at no cost where the filesystem can.",
        positional: [source, destination],
        options: [readonly, backend], returns: "which backend served",
        shell: "btrfs subvolume snapshot {readonly?-r:} {source} {destination}", see: ["btrfs-subvolume(8)"]
    ) { call in
        let (from, to, fixed) = (try call[source], try call[destination], try call[backend])
        let frozen = try call[readonly]
        if fixed == nil || fixed == .btrfs {
            do {
                try Btrfs.snapshot(from, to: to, readonly: frozen)
                return [.value(.text("btrfs"))]
            } catch let error as SystemCallError
                where fixed == nil && !frozen
                && ["EXDEV", "ENOTTY", "EINVAL", "ENOTDIR"].contains(error.code)
            {}
        }
        if frozen { throw ArgumentError("option 'readonly' is for the btrfs backend only") }
        if fixed == nil || fixed == .reflink {
            do {
                try TreeCopy.copy(from, to: to, .shared)
                return [.value(.text("reflink"))]
            } catch let error as SystemCallError where fixed == nil && error.call == "ioctl" {}
        }
        try TreeCopy.copy(from, to: to, .copied)
        return [.value(.text("copy"))]
    }
}

private func isSubvolume() -> Primitive {
    let path = Parameter<FilePath>("path", "A directory.")
    return Primitive(
        "fs.is_subvolume", "Tells whether a directory is a btrfs subvolume.", positional: [path],
        returns: "true or false", shell: "btrfs subvolume show {path}", see: ["btrfs-subvolume(8)"]
    ) { call in [.value(.boolean(try Btrfs.isSubvolume(try call[path])))] }
}

private func subvolumes() -> Primitive {
    let path = Parameter<FilePath>("path", "A directory.")
    return Primitive(
        "fs.subvolumes", "Lists the btrfs subvolumes below a directory.", positional: [path],
        returns: "a list of paths, the deepest first", shell: "btrfs subvolume list -o {path}",
        see: ["btrfs-subvolume(8)"]
    ) { call in [.value(.list(try Tree.subvolumes(try call[path]).map { .bytes($0.bytes) }))] }
}

private func delete() -> Primitive {
    let path = Parameter<FilePath>("path", "A file, a subvolume or a tree.")
    return Primitive(
        "fs.delete", "Deletes a tree with the subvolumes in it; crosses no mount.", positional: [path],
        shell: "rm -rf --one-file-system {path}", see: ["unlink(2)"]
    ) { call in
        try Tree.delete(try call[path])
        return []
    }
}
