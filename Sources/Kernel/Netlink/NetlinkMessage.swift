/// A message of netlink(7) that grows as attributes are added.
struct NetlinkMessage {
    private(set) var bytes: [UInt8]
    private let type: UInt16

    /// A request with its fixed part.
    init(_ type: UInt16, _ flags: UInt16, _ fixed: [UInt8]) {
        self.type = type
        // NLM_F_REQUEST, NLM_F_ACK; the length is filled in at the end.
        bytes = Self.bytes(UInt32(0)) + Self.bytes(type) + Self.bytes(flags | 0x5)
        bytes += Self.bytes(UInt32(1)) + Self.bytes(UInt32(0)) + fixed
    }

    /// The request's name in rtnetlink(7).
    var name: String {
        let things = ["LINK", "ADDR", "ROUTE"]
        let verbs = ["RTM_NEW", "RTM_DEL", "RTM_GET", "RTM_SET"]
        let (thing, verb) = (Int(type) / 4 - 4, Int(type) % 4)
        return things.indices.contains(thing) ? verbs[verb] + things[thing] : "RTM_\(type)"
    }

    mutating func add(_ type: UInt16, _ content: [UInt8]) {
        bytes += Self.bytes(UInt16(truncatingIfNeeded: content.count + 4)) + Self.bytes(type) + content
        pad()
    }

    mutating func add(_ type: UInt16, _ number: UInt32) { add(type, Self.bytes(number)) }
    mutating func add(_ type: UInt16, text: String) { add(type, Array(text.utf8) + [0]) }

    /// Attributes inside an attribute, behind `fixed` bytes.
    mutating func nest(_ type: UInt16, fixed: [UInt8] = [], _ body: (inout NetlinkMessage) -> Void) {
        let start = bytes.count
        bytes += [0, 0] + Self.bytes(type) + fixed
        body(&self)
        let length = Self.bytes(UInt16(truncatingIfNeeded: bytes.count - start))
        bytes.replaceSubrange(start..<start + 2, with: length)
    }

    /// The whole message, its length filled in.
    var finished: [UInt8] { Self.bytes(UInt32(bytes.count)) + bytes.dropFirst(4) }

    private mutating func pad() { while bytes.count % 4 != 0 { bytes.append(0) } }

    static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}

/// Bytes received, read without trust: what is missing reads as zero or not at all.
struct NetlinkBytes {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    func number(at offset: Int, _ size: Int = 4) -> UInt32 {
        var (number, shift): (UInt32, UInt32) = (0, 0)
        for byte in bytes.dropFirst(offset).prefix(size) {
            number |= UInt32(byte) << shift
            shift += 8
        }
        return number
    }

    var text: String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }

    func from(_ offset: Int) -> NetlinkBytes { NetlinkBytes(bytes.dropFirst(offset)) }

    /// The attributes that start at `offset`.
    func attributes(at offset: Int = 0) -> NetlinkAttributes { NetlinkAttributes(from(offset)) }
}

/// The attributes of a message, by type; one whose length is nonsense ends the list.
struct NetlinkAttributes {
    private let all: NetlinkBytes

    init(_ all: NetlinkBytes) { self.all = all }

    /// Looked for one by one: there are few, and fewer are asked for. Of several the last counts.
    subscript(_ type: UInt32) -> NetlinkBytes? {
        var found: NetlinkBytes?
        var rest = all
        while rest.bytes.count >= 4 {
            let length = Int(rest.number(at: 0, 2))
            guard length >= 4, length <= rest.bytes.count else { break }
            // The two highest bits of a type are flags.
            if rest.number(at: 2, 2) & 0x3fff == type {
                found = NetlinkBytes(rest.bytes.prefix(length).dropFirst(4))
            }
            rest = rest.from((length + 3) & ~3)
        }
        return found
    }
}
