internal import Kernel
internal import LuaHost

/// The primitives of `fs` for subvolumes, and for what stands in for them where there is no btrfs.
func subvolumePrimitives(_ holdings: Holdings) -> [Declaration] {
    [
        Declaration("subvolume", subvolume(holdings)), Declaration("snapshot", snapshot(holdings)),
        Declaration("is_subvolume", isSubvolume()), Declaration("subvolumes", subvolumes()),
        Declaration("delete", delete()),
    ]
}

private func subvolume(_ holdings: Holdings) -> Primitive {
    let place = PathParameters("The subvolume; its parent lies on btrfs.")
    return Primitive(
        "fs.subvolume", "Makes an empty btrfs subvolume.", positional: [place.path.any],
        options: [place.root.any],
        leaves: "The subvolume.", shell: "btrfs subvolume create [{root}/]{path}",
        see: ["btrfs-subvolume(8)"],
        fails: ["ENOTTY": "the parent is not on btrfs", "EEXIST": "something stands there already"],
        example: #"fs.subvolume "btrfs/images/mine""#
    ) { call in
        let path = try place.read(call)
        try Subvolume.create(path)
        holdings.noteTree("subvolume", path)
        return []
    }
}

/// What may serve a snapshot.
private enum SnapshotBackend: String, ArgumentType, CaseIterable {
    case btrfs, reflink, copy

    static var typeName: String { "\"btrfs\", \"reflink\" or \"copy\"" }
    static func read(_ slot: Slot) throws -> SnapshotBackend {
        guard
            let backend = slot.bytes().flatMap({
                SnapshotBackend(rawValue: String(decoding: $0, as: UTF8.self))
            })
        else { throw slot.wanted(typeName) }
        return backend
    }
}

private func snapshot(_ holdings: Holdings) -> Primitive {
    let source = Parameter<Path>("source", "A subvolume, or any directory or file.")
    let destination = Parameter<Path>("destination", "The snapshot's own path; it must not exist.")
    let readonly = Parameter<Bool>(
        "readonly", "Refuses writing into it, which only btrfs can.", default: false)
    let backend = Parameter<SnapshotBackend?>(
        "backend", "Serves it by this or fails.", shown: "the first that can")
    return Primitive(
        "fs.snapshot", "Copies a tree at once and without space where possible.",
        positional: [source.any, destination.any], options: [readonly.any, backend.any],
        returns: "which backend served: \"btrfs\", \"reflink\" or \"copy\"",
        gives: ["\"btrfs\"|\"reflink\"|\"copy\""], leaves: "The snapshot.",
        shell: "btrfs subvolume snapshot {readonly?-r:} {source} {destination}",
        see: ["btrfs-subvolume(8)", "ioctl_ficlone(2)"],
        fails: [
            "ENOENT": "the source is missing", "EEXIST": "something stands at the destination",
            "EXDEV": "the backend that was asked for needs both on one filesystem",
            "EOPNOTSUPP": "the backend that was asked for is not to be had here",
        ], example: #"print(fs.snapshot("btrfs/images/alpine", "btrfs/containers/mine"))"#
    ) { call in
        let (from, to) = (RootPath(try call[source]), RootPath(try call[destination]))
        let (wanted, isReadonly) = (try call[backend], try call[readonly])
        if isReadonly, let wanted, wanted != .btrfs {
            throw ArgumentError("option 'readonly': only the backend \"btrfs\" can")
        }
        let served = try take(from, to, isReadonly ? .btrfs : wanted, isReadonly)
        holdings.noteTree("snapshot", to)
        return [.value(.text(served.rawValue))]
    }
}

private func take(
    _ source: RootPath, _ destination: RootPath, _ backend: SnapshotBackend?, _ readonly: Bool
) throws -> SnapshotBackend {
    if backend == nil || backend == .btrfs {
        do {
            try Subvolume.snapshot(source, at: destination, readonly: readonly)
            return .btrfs
        } catch {
            guard backend == nil, Subvolume.cannotServe(error) else { throw error }
        }
    }
    let method = backend.map { $0 == .reflink ? Tree.CopyMethod.reflink : .copy } ?? .automatic
    return try Tree.copy(source, to: destination, method: method) == .reflink ? .reflink : .copy
}

private func isSubvolume() -> Primitive {
    let place = PathParameters("What to look at.")
    return Primitive(
        "fs.is_subvolume", "Tells whether a path is a btrfs subvolume.", positional: [place.path.any],
        options: [place.root.any], returns: "a boolean", gives: ["boolean"],
        shell: "btrfs subvolume show [{root}/]{path}",
        see: ["btrfs-subvolume(8)"], fails: ["ENOENT": "nothing stands at the path"],
        example: #"assert(fs.is_subvolume "btrfs/images/alpine")"#
    ) { call in
        [.value(.boolean(try Subvolume.isSubvolume(try place.read(call))))]
    }
}

private func subvolumes() -> Primitive {
    let place = PathParameters("A directory on btrfs.")
    return Primitive(
        "fs.subvolumes", "Lists the btrfs subvolumes below a directory.", positional: [place.path.any],
        options: [place.root.any],
        returns:
            "a list of tables by path: path below the directory, id, parent, readonly, uuid, source (a uuid)",
        gives: [
            "{ path: string, id: integer, parent: integer, readonly: boolean, uuid: string, source: string? }[]"
        ], shell: "btrfs subvolume list -o [{root}/]{path}", see: ["btrfs-subvolume(8)"],
        fails: ["ENOTTY": "it is not on btrfs", "EPERM": "this needs root"],
        example: #"for _, volume in ipairs(fs.subvolumes "btrfs") do print(volume.path, volume.uuid) end"#
    ) { call in
        let found = try Subvolume.list(try place.read(call))
        return [
            .value(
                .list(
                    found.map {
                        .record([
                            "path": .bytes($0.path.bytes), "id": .count($0.identifier),
                            "parent": .count($0.parent), "readonly": .boolean($0.isReadonly),
                            "uuid": .text($0.uuid), "source": $0.source.map(Value.text) ?? .absent,
                        ])
                    }))
        ]
    }
}

private func delete() -> Primitive {
    let place = PathParameters("A subvolume, a directory, or a file; a link goes itself.")
    return Primitive(
        "fs.delete", "Deletes a subvolume with those nested in it, or a tree.", positional: [place.path.any],
        options: [place.root.any],
        shell: "btrfs subvolume delete -R [{root}/]{path} || rm -r --one-file-system [{root}/]{path}",
        see: ["btrfs-subvolume(8)", "unlink(2)"],
        fails: ["ENOENT": "nothing stands at the path", "EBUSY": "something is mounted in it"],
        example: #"fs.delete "btrfs/images/alpine""#
    ) { call in
        let path = try place.read(call)
        try GuardRails.checkDelete(path, call)
        try Tree.remove(path)
        return []
    }
}
