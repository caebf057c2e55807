public import Kernel
public import LuaHost

/// The primitives of `fs` that change the mount table.
func mountPrimitives(_ holdings: Holdings) -> [Declaration] {
    [
        Declaration("mount", mount(holdings)), Declaration("bind", bind(holdings)),
        Declaration("tree", tree(holdings)), Declaration("tmpfs", tmpfs(holdings)),
        Declaration("overlay", overlay(holdings)),
        Declaration("unmount", unmount(holdings)), Declaration("propagation", propagation()),
        Declaration("mounts", mounts()),
    ]
}

/// Where to mount: the options that every mounting primitive has.
struct TargetOptions {
    let root = Parameter<Path?>(
        "root", "The directory whose links cannot lead outside: the target is resolved inside.",
        shown: "the target is an ordinary path that may not end in a link")
    let mkdir = Parameter<Bool>("mkdir", "Makes the target where it is missing.", default: false)
    let readonly = Parameter<Bool>("readonly", "Refuses writing.", default: false)
    let nosuid = Parameter<Bool>("nosuid", "Ignores set-user-ID bits and file capabilities.", default: false)
    let nodev = Parameter<Bool>("nodev", "Refuses device files.", default: false)
    let noexec = Parameter<Bool>("noexec", "Refuses running programs.", default: false)

    var attributes: [AnyParameter] { [readonly.any, nosuid.any, nodev.any, noexec.any] }
    var all: [AnyParameter] { [root.any, mkdir.any] + attributes }

    func attributes(_ call: Call) throws -> MountAttributes {
        var attributes: MountAttributes = []
        if try call[readonly] { attributes.insert(.readonly) }
        if try call[nosuid] { attributes.insert(.nosuid) }
        if try call[nodev] { attributes.insert(.nodev) }
        if try call[noexec] { attributes.insert(.noexec) }
        return attributes
    }

    func attach(
        _ mount: consuming DetachedMount, to target: Path, refusingLinks: Bool = false,
        covering covers: Covers = Covers(), _ call: Call, _ holdings: Holdings
    ) throws -> [Argument] {
        let missing: RootPath.Kind? = try call[mkdir] ? (mount.isDirectory() ? .directory : .file) : nil
        let root = try call[root]
        let place = RootPath(target, in: root, refusingLinks: refusingLinks && root != nil)
        var detached: DetachedMount? = consume mount
        let (made, notes) = try holdings.mounting {
            try detached.take()?.attach(to: place, making: missing, covering: covers)
        }
        return made.map { [.handle(MountHandle($0, notes: notes, holdings))] } ?? []
    }
}

private func mount(_ holdings: Holdings) -> Primitive {
    let source = Parameter<Path?>(
        "source", "The device, file or name to mount.", shown: "the type's name")
    let target = Parameter<Path>("target", "Where to mount it.")
    let type = Parameter<String?>(
        "type", "The filesystem type, as in /proc/filesystems.",
        shown: "every type that uses a device is tried")
    let loop = Parameter<Bool>("loop", "Mounts a file through a loop device.", default: false)
    let options = Parameter<String?>("options", "Further options as of mount(8), joined by commas.")
    let hidden = Parameter<[Path]?>(
        "hidden", "Paths in it to hide, as fs.mask does; those that are missing are passed over.",
        shown: "none")
    let protected = Parameter<[Path]?>(
        "protected", "Paths in it that refuse writing, as of fs.readonly; likewise.", shown: "none")
    let place = TargetOptions()
    return Primitive(
        "fs.mount", "Mounts a filesystem.",
        options: [source.any, target.any, type.any, loop.any, options.any, hidden.any, protected.any]
            + place.all,
        returns: "a mount handle",
        gives: ["tupper.mount"],
        shell: """
            mount [-t {type}] {loop?-o loop:} [-o {options}] {readonly?-o ro:} {nosuid?-o nosuid:} \
            {nodev?-o nodev:} {noexec?-o noexec:} {mkdir?-o X-mount.mkdir:} {source|type} [{root}/]{target}
            """, see: ["mount(8)", "fsopen(2)"],
        fails: [
            "EPERM": "no CAP_SYS_ADMIN over the namespace in question",
            "ENODEV": "this kernel has no such filesystem type", "ENOENT": "source or target is missing",
            "ENOTBLK": "the source is a file; `loop` mounts it", "EBUSY": "the device is mounted elsewhere",
            "EINVAL": "an option is unknown to the filesystem",
            "ELOOP":
                "the target is a link; `root` keeps links inside, and refuses them for proc, sysfs and cgroups",
        ],
        example: """
            local place <close> = fs.mount { type = "proc", target = "/mnt/proc", nosuid = true, nodev = true, mkdir = true }
            print(place.target, place.id)
            """
    ) { call in
        let (wanted, from) = (try call[type], try call[source])
        let settings = try MountSettings(try call[options] ?? "", try place.attributes(call))
        if wanted == nil, from == nil { throw ArgumentError("a type or a source wanted") }
        var device = from
        var attached: LoopDevice?
        if try call[loop] {
            guard let from else { throw ArgumentError("option 'source' is missing: the file to loop over") }
            let fresh = try LoopDevice.attach(from, readonly: settings.attributes.contains(.readonly))
            (attached, device) = (fresh, fresh.path)
        }
        // The device must stay open until the mount holds it.
        defer { _ = attached }
        let mount = try settings.mount(wanted, device ?? Path(wanted ?? "none"))
        // Programs look for the kernel's own files at fixed paths, and so do masks: an image has no say in where they are.
        let isKernels = wanted.map(["proc", "sysfs", "cgroup", "cgroup2"].contains) ?? false
        var covers = Covers()
        covers.hidden = try call[hidden] ?? []
        covers.readonly = try call[protected] ?? []
        return try place.attach(
            mount, to: try call[target], refusingLinks: isKernels, covering: covers, call, holdings)
    }
}

