internal import Glibc

/// This process gone from a group of version 2 into one right below: only groups without processes of their own can
/// hand controllers on.
struct CgroupStep {
    private let hierarchy: CgroupHierarchy
    private let place: String
    private let leaf: String
    private let note: JournalNote?
    /// The controllers that the group hands on since.
    var enabled: [String] = []

    /// Steps aside; where other processes are in the group too, that does not help and is undone.
    static func aside(
        from group: String, in hierarchy: CgroupHierarchy, _ journal: Journal?
    ) throws(SystemCallError) -> CgroupStep {
        let name = "tupper-\(getpid())"
        let leaf = group.isEmpty ? name : "\(group)/\(name)"
        let note = journal?.note(.group(path: "\(hierarchy.mount.string)/\(leaf)"))
        do {
            try hierarchy.make(leaf)
        } catch {
            note?.forget()
            throw error
        }
        let step = CgroupStep(hierarchy: hierarchy, place: group, leaf: leaf, note: note)
        do throws(SystemCallError) {
            try hierarchy.write("\(getpid())", to: "cgroup.procs", of: leaf)
            let others = CgroupHierarchy.words(try hierarchy.read("cgroup.procs", of: group))
            guard others.isEmpty else {
                throw SystemCallError(
                    "write", EBUSY,
                    [.init("path", "\(hierarchy.mount.string)/\(group)/cgroup.subtree_control")],
                    detail: "process \(others[0]) is in the group")
            }
        } catch {
            step.goBack()
            throw error
        }
        return step
    }

    /// Back, unless another group needs the room still: then the last one to go makes it possible.
    func goBack() {
        let words = enabled.map { "-\($0)" }.joined(separator: " ")
        if !words.isEmpty { try? hierarchy.write(words, to: "cgroup.subtree_control", of: place) }
        guard (try? hierarchy.write("\(getpid())", to: "cgroup.procs", of: place)) != nil,
            (try? hierarchy.remove(leaf)) != nil
        else { return }
        note?.forget()
    }
}
