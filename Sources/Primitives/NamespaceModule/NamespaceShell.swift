internal import Kernel
internal import LuaHost

/// The line of a shell that makes namespaces like those that a script asks for: unshare(1).
struct UnshareLine {
    var namespaces: NamespaceSet
    var users: UserMap?
    var timeOffsets: TimeOffsets?
    var propagation = Propagation.private
    /// Whether a child goes on, since a pid or time namespace is for processes yet to be born.
    var forks = true
    var hasInit = false
    var hasSession = false
    var hasTerminal = false
    var group: Cgroup?

    var text: String {
        var line = (["unshare"] + flags + offsets + (forks ? ["--fork"] : [])).joined(separator: " ")
        // A program to run, where it is not simply the shell.
        if namespaces.contains(.mount), propagation == .unbindable {
            line += " sh -c 'mount --make-runbindable / && exec \"$SHELL\"'"
        } else if hasInit {
            line += " tini -- \"$SHELL\""
        }
        if hasSession, !hasTerminal { line = "setsid --wait \(line)" }
        if hasTerminal { line = "script -q -c \(shellQuoted(line)) /dev/null" }
        if let group { line = "sh -c \(shellQuoted("\(group.shellToAdd("$$")) && exec \(line)"))" }
        return line
    }

    private var flags: [String] {
        var words = namespaces.kinds.map { "--\($0.rawValue)" }
        switch users {
        case nil: break
        case .root: words.append("--map-root-user")
        case .auto: words += ["--map-auto", "--map-root-user"]
        case .ranges(let ranges):
            for list in ["users", "groups"] {
                words += ranges.map { "--map-\(list)=\($0[1]),\($0[0]),\($0[2])" }
            }
        }
        // Private is what unshare(1) does by itself; unbindable it does not know.
        if namespaces.contains(.mount), propagation == .slave || propagation == .shared {
            words.append("--propagation \(propagation.rawValue)")
        }
        return words
    }

    /// Whole seconds, as unshare(1) takes them.
    private var offsets: [String] {
        guard let timeOffsets else { return [] }
        let kind = namespaces.contains(.time) ? [] : ["--time"]
        return kind + [
            "--monotonic \(Int64(timeOffsets.monotonic.rounded()))",
            "--boottime \(Int64(timeOffsets.boottime.rounded()))",
        ]
    }
}