/// What part of the tree to show at another place, and how.
private struct CopyOptions {
    let source = Parameter<Path>("source", "The file or directory to show.")
    let recursive = Parameter<Bool>("recursive", "Takes the mounts below the source along.", default: false)
    let users = Parameter<UserMap?>(
        "users", "Shows the files of inner users as those of outer ones, as of ns.unshare.",
        shown: "as they are")
    let place = TargetOptions()

    func copy(_ call: Call) throws -> DetachedMount {
        let deep = try call[recursive]
        let copy = try DetachedMount.copy(of: try call[source], recursive: deep)
        try copy.set(try place.attributes(call), recursive: deep)
        if let map = try call[users]?.identityMap() { try copy.map(map, recursive: deep) }
        return copy
    }
}

private func bind(_ holdings: Holdings) -> Primitive {
    let options = CopyOptions()
    let target = Parameter<Path>("target", "Where to show it.")
    return Primitive(
        "fs.bind", "Shows a file or directory at a second place.",
        positional: [options.source.any, target.any],
        options: [options.recursive.any, options.users.any] + options.place.all, returns: "a mount handle",
        gives: ["tupper.mount"],
        shell: """
            mount {recursive?--rbind:--bind} {readonly?-o ro:} {nosuid?-o nosuid:} {nodev?-o nodev:} \
            {noexec?-o noexec:} {users?-o X-mount.idmap=...:} {mkdir?-o X-mount.mkdir:} {source} [{root}/]{target}
            """, see: ["mount(8)", "open_tree(2)", "mount_setattr(2)"],
        fails: [
            "EPERM": "no CAP_SYS_ADMIN over the namespace in question",
            "ENOENT": "the target is missing; `mkdir` makes it",
            "ELOOP": "the target is a link; `root` keeps links inside",
            "EINVAL": "the filesystem cannot map `users`",
        ],
        example: """
            fs.bind("tree", "/mnt/tree", { readonly = true, mkdir = true })
            print(fs.read "/mnt/tree/notes.txt")
            """
    ) { call in
        try options.place.attach(try options.copy(call), to: try call[target], call, holdings)
    }
}

private func tree(_ holdings: Holdings) -> Primitive {
    let options = CopyOptions()
    return Primitive(
        "fs.tree", "Takes hold of a file or directory, to show it elsewhere later.",
        positional: [options.source.any],
        options: [options.recursive.any, options.users.any] + options.place.attributes,
        returns: "a tree handle, to attach also where the source is out of sight",
        gives: ["tupper.tree"], see: ["open_tree(2)", "mount_setattr(2)"],
        fails: [
            "EPERM": "no CAP_SYS_ADMIN over this mount namespace",
            "ENOENT": "nothing stands at the source",
            "EINVAL": "the filesystem cannot map `users`",
        ],
        example: """
            local tree = fs.tree("tree", { readonly = true })
            tree:attach("/mnt/data", { mkdir = true })
            print(fs.read "/mnt/data/notes.txt")
            """
    ) { call in
        [.handle(TreeHandle(try options.copy(call), of: try call[options.source], holdings))]
    }
}

