internal import Kernel
internal import LuaHost

/// A network link, known by its index in its namespace.
final class LinkHandle: HeldHandle {
    static let kindName = "link"
    let placed: PlacedLink
    private(set) var holding: Holding
    private let holdings: Holdings
    /// Whether the script made it, so that what is set on it goes when it goes.
    fileprivate let isMade: Bool

    private init(_ placed: PlacedLink, _ holding: Holding, isMade: Bool, _ holdings: Holdings) {
        self.placed = placed
        self.holding = holding
        self.isMade = isMade
        self.holdings = holdings
    }

    /// A link that was there before.
    static func found(_ link: Link, _ holdings: Holdings) throws -> LinkHandle {
        LinkHandle(PlacedLink(link, in: try .current()), Holding.nothing, isMade: false, holdings)
    }

    /// Links that were made together and go together, deleted when any of them is released.
    static func made(_ placed: [PlacedLink], _ note: JournalNote?, _ holdings: Holdings) -> [LinkHandle] {
        // They may be renamed.
        let label = "link \(placed.map(\.link.name).joined(separator: " and "))"
        let holding = holdings.hold(
            label, notes: note.map { [$0] } ?? [], shell: placed.first?.shellToDelete
        ) {
            for one in placed { try one.delete() }
        }
        return placed.map { LinkHandle($0, holding, isMade: true, holdings) }
    }

    /// One link that was made.
    static func made(_ placed: PlacedLink, _ note: JournalNote?, _ holdings: Holdings) -> LinkHandle {
        let label = "link \(placed.link.name)"
        let holding = holdings.hold(
            label, notes: note.map { [$0] } ?? [], shell: placed.shellToDelete
        ) {
            try placed.delete()
        }
        return LinkHandle(placed, holding, isMade: true, holdings)
    }

    var label: String { placed.link.name }

    /// Gives it an address, taken away again when a link that was there before is released.
    func add(_ address: NetworkAddress) throws {
        let note =
            isMade || Namespace.net.isOwn
            ? nil
            : holdings.journal.note(
                .address("\(address)", link: placed.link.index, namespace: placed.place.number))
        try holdings.make(note) {
            try placed.change { link throws(SystemCallError) in try LinkAddress.add(address, to: link) }
        }
        let label = "address \(address)"
        guard !isMade else {
            return placed.note(
                "\(label) of link \(self.label)", holdings, shell: { $0.shellToRemove(address) }
            ) { try $0.remove(address) }
        }
        note?.confirm("")
        if !holding.isHeld {
            let (given, placed) = (GivenAddresses(), placed)
            self.given = given
            let ours = "addresses of \(self.label)"
            holding = holdings.hold(
                ours, notes: given.notes, hasParts: true, shell: given.shell(placed)
            ) {
                try given.takeAway(from: placed)
            }
        }
        given.addresses.append(address)
        if let note { given.notes.append(note) }
        placed.note("\(label) of link \(self.label)", holdings, shell: { $0.shellToRemove(address) }) {
            [given, holding] placed in
            try given.remove(address, from: placed)
            if given.addresses.isEmpty { holding.keep() }
        }
    }

    private var given = GivenAddresses()

    fileprivate func change(
        _ what: String, shell: @escaping (_ to: Link) -> String,
        _ body: (Link) throws(SystemCallError) -> Void,
        back: @escaping (_ to: Link, Link) throws(SystemCallError) -> Void
    ) throws { try placed.change(what, holdings, shell: shell, body, back: back) }

    fileprivate func set(up isUp: Bool) throws {
        try change("state", shell: { $0.isUp ? "up" : "down" }) { link throws(SystemCallError) in
            try link.set(up: isUp)
        } back: { before, link throws(SystemCallError) in
            try link.set(up: before.isUp)
        }
    }

    /// `hairpin` is nil for what suits: a container of a machine with br_netfilter reaches its own published ports only so.
    /// Without need it would have its own broadcasts back, which a bridge inside it takes for another's.
    fileprivate func attach(to master: Int32, hairpin: Bool? = nil) throws {
        try change(
            "bridge",
            shell: { before in
                (try? Link.numbered(before.master)).map { "master \(shellQuoted($0.name))" } ?? "nomaster"
            }
        ) { link throws(SystemCallError) in
            try link.attach(to: master)
            if let hairpin { return try link.set(hairpin: hairpin) }
            // What it is attached to may be no bridge.
            if master != 0, link.kind == "veth", Link.areBridgesFiltered { try? link.set(hairpin: true) }
        } back: { before, link throws(SystemCallError) in
            try link.attach(to: before.master)
        }
    }

