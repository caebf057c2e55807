internal import Kernel
internal import LuaHost

/// The two names of a UTS namespace that can be set.
enum MachineName: String {
    case hostname, domainname

    /// What it is now.
    func current() throws -> String {
        let names = try HostName.current()
        return self == .hostname ? names.node : names.domain
    }

    fileprivate func set(_ name: String) throws {
        self == .hostname ? try HostName.set(name) : try HostName.setDomain(name)
    }
}

/// Changes that a session can take back although they outlive the script.
extension Holdings {
    /// Sets a name. That of a namespace which the script made goes with it; any other is set back when the script ends.
    func set(_ kind: MachineName, to name: String, keep: Bool) throws {
        let before = try kind.current()
        let isLasting = keep || Namespace.uts.isOwn
        guard !isLasting || notesLasting, before != name else { return try kind.set(name) }
        let namespace = try Namespace.uts.identifier()
        let label = "\(kind) (it was \(before))"
        func undo() throws {
            guard try Namespace.uts.identifier() == namespace else {
                throw Refusal("the \(kind) of another UTS namespace was set")
            }
            // Somebody else may have named the machine since.
            if try kind.current() == name { try kind.set(before) }
        }
        if isLasting {
            try kind.set(name)
            noteLasting(label, shell: "\(kind) \(shellQuoted(before))", undo: undo)
            return
        }
        let note = journal.note(
            .parameter(name: "kernel/\(kind)", before: before, after: name, namespace: namespace))
        try make(note) { try kind.set(name) }
        _ = hold(
            label, notes: note.map { [$0] } ?? [], shell: "\(kind) \(shellQuoted(before))", release: undo)
    }

    /// Notes a tree that was made on disk.
    func noteTree(_ kind: String, _ path: RootPath) {
        // Where one file cannot be told from the next, nothing is removed later on.
        guard notesLasting, let place = try? path.absolute(), let made = try? FileIdentity.read(place) else {
            return
        }
        noteLasting("\(kind) \(place.text)") {
            guard try FileIdentity.read(place) == made else {
                throw Refusal("\(place.text) is another by now, or another root is in sight")
            }
            try Tree.remove(place)
        }
    }

    /// Why something is not taken back.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}

extension RootPath {
    /// The same place whatever the working directory is later.
    fileprivate func absolute() throws(SystemCallError) -> RootPath {
        let here = try WorkingDirectory.current()
        guard let root else { return RootPath(here.following(path)) }
        return RootPath(path, in: here.following(root))
    }
}