private func tmpfs(_ holdings: Holdings) -> Primitive {
    let target = Parameter<Path>("target", "Where to mount it.")
    let size = Parameter<Capacity?>("size", "How much it may hold.", shown: "half of the memory")
    let mode = Parameter<Mode>("mode", "The permissions of its root.", default: Mode(bits: 0o755))
    let place = TargetOptions()
    return Primitive(
        "fs.tmpfs", "Mounts an empty filesystem in memory.", positional: [target.any],
        options: [size.any, mode.any] + place.all, returns: "a mount handle",
        gives: ["tupper.mount"],
        shell: """
            mount -t tmpfs [-o size={size}] -o mode={mode} {readonly?-o ro:} {nosuid?-o nosuid:} \
            {nodev?-o nodev:} {noexec?-o noexec:} {mkdir?-o X-mount.mkdir:} tmpfs [{root}/]{target}
            """, see: ["tmpfs(5)"],
        fails: [
            "EPERM": "no CAP_SYS_ADMIN over the namespace in question",
            "ENOENT": "the target is missing; `mkdir` makes it",
            "ELOOP": "the target is a link; `root` keeps links inside",
        ],
        example: """
            local place <close> = fs.tmpfs("/mnt", { size = "64M", nosuid = true, nodev = true })
            fs.write("/mnt/file", "in memory")
            """
    ) { call in
        let context = try FilesystemContext("tmpfs", source: "tmpfs")
        if let size = try call[size] { try context.set("size", Array("\(size.bytes)".utf8)) }
        try context.set("mode", try call[mode].digits)
        let mount = try context.mount(try place.attributes(call))
        return try place.attach(mount, to: try call[target], call, holdings)
    }
}

private func overlay(_ holdings: Holdings) -> Primitive {
    let lower = Parameter<[Path]>("lower", "The read-only layers, the topmost first.")
    let upper = Parameter<Path?>(
        "upper", "The layer that takes changes.", shown: "nothing can be changed")
    let work = Parameter<Path?>("work", "An empty directory on the filesystem of `upper`.")
    let target = Parameter<Path>("target", "Where to mount it.")
    let attributes = Parameter<Bool>(
        "userxattr", "Marks what was removed by attributes that an ordinary user may set.", default: false)
    let place = TargetOptions()
    return Primitive(
        "fs.overlay", "Mounts directories stacked on one another.",
        options: [lower.any, upper.any, work.any, target.any, attributes.any] + place.all,
        returns: "a mount handle",
        gives: ["tupper.mount"],
        shell: """
            mount -t overlay -o lowerdir={lower*:} [-o upperdir={upper}] [-o workdir={work}] {userxattr?-o userxattr:} \
            {readonly?-o ro:} \
            {nosuid?-o nosuid:} {nodev?-o nodev:} {noexec?-o noexec:} {mkdir?-o X-mount.mkdir:} overlay [{root}/]{target}
            """, see: ["mount(8)"],
        fails: [
            "EPERM": "no CAP_SYS_ADMIN over the namespace in question",
            "ENOENT": "the target is missing; `mkdir` makes it",
            "ELOOP": "the target is a link; `root` keeps links inside",
            "EINVAL": "a layer is on a filesystem that cannot be one",
        ],
        example: """
            fs.tmpfs "/mnt"
            for _, name in ipairs { "upper", "work", "all" } do fs.mkdir("/mnt/" .. name) end
            local place <close> = fs.overlay { lower = { "tree" }, upper = "/mnt/upper", work = "/mnt/work", target = "/mnt/all" }
            fs.write("/mnt/all/notes.txt", "changed")
            assert(fs.read "tree/notes.txt" ~= "changed")
            """
    ) { call in
        let layers = try call[lower]
        guard !layers.isEmpty else { throw ArgumentError("option 'lower': a directory at least wanted") }
        guard call.isGiven(upper) == call.isGiven(work) else {
            throw ArgumentError("options 'upper' and 'work' belong together")
        }
        let (above, beside, userxattr) = (try call[upper], try call[work], try call[attributes])
        let context = try FilesystemContext("overlay", source: "overlay")
        let settings = try place.attributes(call)
        guard layers.count > 1 || call.isGiven(upper) else {
            throw ArgumentError(
                "option 'lower': two directories at least wanted where there is no 'upper'",
                hint: "fs.bind(DIRECTORY, TARGET, { readonly = true }) shows one")
        }
        let stack = OverlayLayers(lower: layers, upper: above, work: beside)
        if above != nil { try stack.checkUse() }
        let mount: DetachedMount
        do throws(SystemCallError) {
            // One option a layer, so that no character in a path has a meaning.
            for layer in layers { try context.set("lowerdir+", path: layer) }
            if let above { try context.set("upperdir", path: above) }
            if let beside { try context.set("workdir", path: beside) }
            if userxattr { try context.set("userxattr") }
            mount = try context.mount(settings)
        } catch {
            throw stack.explained(error)
        }
        return try place.attach(mount, to: try call[target], call, holdings)
    }
}

