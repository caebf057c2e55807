/// What a run can make on the host that outlives a killed process.
public enum JournalThing: Sendable, Equatable {
    /// A mount, known before it is attached: its number in the mount table, the one that no other mount has (0 where
    /// the kernel has none), the mount namespace.
    case mount(path: [UInt8], identifier: UInt64, unique: UInt64, namespace: UInt64)
    /// A link by its name and kind, in the network namespace with a cookie; so the rest.
    case link(name: String, kind: String, namespace: UInt64)
    case address(String, link: Int32, namespace: UInt64)
    case route(to: String, via: String, link: Int32, namespace: UInt64)
    case firewall(table: String, namespace: UInt64)
    case parameter(name: String, before: String, after: String, namespace: UInt64)
    /// The directory of a control group.
    case group(path: String)

    /// Its words in a journal.
    var words: [[UInt8]] {
        func text(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
        switch self {
        case .mount(let path, let identifier, let unique, let namespace):
            return text("mount", "\(identifier)", "\(unique)", "\(namespace)") + [path]
        case .link(let name, let kind, let namespace): return text("link", "\(namespace)", name, kind)
        case .address(let address, let link, let namespace):
            return text("address", "\(namespace)", "\(link)", address)
        case .route(let to, let via, let link, let namespace):
            return text("route", "\(namespace)", "\(link)", to, via)
        case .firewall(let table, let namespace): return text("firewall", "\(namespace)", table)
        case .parameter(let name, let before, let after, let namespace):
            return text("parameter", "\(namespace)", name, before, after)
        case .group(let path): return text("group", path)
        }
    }

    /// Reads them back; nil where they are none.
    init?(_ words: [[UInt8]]) {
        let text = words.map { String(decoding: $0, as: UTF8.self) }
        func number(_ index: Int) -> UInt64? { UInt64(text[index]) }
        switch (text.first, words.count) {
        case ("mount", 5):
            guard let identifier = number(1), let unique = number(2), let namespace = number(3) else {
                return nil
            }
            self = .mount(path: words[4], identifier: identifier, unique: unique, namespace: namespace)
        case ("group", 2): self = .group(path: text[1])
        case (let kind?, 3...):
            guard let namespace = number(1), let thing = Self(kind, text, namespace) else { return nil }
            self = thing
        default: return nil
        }
    }

    /// Those of a network namespace.
    private init?(_ kind: String, _ text: [String], _ namespace: UInt64) {
        switch (kind, text.count) {
        case ("link", 4): self = .link(name: text[2], kind: text[3], namespace: namespace)
        case ("address", 4):
            guard let link = Int32(text[2]) else { return nil }
            self = .address(text[3], link: link, namespace: namespace)
        case ("route", 5):
            guard let link = Int32(text[2]) else { return nil }
            self = .route(to: text[3], via: text[4], link: link, namespace: namespace)
        case ("firewall", 3): self = .firewall(table: text[2], namespace: namespace)
        case ("parameter", 5):
            self = .parameter(name: text[2], before: text[3], after: text[4], namespace: namespace)
        default: return nil
        }
    }

    /// As people read it.
    public var text: String {
        switch self {
        case .mount(let path, _, _, _): "mount \(String(decoding: path, as: UTF8.self))"
        case .link(let name, _, _): "link \(name)"
        case .address(let address, let link, _): "address \(address) of link number \(link)"
        case .route(let to, _, _, _): "route to \(to)"
        case .firewall(let table, _): "firewall table \(table)"
        case .parameter(let name, let before, _, _): "kernel parameter \(name) (it was \(before))"
        case .group(let path): "control group \(path)"
        }
    }
}

/// One line of a journal: words with spaces between, each byte that is none of text's own as `%` and two digits.
enum JournalLine {
    static func encode(_ words: [[UInt8]]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var line: [UInt8] = []
        line.reserveCapacity(96)
        for word in words {
            if !line.isEmpty { line.append(32) }
            if word.isEmpty { line.append(UInt8(ascii: "%")) }
            for byte in word {
                if byte > 32, byte < 127, byte != UInt8(ascii: "%") {
                    line.append(byte)
                } else {
                    line += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
            }
        }
        line.append(10)
        return line
    }

    static func decode(_ line: ArraySlice<UInt8>) -> [[UInt8]] {
        line.split(separator: 32).map { word in
            if Array(word) == Array("%".utf8) { return [] }
            var bytes: [UInt8] = []
            var rest = word
            while let byte = rest.popFirst() {
                let code = String(decoding: rest.prefix(2), as: UTF8.self)
                if byte == UInt8(ascii: "%"), let value = UInt8(code, radix: 16) {
                    bytes.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte)
                }
            }
            return bytes
        }
    }
}
