internal import Kernel
internal import LuaHost

/// A link and the namespace that it is in: what releasing needs after Lua has forgotten the handle.
final class PlacedLink {
    private(set) var link: Link
    private(set) var place: NetworkNamespace

    /// A link and its namespace.
    init(_ link: Link, in place: NetworkNamespace) {
        self.link = link
        self.place = place
    }

    func shellToRemove(_ address: NetworkAddress) -> String {
        "ip address delete \(address) dev \(shellQuoted(link.name))"
    }

    /// nil where it is gone.
    var shellToDelete: String? {
        (try? perform { _ in }) == nil ? nil : "ip link delete \(shellQuoted(link.name))"
    }

    /// Changes it, in its namespace.
    func change(_ body: (Link) throws(SystemCallError) -> Void) throws(SystemCallError) {
        try place.perform { () throws(SystemCallError) in try body(link) }
    }

    /// Does something with what the kernel knows of the link now, in its namespace.
    func perform<Result>(
        _ body: (Link) throws(SystemCallError) -> Result
    ) throws(SystemCallError) -> Result {
        try place.perform { () throws(SystemCallError) in
            do throws(SystemCallError) { link = try Link.numbered(link.index) } catch {
                // The number says little to whoever reads the error.
                throw SystemCallError(
                    error.call, error.number, [.init("link", link.name)], detail: error.detail)
            }
            return try body(link)
        }
    }

    /// Moves it. In its new namespace it may have another number.
    func move(to pid: Int32) throws(SystemCallError) {
        let target = try NetworkNamespace.of(pid)
        // By the name that it has now, which tells it there.
        try perform { link throws(SystemCallError) in try link.move(to: pid) }
        link = try target.perform { () throws(SystemCallError) in try Link.named(link.name) }
        place = target
    }

    /// What a session could take back of its settings, which go with it.
    private var settings: [Holding] = []

    /// Changes it, and notes for a session how to change it back.
    func change(
        _ what: String, _ holdings: Holdings, shell: @escaping (_ to: Link) -> String,
        _ body: (Link) throws(SystemCallError) -> Void,
        back: @escaping (_ to: Link, Link) throws(SystemCallError) -> Void
    ) throws {
        guard holdings.notesLasting else { return try change(body) }
        let before = try perform { link in link }
        try change(body)
        if try perform({ $0 }) == before { return }
        note(
            "\(what) of link \(before.name)", holdings,
            shell: { "ip link set \(shellQuoted($0.link.name)) \(shell(before))" }
        ) { placed in
            try placed.change { link throws(SystemCallError) in try back(before, link) }
        }
    }

    /// Notes for a session what it can take back as long as the link is there.
    func note(
        _ label: String, _ holdings: Holdings, shell: @escaping (PlacedLink) -> String,
        undo: @escaping (PlacedLink) throws -> Void
    ) {
        let holding = holdings.noteLasting(label, shell: shell(self), undo: { try undo(self) })
        guard let holding else { return }
        settings.append(holding)
    }

    /// Takes an address away, which may be gone.
    func remove(_ address: NetworkAddress) throws {
        try ignoring("ENODEV", "ESRCH", "EADDRNOTAVAIL") {
            try change { link throws(SystemCallError) in try LinkAddress.remove(address, from: link) }
        }
    }

    /// Deletes it. The other end of a pair may have taken it along, or the namespace that it was moved to.
    func delete() throws {
        try ignoring("ENODEV", "ESRCH") { try change { link throws(SystemCallError) in try link.delete() } }
        isGone()
    }

    /// With it goes what was set on it.
    func isGone() {
        for holding in settings { holding.keep() }
        settings = []
    }
}

/// The addresses that a script gave to a link that was there before.
final class GivenAddresses {
    var addresses: [NetworkAddress] = []
    var notes: [JournalNote] = []

    func remove(_ address: NetworkAddress, from placed: PlacedLink) throws {
        guard let index = addresses.firstIndex(of: address) else { return }
        try placed.remove(address)
        addresses.remove(at: index)
    }

    func shell(_ placed: PlacedLink) -> String {
        addresses.map(placed.shellToRemove).joined(separator: " && ")
    }

    func takeAway(from placed: PlacedLink) throws {
        while let address = addresses.popLast() { try placed.remove(address) }
    }
}
