internal import Archive
internal import Kernel
internal import LuaHost
internal import SystemPackage

/// The primitives of `fs` that read and write archives.
func archivePrimitives() -> [Primitive] { [unpack()] }

private func unpack() -> Primitive {
    let archive = Parameter<FilePath>(
        "archive", "A tar archive, plain or compressed with gzip, zstd, xz, bzip2 or lz4.")
    let directory = Parameter<FilePath>(
        "directory", "Where to unpack it: files there are replaced, directories kept.")
    let owner = Parameter<Bool?>(
        "owner", "Keeps owners, set-ID bits and system attributes.", shown: "true for root")
    let attributes = Parameter<Bool>("attributes", "Keeps extended attributes and ACLs.", default: true)
    let size = Parameter<Size?>("max_size", "The most bytes of content to write.", shown: "no limit")
    let entries = Parameter<Int64?>("max_entries", "The most members.", shown: "no limit")
    return Primitive(
        "fs.unpack", "Unpacks an archive, which cannot reach outside the directory.",
        positional: [archive, directory], options: [owner, attributes, size, entries],
        returns: "a table: entries, bytes",
        shell: "tar -x -p --xattrs '--xattrs-include=*' --acls --numeric-owner -f {archive} -C {directory}",
        see: ["tar(5)", "libarchive(3)"]
    ) { call in
        var unpacking = Unpacking()
        if let owner = try call[owner] { unpacking.keepsOwners = owner }
        unpacking.keepsAttributes = try call[attributes]
        if let size = try call[size] { unpacking.mostBytes = size.bytes }
        if let entries = try call[entries] { unpacking.mostEntries = entries }
        let (source, target) = (try call[archive], try call[directory])
        let summary = try explained("fs.unpack", source) { try unpacking.run(source, into: target) }
        return [.value(.record(["entries": .integer(summary.entries), "bytes": .integer(summary.bytes)]))]
    }
}

/// Turns an archive's error into a failure whose path is the member, or the archive as a whole.
private func explained<Result>(
    _ primitive: String, _ archive: FilePath, _ body: () throws -> Result
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
        throw failure
    }
}
