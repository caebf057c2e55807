public import Kernel
public import LuaHost

/// `dev`: device files.
func deviceModule(_ holdings: Holdings) -> Module {
    Module(
        "dev", "Device files.",
        [Declaration("populate", populate(holdings)), Declaration("node", node())], kinds: [MountHandle.kind])
}

extension DeviceNode.Kind: ArgumentType {
    public static var typeName: String { "kind of device file" }
    public static func read(_ slot: Slot) throws -> DeviceNode.Kind {
        try read(slot, choices: "\"c\" (character), \"b\" (block) or \"p\" (pipe)")
    }
}

private func populate(_ holdings: Holdings) -> Primitive {
    let root = Parameter<Path>("root", "The root of a container; its dev is made where missing.")
    let memory = Parameter<Capacity>(
        "shm", "How much /dev/shm holds.", default: Capacity(bytes: 64 << 20))
    let queues = Parameter<Bool>(
        "mqueue", "Mounts the message queues of this ipc namespace at /dev/mqueue.", default: true)
    let terminal = Parameter<TerminalHandle?>(
        "terminal", "What is /dev/console, as of term.open.", shown: "there is none")
    return Primitive(
        "dev.populate", "Mounts a /dev with the devices that every program expects.", positional: [root.any],
        options: [memory.any, queues.any, terminal.any],
        returns: "a mount handle",
        gives: ["tupper.mount"],
        shell: "mount -t tmpfs -o nosuid,mode=755 tmpfs {root}/dev && mknod ... && mount -t devpts ...",
        see: ["mknod(2)", "devpts(5)"],
        fails: ["EPERM": "no CAP_SYS_ADMIN over this mount namespace", "ENOENT": "the root is missing"],
        example: """
            dev.populate "rootfs"
            print(table.concat(fs.list "rootfs/dev", " "))
            """
    ) { call in
        var devices = DeviceDirectory()
        devices.sharedMemory = try call[memory].bytes
        devices.hasMessageQueues = try call[queues]
        devices.console = try call[terminal]?.terminal
        let place = try call[root]
        let (made, notes) = try holdings.mounting { try devices.mount(in: place) }
        return [.handle(MountHandle(made, notes: notes, holdings))]
    }
}

private func node() -> Primitive {
    let path = Parameter<Path>("path", "Where to make it; nothing may be there.")
    let kind = Parameter<DeviceNode.Kind>(
        "kind", "c for a character device, b for a block device, p for a pipe.")
    let major = Parameter<Int64>("major", "The driver's number.", default: 0)
    let minor = Parameter<Int64>("minor", "The device's number.", default: 0)
    let mode = Parameter<Mode>("mode", "The permissions.", default: Mode(bits: 0o666))
    let root = Parameter<Path?>(
        "root", "The directory whose links cannot lead outside: the path is resolved inside.",
        shown: "the path is an ordinary one")
    return Primitive(
        "dev.node", "Makes a device file or a named pipe.",
        positional: [path.any, kind.any, major.any, minor.any],
        options: [mode.any, root.any], leaves: "The device file.",
        shell: "mknod -m {mode} {path} {kind} {major} {minor}", see: ["mknod(2)"],
        fails: [
            "EPERM": "only root outside of user namespaces makes device files",
            "EEXIST": "something stands there already",
        ], example: #"dev.node("rootfs/dev/null", "c", 1, 3)"#
    ) { call in
        guard let major = UInt32(exactly: try call[major]), let minor = UInt32(exactly: try call[minor]),
            let node = DeviceNode(try call[kind], major: major, minor: minor, mode: try call[mode].bits)
        else { throw ArgumentError("a major number from 0 to 4095 and a minor one from 0 to 1048575 wanted") }
        try node.make(at: try call[path], in: try call[root])
        return []
    }
}
