import Foundation

/// What a script could leave behind on the machine.
public struct Host: Equatable, Sendable {
    let mounts: [String]
    let loops: [String]
    let links: [String]
    let hostname: String

    /// As it is now.
    public static func state() throws -> Host {
        let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
        let blocks = try FileManager.default.contentsOfDirectory(atPath: "/sys/block")
        let loops = blocks.filter {
            FileManager.default.fileExists(atPath: "/sys/block/\($0)/loop/backing_file")
        }
        return Host(
            mounts: mounts.split(separator: "\n").map(String.init), loops: loops.sorted(),
            links: try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net").sorted(),
            hostname: try String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8))
    }
}
