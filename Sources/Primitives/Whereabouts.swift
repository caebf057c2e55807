internal import Kernel

/// Where this process is, compared with where it was when this was made.
public struct Whereabouts {
    private let start: [Namespace: UInt64]
    private let startUser: (number: UInt32, name: String?)

    /// Here.
    public init() {
        start = Self.namespaces
        // Later another /etc/passwd may be in sight.
        startUser = (Credentials.user, Accounts.name(of: Credentials.user))
    }

    /// The kinds of namespace that are others by now, in the order of the manual.
    public var changed: [String] {
        let now = Self.namespaces
        return Namespace.allCases.filter { now[$0] != start[$0] }.map(\.rawValue)
    }

    /// The hostname, what does not print left out.
    public var host: String {
        let name = (try? HostName.current().node) ?? ""
        return String(
            name.unicodeScalars.filter { $0.value > 32 && $0.value != 127 }.prefix(64).map(Character.init))
    }

    /// The user's name; nil for root.
    public var user: String? {
        let number = Credentials.user
        if number == 0 { return nil }
        return (number == startUser.number ? startUser.name : nil) ?? "\(number)"
    }

    private static var namespaces: [Namespace: UInt64] {
        var found: [Namespace: UInt64] = [:]
        for namespace in Namespace.allCases { found[namespace] = try? namespace.identifier() }
        return found
    }
}
