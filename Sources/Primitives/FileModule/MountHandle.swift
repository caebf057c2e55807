internal import Kernel
internal import LuaHost
internal import SystemPackage

/// A mount that was made.
final class MountHandle: HeldHandle {
    static let kindName = "mount"
    let mount: Mount
    let holding: Holding

    init(_ mount: Mount, _ holdings: Holdings) {
        self.mount = mount
        holding = holdings.hold("mount \(mount.path.string)") { try mount.unmount() }
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

/// A loop device that was attached.
final class LoopHandle: HeldHandle {
    static let kindName = "loop"
    let device: String
    let holding: Holding

    init(_ device: LoopDevice, _ holdings: Holdings) {
        self.device = device.path.string
        // The closure keeps the device open; without it the kernel lets the device go.
        var open: LoopDevice? = device
        holding = holdings.hold("loop device \(device.path.string)") {
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
