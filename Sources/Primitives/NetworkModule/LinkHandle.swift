internal import Kernel
internal import LuaHost

/// A network link, known by its index in the namespace it was found in.
final class LinkHandle: HeldHandle {
    static let kindName = "link"
    private(set) var link: Link
    let holding: Holding
    let holdings: Holdings
    private var hasMoved = false

    /// A link that was made, released by deleting it; or one that was there.
    init(_ link: Link, made: Bool, _ holdings: Holdings) {
        self.link = link
        self.holdings = holdings
        var delete: () throws -> Void = {}
        holding = made ? holdings.hold("link \(link.name)") { try delete() } : Holding.nothing
        delete = { [unowned self] in
            // The other end of a pair may have taken it along, or its new namespace.
            if self.hasMoved { return }
            try ignoring("ENODEV") { try self.link.delete() }
        }
        keepAlive = made ? self : nil
    }

    /// A link that was made must be there to be deleted, whatever Lua has forgotten.
    private var keepAlive: LinkHandle?

    var label: String { link.name }

    /// What the kernel knows of it now.
    func current() throws -> Link {
        link = try Link.numbered(link.index)
        return link
    }

    func move(to pid: Int32) throws {
        try link.move(to: pid)
        hasMoved = true
    }

    func field(_ name: String) throws -> Value? {
        if name == "name" { return .text(hasMoved ? link.name : try current().name) }
        guard ["index", "mac", "mtu", "is_up", "kind", "master"].contains(name) else { return nil }
        return try current().field(name)
    }

    static var kind: Kind {
        Kind(
            kindName, "A network link; one that was made is deleted when released.",
            fields: [
                ("name", "Its name."), ("index", "Its number."), ("mac", "Its hardware address."),
                ("mtu", "The largest packet."), ("is_up", "Whether it is up."),
                ("kind", "Its kind, as in veth."),
                ("master", "The name of the bridge it is attached to."),
            ], linkMethods() + holdingMethods(LinkHandle.self))
    }
}

extension Link {
    func field(_ name: String) throws -> Value? {
        switch name {
        case "name": .text(self.name)
        case "index": .integer(Int64(index))
        case "mac": .text(mac)
        case "mtu": .integer(Int64(mtu))
        case "up", "is_up": .boolean(isUp)
        case "kind": .text(kind)
        case "master": master == 0 ? .absent : .text((try? Link.numbered(master).name) ?? "\(master)")
        default: nil
        }
    }

    /// As a plain table.
    func value() throws -> Value {
        .table(
            try ["name", "index", "mac", "mtu", "up", "kind", "master"].compactMap { name in
                guard let value = try field(name), value != .absent else { return nil }
                return .init(.text(name), value)
            })
    }
}

/// Runs `body`; a refusal with one of these codes means that it is done already.
func ignoring(_ codes: String..., body: () throws -> Void) throws {
    do { try body() } catch let error as SystemCallError where codes.contains(error.code) {}
}

/// The methods of a link; each returns it, so that calls can be chained.
private func linkMethods() -> [Primitive] {
    let name = Parameter<LinkName>("name", "The new name.")
    let process = Parameter<ProcessTarget>("process", "A pid, or a handle of a process.")
    let bridge = Parameter<LinkReference>("bridge", "The bridge, or its name.")
    let address = Parameter<NetworkAddress>("address", "The address with its prefix, as in 10.0.0.2/24.")
    let mtu = Parameter<Int64?>("mtu", "The largest packet, in bytes.", shown: "unchanged")
    let mac = Parameter<HardwareAddress?>("mac", "The hardware address.", shown: "unchanged")
    return [
        method("up", "Takes it up.", shell: "ip link set {self} up") { link, _ in
            try link.current().set(up: true)
        },
        method("down", "Takes it down.", shell: "ip link set {self} down") { link, _ in
            try link.current().set(up: false)
        },
        method("rename", "Gives it another name.", [name], shell: "ip link set {self} name {name}") {
            link, call in
            try link.current().rename(try call[name].text)
        },
        method(
            "move", "Moves it into the network namespace of a process.", [process],
            shell: "ip link set {self} netns {process}"
        ) { link, call in try link.move(to: try call[process].pid) },
        method("attach", "Attaches it to a bridge.", [bridge], shell: "ip link set {self} master {bridge}") {
            link, call in try link.current().attach(to: try call[bridge].link.index)
        },
        method("detach", "Detaches it from its bridge.", shell: "ip link set {self} nomaster") { link, _ in
            try link.current().attach(to: 0)
        },
        method("address", "Gives it an address.", [address], shell: "ip address add {address} dev {self}") {
            link, call in
            let (given, found) = (try call[address], try link.current())
            try LinkAddress.add(given, to: found)
            _ = link.holdings.hold("address \(given) of \(found.name)") {
                try ignoring("ENODEV", "EADDRNOTAVAIL") { try LinkAddress.remove(given, from: found) }
            }
        },
        method(
            "set", "Changes its settings.", options: [mtu, mac],
            shell: "ip link set {self} [mtu {mtu}] [address {mac}]"
        ) { link, call in
            try link.current().set(mtu: try call[mtu].map(exactMTU), mac: try call[mac]?.bytes)
        },
        method("delete", "Deletes it.", shell: "ip link delete {self}") { link, _ in
            try link.current().delete()
            link.holding.keep()
        },
    ]
}

/// A largest packet that fits the kernel's type.
func exactMTU(_ number: Int64) throws -> UInt32 {
    guard let exact = UInt32(exactly: number), exact > 0 else {
        throw ArgumentError("option 'mtu': a number of bytes wanted, got \(number)")
    }
    return exact
}

private func method(
    _ name: String, _ summary: String, _ positional: [AnyParameter] = [], options: [AnyParameter] = [],
    shell: ShellLine, _ body: @escaping (LinkHandle, Call) throws -> Void
) -> Primitive {
    Primitive(
        "link:\(name)", summary, positional: positional, options: options, returns: "the link", shell: shell,
        see: ["rtnetlink(7)"]
    ) { call in
        let link = try call.receiver(LinkHandle.self)
        try body(link, call)
        return [.handle(link)]
    }
}
