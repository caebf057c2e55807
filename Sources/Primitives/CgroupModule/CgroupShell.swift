internal import Kernel
internal import LuaHost

/// Shell lines for a group as it is here: which directory a controller's files are in depends on the version of control
/// groups that has it.
extension Cgroup {
    private var directories: String { branches.map { shellQuoted($0.path.string) }.joined(separator: " ") }

    private func main(_ file: String) -> String {
        branches.first.map { shellQuoted("\($0.path.string)/\(file)") } ?? ""
    }

    private func old(_ controller: String) -> Branch? {
        branches.first { $0.hierarchy.version == .one && $0.hierarchy.controllers.contains(controller) }
    }

    private var unified: Branch? { branches.first { $0.hierarchy.version == .two } }

    func shellToMake(_ settings: CgroupSettings) throws -> String {
        (["mkdir -p \(directories)"] + (try echoes(settings))).joined(separator: " && ")
    }

    func shellToSet(_ settings: CgroupSettings) throws -> String {
        try echoes(settings).joined(separator: " && ")
    }

    private func echoes(_ settings: CgroupSettings) throws -> [String] {
        try writes(settings).map { path, value in
            "echo \(shellQuoted(value)) > \(shellQuoted(path.string))"
        }
    }

    func shellToAdd(_ pid: Int32) -> String { shellToAdd("\(pid)") }

    /// The same for a word that a shell reads as a pid.
    func shellToAdd(_ pid: String) -> String {
        branches.map { "echo \(pid) > \(shellQuoted("\($0.path.string)/cgroup.procs"))" }
            .joined(separator: " && ")
    }

    func shellToFreeze(_ isFrozen: Bool) -> String? {
        if let unified {
            return "echo \(isFrozen ? 1 : 0) > \(shellQuoted("\(unified.path.string)/cgroup.freeze"))"
        }
        return old("freezer").map {
            "echo \(isFrozen ? "FROZEN" : "THAWED") > \(shellQuoted("\($0.path.string)/freezer.state"))"
        }
    }

    var shellToKill: String {
        unified.map { "echo 1 > \(shellQuoted("\($0.path.string)/cgroup.kill"))" }
            ?? "kill -s KILL $(cat \(main("cgroup.procs")))"
    }

    var shellToRemove: String { "\(shellToKill) && rmdir \(directories)" }
    var shellToFind: String { "ls -d \(directories)" }
    var shellToList: String { "cat \(main("cgroup.procs"))" }

    var shellToMeasure: String {
        let files = [("memory", "memory.stat"), ("cpu", "cpu.stat"), ("pids", "pids.current")]
        let paths = files.compactMap { controller, file in
            (old(controller) ?? unified).map { shellQuoted("\($0.path.string)/\(file)") }
        }
        return "cat " + paths.joined(separator: " ")
    }
}
