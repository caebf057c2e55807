import Foundation

/// What a script could leave behind on the machine.
public struct Host: Sendable {
    /// Mounts, links and the hostname as lines.
    let lasting: Set<String>
    /// Loop devices in use, each with the number that tells one use from the next, and control groups. Other tests'
    /// come and go.
    let passing: Set<String>

    /// As it is now.
    public static func state() throws -> Host {
        let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
        let links = try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net")
        let name = try String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8)
        let loops = try FileManager.default.contentsOfDirectory(atPath: "/sys/block").compactMap { block in
            FileManager.default.fileExists(atPath: "/sys/block/\(block)/loop/backing_file")
                ? "\(block) \((try? String(contentsOfFile: "/sys/block/\(block)/diskseq", encoding: .utf8)) ?? "")"
                : nil
        }
        return Host(
            lasting: Set(
                mounts.split(separator: "\n").map { "mount \($0)" } + links.map { "link \($0)" } + [name]),
            passing: Set(loops + (try groups())))
    }

    /// The topmost control groups of every hierarchy.
    private static func groups() throws -> [String] {
        let top = "/sys/fs/cgroup"
        let manager = FileManager.default
        func directories(_ path: String) throws -> [String] {
            try manager.contentsOfDirectory(atPath: path).map { "\(path)/\($0)" }.filter {
                (try? manager.attributesOfItem(atPath: $0))?[.type] as? FileAttributeType == .typeDirectory
            }
        }
        let isUnified = manager.fileExists(atPath: top + "/cgroup.procs")
        let hierarchies = isUnified ? [top] : manager.fileExists(atPath: top) ? try directories(top) : []
        return try hierarchies.flatMap(directories).map { "control group \($0)" }
    }

    /// What has come since, and stays for three seconds.
    public static func leftovers(since before: Host) throws -> Set<String> {
        var left: Set<String>?
        for _ in 0..<30 {
            let now = try state()
            let come = now.lasting.symmetricDifference(before.lasting).union(
                now.passing.subtracting(before.passing))
            left = left.map { $0.intersection(come) } ?? come
            if left?.isEmpty == true { return [] }
            Thread.sleep(forTimeInterval: 0.1)
        }
        return left ?? []
    }
}
