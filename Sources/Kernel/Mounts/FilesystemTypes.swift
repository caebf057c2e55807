/// The filesystem types of this kernel: proc_filesystems(5).
public enum FilesystemTypes {
    /// The types that lie on a block device, in the kernel's order.
    public static func onDevices() throws(SystemCallError) -> [String] {
        try read().filter { !$0.hasPrefix("nodev") }.map { String($0.drop { $0 == "\t" }) }
    }

    /// Whether the kernel has a type loaded.
    public static func contains(_ type: String) throws(SystemCallError) -> Bool {
        try read().contains { $0.split(separator: "\t").last.map(String.init) == type }
    }

    private static func read() throws(SystemCallError) -> [Substring] {
        String(decoding: try Descriptor.open("/proc/filesystems", 0).readToEnd(), as: UTF8.self)
            .split(separator: "\n")
    }
}
