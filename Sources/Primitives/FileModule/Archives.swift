public import Archive
internal import Kernel
public import LuaHost

/// The primitives of `fs` that read and write archives.
func archivePrimitives() -> [Declaration] { [Declaration("unpack", unpack()), Declaration("pack", pack())] }

private func unpack() -> Primitive {
    let archive = Parameter<Path>(
        "archive", "A tar archive, plain or compressed with gzip, zstd, xz, bzip2 or lz4.")
    let directory = Parameter<Path>(
        "directory", "Where to unpack it: files there are replaced, directories kept.")
    let owner = Parameter<Bool?>(
        "owner", "Keeps owners, set-ID bits and system attributes.", shown: "true for root")
    let attributes = Parameter<Bool>("attributes", "Keeps extended attributes and ACLs.", default: true)
    let devices = Parameter<Bool>(
        "devices", "Makes device nodes; otherwise they are left out.", default: true)
    let size = Parameter<Size?>("max_size", "The most bytes of content to write.", shown: "no limit")
    let entries = Parameter<Int64?>("max_entries", "The most members.", shown: "no limit")
    return Primitive(
        "fs.unpack", "Unpacks an archive, which cannot reach outside the directory.",
        positional: [archive.any, directory.any],
        options: [owner.any, attributes.any, devices.any, size.any, entries.any],
        returns: "a table: entries, bytes",
        gives: ["{ entries: integer, bytes: integer }"], leaves: "The files.",
        shell: "tar -x -p --xattrs '--xattrs-include=*' --acls --numeric-owner -f {archive} -C {directory}",
        see: ["tar(5)", "libarchive(3)"],
        fails: [
            "ENOENT": "archive or directory is missing",
            "EFBIG": "there is more in it than `max_size` or `max_entries`",
            "EPERM": "a device node, and this is not root", "ENOSPC": "the disk is full",
        ],
        example: """
            fs.mkdir "new"
            print(fs.unpack("tree.tar", "new").entries)
            """
    ) { call in
        var unpacking = Unpacking()
        if let owner = try call[owner] { unpacking.keepsOwners = owner }
        unpacking.keepsAttributes = try call[attributes]
        unpacking.keepsDevices = try call[devices]
        if let size = try call[size] { unpacking.mostBytes = size.bytes }
        if let entries = try call[entries] { unpacking.mostEntries = entries }
        let (source, target) = (try call[archive], try call[directory])
        let summary = try explained("fs.unpack", source) { try unpacking.run(source, into: target) }
        return [.value(.record(["entries": .integer(summary.entries), "bytes": .integer(summary.bytes)]))]
    }
}

private func pack() -> Primitive {
    let directory = Parameter<Path>(
        "directory", "What to pack; links are not followed, mounts not crossed.")
    let archive = Parameter<Path>("archive", "The file to make; one that is there is replaced.")
    let compression = Parameter<Packing.Compression?>(
        "compression", "One of none, gzip, zstd, xz, bzip2, lz4.",
        shown: "by the ending .gz, .zst, .xz, .bz2 or .lz4")
    let level = Parameter<Int64?>("level", "How hard the compressor tries.", shown: "its own default")
    return Primitive(
        "fs.pack", "Packs a directory into an archive, the same tree the same way.",
        positional: [directory.any, archive.any], options: [compression.any, level.any],
        returns: "a table: entries, bytes",
        gives: ["{ entries: integer, bytes: integer }"], leaves: "The archive.",
        shell: """
            tar -c --format=pax --sort=name --xattrs --acls --numeric-owner --sparse --one-file-system \
            -a -f {archive} -C {directory} .
            """,
        see: ["tar(5)", "libarchive(3)"],
        fails: ["ENOENT": "the directory is missing", "ENOSPC": "the disk is full"],
        example: #"print(fs.pack("tree", "tree.tar.gz").bytes)"#
    ) { call in
        let (source, target) = (try call[directory], try call[archive])
        var packing = Packing(try call[compression] ?? Packing.Compression(ending: target))
        if let level = try call[level] {
            guard (0...22).contains(level) else { throw ArgumentError("option 'level': 0 to 22 wanted") }
            packing.level = Int(level)
        }
        let summary = try explained("fs.pack", target) { try packing.run(source, into: target) }
        return [.value(.record(["entries": .integer(summary.entries), "bytes": .integer(summary.bytes)]))]
    }
}

extension Packing.Compression: ArgumentType {
    public static var typeName: String { "compression" }
}

/// Turns an archive's error into a failure whose path is the member, or the archive as a whole.
private func explained<Result>(
    _ primitive: String, _ archive: Path, _ body: () throws -> Result
) throws -> Result {
    do { return try body() } catch let error as ArchiveError {
        let subject = quoted(error.member ?? archive.bytes)
        let code = error.code.map { " (\($0))" } ?? ""
        let about = error.call.map { "\($0) " } ?? (error.member == nil ? "" : "member ")
        var failure = Failure(primitive, "\(about)\(subject): \(error.reason)\(code)")
        failure.call = error.call
        failure.code = error.code
        failure.number = error.number == 0 ? nil : Int(error.number)
        failure.path = String(decoding: error.member ?? archive.bytes, as: UTF8.self)
        failure.subject = String(decoding: archive.bytes, as: UTF8.self)
        if error.call == "mknodat", error.code == "EPERM" {
            failure.hint =
                "only root outside of user namespaces makes device nodes; leave them out: devices = false"
        }
        if ["fchown", "fchownat"].contains(error.call), error.code == "EINVAL" {
            failure.hint =
                "this user namespace's map lacks the owner; map more (users = \"auto\"), or owner = false"
        }
        if error.reason.contains("leads through the symbolic link"), error.code == "ENOENT" {
            failure.hint =
                "a link is followed as if the directory were \"/\": what it leads to must be in there before"
        }
        if error.reason.hasPrefix("its access list names") {
            failure.hint = "leave access lists and extended attributes out: attributes = false"
        }
        throw failure
    }
}
