internal import Glibc

/// A name in a directory, or a whole path, as C takes it.
struct FileName: Hashable {
    /// The bytes and a NUL.
    let characters: [CChar]

    init(_ bytes: [UInt8]) {
        characters = unsafe [CChar](unsafeUninitializedCapacity: bytes.count + 1) { buffer, count in
            for index in bytes.indices { unsafe buffer[index] = CChar(bitPattern: bytes[index]) }
            unsafe buffer[bytes.count] = 0
            count = bytes.count + 1
        }
    }

    /// Without the NUL.
    var bytes: [UInt8] { characters.dropLast().map { UInt8(bitPattern: $0) } }

    /// As messages show it.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    static let here = FileName([UInt8(ascii: ".")])
    static let parent = FileName([UInt8(ascii: "."), UInt8(ascii: ".")])
    static let none = FileName([])
}