private func unmount(_ holdings: Holdings) -> Primitive {
    let target = Parameter<Path>("target", "What to unmount.")
    let detach = Parameter<Bool>(
        "detach", "Takes it out of sight now, and away when it is idle.", default: false)
    let recursive = Parameter<Bool>("recursive", "Unmounts what is mounted below it first.", default: false)
    return Primitive(
        "fs.unmount", "Unmounts a filesystem.", positional: [target.any],
        options: [detach.any, recursive.any, GuardRails.others.any],
        shell: "umount {detach?-l:} {recursive?-R:} {target}", see: ["umount(2)"],
        fails: [
            "EBUSY": "a process works in it, or something is mounted below it",
            "EINVAL": "nothing is mounted there", "EPERM": "no CAP_SYS_ADMIN over the namespace in question",
        ],
        example: """
            fs.tmpfs "/mnt"
            fs.unmount("/mnt", { detach = true })
            """
    ) { call in
        let (path, lazily) = (try call[target], try call[detach])
        let isDeep = try call[recursive]
        try GuardRails.checkUnmount(path, recursive: isDeep, detach: lazily, call)
        if isDeep {
            for place in try Mount.below(path) { try Mount.unmount(place, detach: lazily) }
        }
        defer { holdings.forgetGone() }
        try Mount.unmount(path, detach: lazily)
        return []
    }
}

extension Propagation: ArgumentType {
    public static var typeName: String { "propagation" }
    public static var form: String? { "whether mounts spread from and to a copy, as in mount_namespaces(7)" }
}

private func propagation() -> Primitive {
    let target = Parameter<Path>("target", "A mount point.")
    let kind = Parameter<Propagation>("kind", "private, slave, shared or unbindable.")
    let recursive = Parameter<Bool>("recursive", "Also for the mounts below it.", default: false)
    return Primitive(
        "fs.propagation", "Says whether mounts made here show in copies of it.",
        positional: [target.any, kind.any],
        options: [recursive.any, GuardRails.others.any], shell: "mount --make-{recursive?r:}{kind} {target}",
        see: ["mount_namespaces(7)"],
        fails: [
            "EINVAL": "it is no mount point", "EPERM": "no CAP_SYS_ADMIN over the namespace in question",
        ], example: #"fs.propagation("/", "private", { recursive = true })"#
    ) { call in
        let isDeep = try call[recursive]
        try GuardRails.checkPropagation(try call[target], recursive: isDeep, call)
        try call[kind].set(at: try call[target], recursive: isDeep)
        return []
    }
}

private func mounts() -> Primitive {
    let pid = Parameter<ProcessTarget?>("pid", "Whose mounts.", shown: "this process")
    return Primitive(
        "fs.mounts", "Lists the mounts in sight.", positional: [pid.any],
        returns: "a list of tables: id, parent, target, source, type, options, propagation",
        gives: [
            "{ id: integer, parent: integer, target: string, source: string, type: string, options: string, propagation: string }[]"
        ], shell: "cat /proc/{pid|self}/mountinfo", see: ["proc_pid_mountinfo(5)"],
        fails: ["ENOENT": "there is no such process, or no /proc in sight"],
        example: "for _, mount in ipairs(fs.mounts()) do print(mount.target, mount.type, mount.source) end"
    ) { call in
        let entries = try MountTable.read(of: try call[pid]?.pid)
        return [
            .value(
                .list(
                    entries.map { entry in
                        .record([
                            "id": .count(entry.identifier), "parent": .count(entry.parent),
                            "target": .bytes(entry.target.bytes), "source": .bytes(entry.source),
                            "type": .text(entry.type), "options": .text(entry.options),
                            "propagation": .text(entry.propagation),
                        ])
                    }))
        ]
    }
}