    func field(_ name: String) throws -> Value? {
        guard Self.fields.contains(where: { $0.name == name }) else { return nil }
        return try placed.perform { link throws(SystemCallError) in link.field(name) }
    }

    static let fields = [
        ("name", "string", "Its name."), ("index", "integer", "Its number."),
        ("mac", "string?", "Its hardware address."), ("mtu", "integer", "The largest packet, in bytes."),
        ("is_up", "boolean", "Whether it is up."), ("kind", "string?", "Its kind, as in veth."),
        ("master", "string?", "The name of the bridge it is attached to."),
    ].map { (name: $0.0, type: $0.1, summary: $0.2) }

    static var kind: Kind {
        Kind(
            kindName, "A network link; one that was made is deleted when released.",
            fields: fields,
            linkMethods()
                + holdingMethods(
                    LinkHandle.self, made: "local link = net.veth { name = \"h1\", peer = \"c1\" }"))
    }
}

extension Link {
    func field(_ name: String) -> Value? {
        switch name {
        case "name": .text(self.name)
        case "index": .integer(Int64(index))
        case "mac": mac.isEmpty ? .absent : .text(mac)
        case "mtu": .integer(Int64(mtu))
        case "up", "is_up": .boolean(isUp)
        case "kind": kind.isEmpty ? .absent : .text(kind)
        case "master": master == 0 ? .absent : .text((try? Link.numbered(master).name) ?? "\(master)")
        default: nil
        }
    }

    /// As a plain table.
    var value: Value {
        .table(
            ["name", "index", "mac", "mtu", "up", "kind", "master"].compactMap { name in
                guard let value = field(name), value != .absent else { return nil }
                return .init(.text(name), value)
            })
    }
}

/// Runs `body`; a refusal with one of these codes means that it is done already.
func ignoring(_ codes: String..., body: () throws -> Void) throws {
    do { try body() } catch let error as SystemCallError where codes.contains(error.code) {}
}

