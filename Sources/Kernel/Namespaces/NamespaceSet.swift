/// Some kinds of namespace: the CLONE_NEW flags of them all. A set of bits, since every container's start comes by here.
public struct NamespaceSet: SetAlgebra, Sendable {
    /// The flags, as clone(2) takes them.
    public private(set) var flags: UInt64

    private init(flags: UInt64) { self.flags = flags }

    /// No kind.
    public init() { flags = 0 }

    /// These kinds.
    public init(_ kinds: some Sequence<Namespace>) { flags = kinds.reduce(0) { $0 | $1.flag } }

    /// The kinds, in the order of the manual.
    public var kinds: [Namespace] { Namespace.allCases.filter(contains) }

    public func contains(_ member: Namespace) -> Bool { flags & member.flag != 0 }
    public func union(_ other: NamespaceSet) -> NamespaceSet { .init(flags: flags | other.flags) }
    public func intersection(_ other: NamespaceSet) -> NamespaceSet { .init(flags: flags & other.flags) }
    public func symmetricDifference(_ other: NamespaceSet) -> NamespaceSet {
        .init(flags: flags ^ other.flags)
    }
    public mutating func formUnion(_ other: NamespaceSet) { flags |= other.flags }
    public mutating func formIntersection(_ other: NamespaceSet) { flags &= other.flags }
    public mutating func formSymmetricDifference(_ other: NamespaceSet) { flags ^= other.flags }

    @discardableResult
    public mutating func insert(_ member: Namespace) -> (inserted: Bool, memberAfterInsert: Namespace) {
        defer { flags |= member.flag }
        return (!contains(member), member)
    }

    @discardableResult
    public mutating func remove(_ member: Namespace) -> Namespace? {
        defer { flags &= ~member.flag }
        return contains(member) ? member : nil
    }

    @discardableResult
    public mutating func update(with member: Namespace) -> Namespace? {
        defer { flags |= member.flag }
        return contains(member) ? member : nil
    }
}
