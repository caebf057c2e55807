internal import LuaHost

/// Finding primitives by what a person would type in a shell, as the declarations' own shell lines have it.
extension Catalogue {
    /// Commands of which no line speaks, with those that do their work there.
    private static let others: KeyValuePairs = [
        "arp": "ip address", "brctl": "ip link", "docker": "unshare", "dd": "truncate",
        "fallocate": "truncate", "findmnt": "cat /proc", "ifconfig": "ip address", "ip6tables": "nft",
        "iptables": "nft", "killall": "kill", "mke2fs": "mkfs", "pkill": "kill",
        "podman": "unshare", "rmdir": "rm", "route": "ip route", "runuser": "setpriv", "su": "setpriv",
        "systemd-nspawn": "unshare", "tee": "printf", "top": "ps", "touch": "printf", "unlink": "rm",
    ]

    /// The primitives that do the work of a command line, those first whose whole line it is; with fewer of its words
    /// where none has them all.
    func primitives(like line: String) -> [Primitive] {
        var words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        if let other = Self.others.first(where: { $0.key == words.first })?.value {
            words.replaceSubrange(..<1, with: other.split(separator: " ").map(String.init))
        }
        while !words.isEmpty {
            let found = primitives.compactMap { primitive in
                rank(primitive, words).map { (primitive, $0) }
            }
            if let best = found.map(\.1).min() {
                // What a line may also have, and what follows in it, says little beside lines that are about it.
                let shown = best < 2 ? found.filter { $0.1 < 2 } : found
                return shown.filter { $0.1 == 0 }.map(\.0) + shown.filter { $0.1 > 0 }.map(\.0)
            }
            words.removeLast()
        }
        return []
    }

    /// The commands that lines speak of.
    var commands: [String] {
        Self.others.map(\.key)
            + primitives.flatMap { parts(of: $0).compactMap { $0.words.first } }
            .filter { $0.utf8.allSatisfy { (97...122).contains($0) } }
    }

    /// How much a primitive's shell line is about some words: 0 for all of it, 1 for its first command, 2 for another,
    /// 3 for what may be left out; nil for not at all.
    private func rank(_ primitive: Primitive, _ words: [String]) -> Int? {
        parts(of: primitive).enumerated().compactMap { index, part in
            guard matches(part.words, words) else { return nil }
            if part.isOptional { return 3 }
            return index > 0 ? 2 : part.words.count == words.count ? 0 : 1
        }.min()
    }

    /// Whether a command begins with the first word and has the others in their order, which may be cut short.
    private func matches(_ command: [String], _ words: [String]) -> Bool {
        guard let first = command.first, let wanted = words.first else { return false }
        // In mkfs.FORMAT the end is the user's choice.
        let fixed = first.prefix { !$0.isUppercase }
        let isCommand = first == wanted || (fixed.hasSuffix(".") && wanted.hasPrefix(fixed.dropLast()))
        guard isCommand else { return false }
        var rest = command.dropFirst()
        for word in words.dropFirst() {
            let index = rest.firstIndex { $0.split(separator: "|").contains { $0.hasPrefix(word) } }
            guard let index else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }

    /// The commands of a shell line, and which of them may be left out.
    private func parts(of primitive: Primitive) -> [(words: [String], isOptional: Bool)] {
        guard let line = primitive.shell?.documented else { return [] }
        var parts: [(words: [String], isOptional: Bool)] = [([], false)]
        var isInside = false
        for word in line.split(separator: " ") {
            let isFirst = parts.last?.words.isEmpty == true
            // A place below a root, as in [ROOT/]PATH, is no part by itself.
            let opens = word.hasPrefix("[") && !word.contains("/]")
            if opens, isFirst { isInside = true }
            let text = word.filter { $0 != "[" && $0 != "]" }
            if ["&&", "||", "|", ";"].contains(text) {
                parts.append(([], false))
            } else if isInside {
                if opens { parts.insert(([], true), at: parts.count - 1) }
                parts[parts.count - 2].words.append(text)
            } else if !(isFirst && (text.contains("=") || text == "exec")) {
                parts[parts.count - 1].words.append(text)
            }
            if word.hasSuffix("]") { isInside = false }
        }
        return parts.filter { !$0.words.isEmpty }
    }
}
