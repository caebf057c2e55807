internal import Kernel

/// What is noted in the journal. Whatever goes with a namespace that the run made is not: that goes with its processes.
extension Holdings {
    /// Notes something of the network that is about to be made.
    func noteNetwork(_ thing: (UInt64) -> JournalThing) -> JournalNote? {
        guard !Namespace.net.isOwn, let number = try? NetworkNamespace.current().number else { return nil }
        return journal.note(thing(number))
    }

    /// Makes what was noted, and forgets the note where that fails.
    func make<Made>(_ note: JournalNote?, _ make: () throws -> Made) throws -> Made {
        do { return try make() } catch {
            note?.forget()
            throw error
        }
    }

    /// Attaches mounts, each noted before it shows; the notes of those that do.
    func mounting<Made>(_ make: () throws -> Made) throws -> (Made, [JournalNote]) {
        if Namespace.mount.isOwn { return (try make(), []) }
        var notes: [JournalNote] = []
        do {
            let made = try DetachedMount.noting({ [journal] in
                if let note = journal.note($0) { notes.append(note) }
            }) { try make() }
            return (made, notes)
        } catch {
            for note in notes { note.forget() }
            throw error
        }
    }
}
