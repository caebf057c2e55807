internal import Kernel

/// This process, as somebody outside of it knows it.
public enum ThisProcess {
    /// Its pid as the /proc in sight counts: a copy in a new pid namespace is 1 to itself, but not to those who watch it
    /// from where it came from. Its own idea of it where no /proc is in sight.
    public static var visiblePID: Int {
        let link = try? FileStatus.read(RootPath("/proc/self", in: nil), following: false).target
        return link.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? Int(Processes.current)
    }

    /// The pid of the process that made this one; 0 where it is out of sight.
    public static var parentPID: Int { Int(Processes.parent) }

    /// The words of its command line, its name first.
    public static var arguments: [[UInt8]] { Arguments.all }
}
