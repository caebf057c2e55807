import Foundation

/// What a script could leave behind on the machine.
public struct Host: Sendable {
    /// Mounts, links and the hostname as lines.
    let lasting: Set<String>
    /// Loop devices in use, each with the number that tells one use from the next. Other tests' come and go.
    let loops: Set<String>

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
            loops: Set(loops))
    }

    /// What has come since, and stays for three seconds.
    public static func leftovers(since before: Host) throws -> Set<String> {
        var left: Set<String>?
        for _ in 0..<30 {
            let now = try state()
            let come = now.lasting.symmetricDifference(before.lasting).union(
                now.loops.subtracting(before.loops))
            left = left.map { $0.intersection(come) } ?? come
            if left?.isEmpty == true { return [] }
            Thread.sleep(forTimeInterval: 0.1)
        }
        return left ?? []
    }
}
