internal import Kernel
internal import LuaHost

/// A mount that was made.
final class MountHandle: HeldHandle {
    static let kindName = "mount"
    let mount: Mount
    let holding: Holding

    init(_ mount: Mount, notes: [JournalNote], _ holdings: Holdings) {
        self.mount = mount
        holding = holdings.hold(
            "mount \(mount.path)", notes: notes,
            shell: mount.isInPlace ? "umount \(shellQuoted(mount.path.string))" : nil
        ) {
            do { try mount.unmount() } catch let error as SystemCallError
                where error.code == "EPERM" && Namespace.mount.isOwn
            {
                // Who has given up the right meanwhile leaves it to the end of the namespace.
            }
        }
        holding.isGone = { mount.isGone }
    }

    var label: String { mount.path.string }

    func field(_ name: String) -> Value? {
        switch name {
        case "target": .bytes(mount.path.bytes)
        case "id": .count(mount.identifier)
        default: nil
        }
    }

    static var kind: Kind {
        Kind(
            kindName, "A mount that was made; unmounted when released.",
            fields: [
                ("target", "string", "Where it stands, an absolute path."),
                ("id", "integer", "Its number in the mount table."),
            ], holdingMethods(MountHandle.self, made: "local mount = fs.tmpfs \"/mnt\""))
    }
}

/// A part of the tree that is mounted nowhere yet.
final class TreeHandle: HeldHandle {
    static let kindName = "tree"
    private let content: Content
    let source: Path
    let holding: Holding
    private let holdings: Holdings

    private final class Content {
        var mount: DetachedMount?
        init(_ mount: consuming DetachedMount) { self.mount = consume mount }
    }

    init(_ mount: consuming DetachedMount, of source: Path, _ holdings: Holdings) {
        let content = Content(mount)
        self.content = content
        self.source = source
        self.holdings = holdings
        holding = holdings.hold("tree \(source.string)") { content.mount = nil }
    }

    var label: String { source.string }

    static var kind: Kind {
        Kind(
            kindName, "A part of the tree, mounted nowhere yet; let go when released.",
            [Declaration("attach", attach())]
                + holdingMethods(TreeHandle.self, made: "local tree = fs.tree \"tree\""))
    }

    private static func attach() -> Primitive {
        let target = Parameter<Path>("target", "Where to show it.")
        let place = TargetOptions()
        return Primitive(
            "tree:attach", "Shows it at a place, once.", positional: [target.any],
            options: [place.root.any, place.mkdir.any], returns: "a mount handle", gives: ["tupper.mount"],
            see: ["move_mount(2)"],
            fails: [
                "ENOENT": "the target is missing; `mkdir` makes it",
                "ELOOP": "the target is a link; `root` keeps links inside",
            ],
            example: """
                local tree = fs.tree("tree", { recursive = true, nosuid = true })
                tree:attach("/rootfs/data", { root = "/mnt", mkdir = true })
                """
        ) { call in
            let tree = try call.receiver(TreeHandle.self)
            guard let mount = tree.content.mount.take() else {
                throw ArgumentError("this tree was attached or released before")
            }
            return try place.attach(mount, to: try call[target], call, tree.holdings)
        }
    }
}

/// A loop device that was attached.
final class LoopHandle: HeldHandle {
    static let kindName = "loop"
    let device: String
    let holding: Holding

    init(_ device: LoopDevice, _ holdings: Holdings) {
        self.device = device.path.string
        // The closure keeps the device open; without it the kernel lets the device go.
        var open: LoopDevice? = device
        let path = self.device
        holding = holdings.hold("loop device \(path)", shell: "losetup -d \(path)") {
            if open != nil { open = nil }
        }
    }

    var label: String { device }

    func field(_ name: String) -> Value? { name == "device" ? .text(device) : nil }

    static var kind: Kind {
        Kind(
            kindName, "A loop device; detached when released and no longer mounted.",
            fields: [("device", "string", "The device's path, as in /dev/loop0.")],
            holdingMethods(LoopHandle.self, made: "local loop = fs.loop \"disk.img\""))
    }
}
