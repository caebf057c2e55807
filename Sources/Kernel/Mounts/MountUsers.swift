internal import CKernel
internal import Glibc

/// Who keeps a mount busy.
public enum MountUsers {
    /// The first that is found, in a sentence without its end; nil where none is in sight.
    public static func first(of path: Path) -> String? {
        guard let path = try? path.absolute(), let mount = try? Mount.identifier(at: path) else { return nil }
        for process in (try? Processes.list()) ?? [] {
            guard let use = use(of: mount, at: path, by: process.pid) else { continue }
            if process.pid == getpid() { return "this process \(use)" }
            return "process \(process.pid) (\(process.name)) \(use)"
        }
        return loopDevice(on: path) ?? swap(on: path)
    }

    private static func use(of mount: UInt64, at path: Path, by pid: Int32) -> String? {
        let files = "/proc/\(pid)"
        for (link, use) in [
            ("cwd", "works in it"), ("root", "has its root in it"), ("exe", "is run from it"),
        ]
        where isOn(mount, "\(files)/\(link)") { return use }
        // Read rather than asked of the file itself, which may be of a server that does not answer.
        let descriptors = Path("\(files)/fdinfo")
        for number in (try? Files.list(RootPath(descriptors))) ?? [] {
            guard let text = try? Descriptor.open(descriptors.appending(Path(bytes: number)), 0).readToEnd()
            else { continue }
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
            if lines.contains(where: { $0.hasPrefix("mnt_id:") && $0.hasSuffix("\t\(mount)") }) {
                return "has a file open in it"
            }
        }
        // Elsewhere the same path is another's.
        guard let here = try? Namespace.mount.identifier(),
            here == (try? Namespace.mount.identifier(numbered: pid)),
            let maps = try? Descriptor.open(Path("\(files)/maps"), 0).readToEnd()
        else { return nil }
        let below = path.string == "/" ? " /" : " \(path.string)/"
        return String(decoding: maps, as: UTF8.self).contains(below) ? "has a file of it in memory" : nil
    }

    private static func isOn(_ mount: UInt64, _ link: String) -> Bool {
        var (number, isRoot): (UInt64, Int32) = (0, 0)
        return unsafe ck_mount_identifier(AT_FDCWD, link, 0, &number, &isRoot) == 0 && number == mount
    }

    /// A loop device that shows a file in it.
    private static func loopDevice(on path: Path) -> String? {
        let names = (try? Files.list(RootPath("/sys/block"))) ?? []
        for name in names.map({ String(decoding: $0, as: UTF8.self) }) where name.hasPrefix("loop") {
            guard let text = try? Descriptor.open(Path("/sys/block/\(name)/loop/backing_file"), 0).readToEnd()
            else { continue }
            let file = Path(bytes: Array(text.prefix { $0 != UInt8(ascii: "\n") }))
            if file.lies(in: path) { return "the device /dev/\(name) shows \(file.written) in it" }
        }
        return nil
    }

    /// A file that the kernel swaps to.
    private static func swap(on path: Path) -> String? {
        guard let text = try? Descriptor.open("/proc/swaps", 0).readToEnd() else { return nil }
        let files = String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst()
        return files.contains { line in
            line.split(separator: " ").first.map { Path(String($0)).lies(in: path) } ?? false
        } ? "the kernel swaps to a file in it" : nil
    }
}
