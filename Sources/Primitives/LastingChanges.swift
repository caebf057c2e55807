internal import Kernel

/// Changes that outlive the script; a session can take them back all the same.
extension Holdings {
    /// Notes a hostname that was set, with the one before.
    func noteHostname(before name: String) {
        guard let namespace = try? Namespace.uts.identifier() else { return }
        noteLasting("hostname (it was \(name))") {
            guard try Namespace.uts.identifier() == namespace else {
                throw Refusal("the hostname of another UTS namespace was set")
            }
            try HostName.set(name)
        }
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