/// The methods of a link; each returns it, so that calls can be chained.
private func linkMethods() -> [Declaration] {
    let name = Parameter<LinkName>("name", "The new name.")
    let process = Parameter<ProcessTarget>("process", "A pid, or a handle of a process.")
    let bridge = Parameter<LinkReference>("bridge", "The bridge, or its name.")
    let hairpin = Parameter<Bool?>(
        "hairpin",
        "Whether the bridge sends packets back to it, as to a container that asks for its own published port.",
        shown: "for one end of a pair, where the kernel has br_netfilter switched on")
    let address = Parameter<InterfaceAddress>("address", "The address with its prefix, as in 10.0.0.2/24.")
    let mtu = Parameter<Int64?>("mtu", "The largest packet, in bytes.", shown: "unchanged")
    let mac = Parameter<HardwareAddress?>("mac", "The hardware address.", shown: "unchanged")
    return [
        method(
            "up", "Takes it up.", shell: "ip link set {self} up",
            example: "net.veth { name = \"h1\", peer = \"c1\" }:up()"
        ) {
            handle, _ in try handle.set(up: true)
        },
        method("down", "Takes it down.", shell: "ip link set {self} down", example: "net.link \"lo\":down()")
        { handle, _ in try handle.set(up: false) },
        method(
            "rename", "Gives it another name.", [name.any], shell: "ip link set {self} name {name}",
            fails: ["EEXIST": "a link of that name is there", "EBUSY": "the link is up"],
            example: "net.veth { name = \"h1\", peer = \"c1\" }:rename \"eth0\":up()"
        ) {
            handle, call in
            let name = try call[name].text
            try handle.change("name", shell: { "name \(shellQuoted($0.name))" }) {
                link throws(SystemCallError) in
                try link.rename(name)
            } back: { before, link throws(SystemCallError) in
                try link.rename(before.name)
            }
            try handle.placed.perform { _ in }
        },
        method(
            "move",
            "Moves it into the network namespace of a process.",
            [process.any],
            shell: "ip link set {self} netns {process}",
            fails: ["ESRCH": "the process has ended", "EEXIST": "a link of that name is there"],
            example: "local box <close> = ns.spawn({ \"net\" }, function(parent) parent:receive() end)\n"
                + "-- Ten times faster: net.veth { name = \"h1\", peer = \"c1\", inside = box }\n"
                + "local ours, theirs = net.veth { name = \"h1\", peer = \"c1\" }\ntheirs:move(box)"
        ) { handle, call in try handle.placed.move(to: try call[process].pid) },
        method(
            "attach", "Attaches it to a bridge.", [bridge.any], options: [hairpin.any],
            shell:
                "ip link set {self} master {bridge} [&& bridge link set dev {self} hairpin {hairpin?on:off}]",
            fails: ["ENODEV": "there is no such bridge", "EOPNOTSUPP": "it is no bridge"],
            example: "net.veth { name = \"h1\", peer = \"c1\" }:attach(net.bridge \"tupper0\")"
        ) {
            handle, call in
            let master = try call[bridge].index(beside: handle.placed)
            try handle.attach(to: master, hairpin: try call[hairpin])
        },
        method(
            "detach", "Detaches it from its bridge.", shell: "ip link set {self} nomaster",
            example:
                "local bridge = net.bridge \"tupper0\"\nnet.veth { name = \"h1\", peer = \"c1\" }:attach(bridge):detach()"
        ) { handle, _ in try handle.attach(to: 0) },
        method(
            "address", "Gives it an address, until the handle is released.", [address.any],
            shell: "ip address add {address} dev {self}",
            fails: ["EEXIST": "it has that address"],
            example: "net.veth { name = \"h1\", peer = \"c1\" }:address \"10.9.8.7/24\""
        ) {
            handle, call in try handle.add(try call[address].address)
        },
        method(
            "set", "Changes its settings.", options: [mtu.any, mac.any],
            shell: "ip link set {self} [mtu {mtu}] [address {mac}]",
            fails: [
                "EINVAL": "the value is out of range", "EADDRNOTAVAIL": "this is no address of one machine",
            ],
            example:
                "net.veth { name = \"h1\", peer = \"c1\" }:set { mtu = 1400, mac = \"02:00:00:00:00:01\" }"
        ) { handle, call in
            let (mtu, mac) = (try call[mtu].map(exactMTU), try call[mac]?.bytes)
            guard mtu != nil || mac != nil else { throw ArgumentError("option 'mtu' or 'mac' wanted") }
            try handle.change(
                "settings",
                shell: { before in
                    [mtu.map { _ in "mtu \(before.mtu)" }, mac.map { _ in "address \(before.mac)" }]
                        .compactMap { $0 }.joined(separator: " ")
                }
            ) { link throws(SystemCallError) in
                try link.set(mtu: mtu, mac: mac)
            } back: { before, link throws(SystemCallError) in
                try link.set(
                    mtu: mtu == nil ? nil : before.mtu, mac: mac == nil ? nil : before.hardwareAddress)
            }
        },
        method(
            "delete", "Deletes it.", options: [GuardRails.others.any], shell: "ip link delete {self}",
            fails: ["EOPNOTSUPP": "a link of this kind cannot be deleted"],
            example: "net.veth { name = \"h1\", peer = \"c1\" }:delete()"
        ) { handle, call in
            if !handle.isMade { try GuardRails.checkDelete(handle.placed, call) }
            try handle.placed.change { link throws(SystemCallError) in try link.delete() }
            handle.holding.keep()
            handle.placed.isGone()
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
    shell: ShellLine, fails: @autoclosure @escaping () -> KeyValuePairs<String, String> = [:],
    example: String,
    _ body: @escaping (LinkHandle, Call) throws -> Void
) -> Declaration {
    Declaration(
        name,
        Primitive(
            "link:\(name)", summary, positional: positional, options: options, returns: "the link",
            gives: ["tupper.link"], shell: shell, see: ["rtnetlink(7)"],
            fails: fails().isEmpty ? ["EPERM": "no CAP_NET_ADMIN over its network namespace"] : fails(),
            example: example
        ) { call in
            let link = try call.receiver(LinkHandle.self)
            try body(link, call)
            return [.handle(link)]
        })
}
