/// The kinds of link that a kernel may have.
public enum LinkKinds {
    /// Their names, in the order of the bits that ``made()`` returns.
    public static let names = ["veth", "bridge", "dummy", "macvlan", "vlan", "vxlan", "tap"]

    /// Makes one of each in this network namespace, which should be one that goes soon; a bit for each that could be made.
    public static func made() -> Int32 {
        let pair = try? Link.makePair("tupper0", "tupper1")
        var above = Link.Settings()
        above.lower = pair?.0.index
        var (tagged, tunnel, shared) = (above, Link.Settings(), above)
        tagged.set(vlan: 7)
        tunnel.set(vxlan: 7, remote: nil, port: 4789)
        shared.setMacvlanBridge()
        let found: [Bool] = [
            pair != nil, (try? Link.make("tupper2", kind: "bridge")) != nil,
            (try? Link.make("tupper3", kind: "dummy")) != nil,
            (try? Link.make("tupper4", kind: "macvlan", shared)) != nil,
            (try? Link.make("tupper5", kind: "vlan", tagged)) != nil,
            (try? Link.make("tupper6", kind: "vxlan", tunnel)) != nil, (try? Tap.make("tupper7")) != nil,
        ]
        return found.enumerated().reduce(0) { $0 | ($1.element ? 1 << Int32($1.offset) : 0) }
    }
}
