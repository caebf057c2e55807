internal import CKernel
internal import Glibc

/// Where this process is among namespaces: which it was started in, and which this program has made.
extension Namespace {
    /// The kinds whose kernel parameters can be set.
    private static let parameterized: NamespaceSet = [.net, .ipc, .uts, .user]

    /// The namespaces that this program was started in, noted before the first step out of them: their identifiers by
    /// the kind's place in `allCases`, 0 where none is noted.
    nonisolated(unsafe) private static var origin = InlineArray<8, UInt64>(repeating: 0)
    nonisolated(unsafe) private static var noted: NamespaceSet = []

    /// Notes where this program was started, as far as `namespaces` leave it.
    static func noteOrigin(before namespaces: NamespaceSet) {
        let kinds = unsafe namespaces.intersection(parameterized).subtracting(noted)
        if kinds.isEmpty { return }
        unsafe noted = noted.union(kinds)
        let process = Descriptor(owning: ck_pidfd_open(getpid()))
        for kind in kinds.kinds {
            let own = (try? kind.identifier(by: process)) ?? (try? kind.identifier())
            unsafe origin[kind.place] = own ?? 0
        }
    }

    /// Whether this process is in the namespace that the program was started in, or cannot tell that it is not.
    public func isOriginal() throws(SystemCallError) -> Bool {
        if isOwn { return false }
        let first = unsafe Self.origin[place]
        return first == 0 ? true : try identifier() == first
    }

    /// The kinds of which this process is in one that this program made.
    nonisolated(unsafe) private static var made: NamespaceSet = []

    /// Notes that this process is in new namespaces, or in others.
    static func note(_ namespaces: NamespaceSet, areNew: Bool) {
        unsafe made = areNew ? made.union(namespaces) : made.subtracting(namespaces)
        MountNamespace.moved()
        if namespaces.contains(.mount) { MountNamespace.noteJoined(ofChild: false) }
        NetworkNamespace.moved()
    }

    /// Whether this process is in a namespace that goes when this program and its children have gone.
    public var isOwn: Bool { unsafe Self.made.contains(self) }
}
