internal import Archive
internal import Kernel
internal import LuaHost
internal import SystemPackage

/// The primitives of `fs` for archives.
func archivePrimitives() -> [Primitive] { [unpack(), pack()] }

private func unpack() -> Primitive {
    let archive = Parameter<FilePath>(
        "archive", "A tar archive, plain or compressed by gzip, zstd, xz or bzip2.")
    let directory = Parameter<FilePath>("directory", "Where to; nothing outside is touched.")
    return Primitive(
        "fs.unpack", "Unpacks an archive, confined to a directory.", positional: [archive, directory],
        shell: "tar -x --numeric-owner --xattrs -p -f {archive} -C {directory}", see: ["tar(5)"]
    ) { call in
        let file = try call[archive]
        try explaining("fs.unpack", file) { try Archive.unpack(file, into: try call[directory]) }
        return []
    }
}

private func pack() -> Primitive {
    let directory = Parameter<FilePath>("directory", "What to pack.")
    let archive = Parameter<FilePath>(
        "archive", "The file; .gz, .zst or .xz at its end says how to compress it.")
    return Primitive(
        "fs.pack", "Packs a directory into a tar archive.", positional: [directory, archive],
        shell: "tar -c --numeric-owner --xattrs --one-file-system -a -f {archive} -C {directory} .",
        see: ["tar(5)"]
    ) { call in
        let file = try call[archive]
        try explaining("fs.pack", file) {
            try Archive.pack(try call[directory], into: file, Archive.Compression(name: file.string))
        }
        return []
    }
}

private func explaining(_ primitive: String, _ file: FilePath, _ body: () throws -> Void) throws {
    do { try body() } catch let error as ArchiveError {
        let about = error.member.map { ", \(quoted(Array($0.utf8)))" } ?? ""
        var failure = Failure(primitive, "\(quoted(file.bytes))\(about): \(error.words)")
        failure.path = error.member ?? file.string
        // libarchive's own numbers are below zero or stand for "damaged".
        if error.number > 0 {
            failure.code = SystemCallError.code(error.number)
            failure.number = Int(error.number)
        }
        throw failure
    }
}
