internal import Kernel
internal import LuaHost

/// The primitives of `fs` that make disks out of files.
func imagePrimitives(_ holdings: Holdings) -> [Declaration] {
    [Declaration("image", image()), Declaration("loop", loop(holdings))]
}

private func image() -> Primitive {
    let path = Parameter<Path>("path", "The file to make; it must not exist.")
    let size = Parameter<Size>("size", "How large the disk is; the file takes only what is used.")
    let format = Parameter<String?>("format", "The filesystem, for mkfs.FORMAT.", shown: "an empty disk")
    return Primitive(
        "fs.image", "Makes a sparse file with a filesystem in it.", positional: [path.any],
        options: [size.any, format.any],
        returns: "a table: path, size, format",
        gives: ["{ path: string, size: integer, format: string? }"], leaves: "The file.",
        shell: "truncate -s {size} {path} [&& mkfs.{format} -q {path}]", see: ["truncate(1)", "mkfs(8)"],
        fails: [
            "EEXIST": "the file is there already", "ENOENT": "the directory or mkfs.FORMAT is missing",
            "ENOSPC": "the disk is full",
        ],
        example: """
            local disk = fs.image("new.img", { size = "200M", format = "btrfs" })
            print(disk.size)
            """
    ) { call in
        let (file, bytes, kind) = (try call[path], try call[size].bytes, try call[format])
        if let kind, !kind.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) || $0 == 46 })
        {
            throw ArgumentError("option 'format': a filesystem's name such as \"btrfs\" wanted")
        }
        try DiskImage.make(file, size: bytes, format: kind)
        return [
            .value(
                .record([
                    "path": .bytes(file.bytes), "size": .integer(bytes),
                    "format": kind.map(Value.text) ?? .absent,
                ]))
        ]
    }
}

private func loop(_ holdings: Holdings) -> Primitive {
    let file = Parameter<Path>("file", "The file to show as a block device.")
    let readonly = Parameter<Bool>("readonly", "Refuses writing.", default: false)
    return Primitive(
        "fs.loop", "Attaches a file to a loop device.", positional: [file.any], options: [readonly.any],
        returns: "a handle with .device", gives: ["tupper.loop"],
        shell: "losetup -f --show {readonly?-r:} {file}", see: ["loop(4)"],
        fails: ["ENOENT": "the file or /dev/loop-control is missing", "EACCES": "this needs root"],
        example: """
            local device <close> = fs.loop("disk.img", { readonly = true })
            print(device.device)
            """
    ) { call in
        let device = try LoopDevice.attach(try call[file], readonly: try call[readonly])
        return [.handle(LoopHandle(device, holdings))]
    }
}
