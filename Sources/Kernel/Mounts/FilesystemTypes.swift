internal import Glibc

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

    /// The type that a device's or file's content is known by; nil where it is none of the usual ones.
    public static func recognized(on source: Path) -> String? {
        guard let opened = try? Descriptor.open(source, O_RDONLY | O_NONBLOCK) else { return nil }
        func has(_ mark: [UInt8], at offset: Int) -> Bool {
            var found = [UInt8](repeating: 0, count: mark.count)
            let count = unsafe found.withUnsafeMutableBytes {
                unsafe pread(opened.number, $0.baseAddress, $0.count, off_t(offset))
            }
            return count == mark.count && found == mark
        }
        if has([0x53, 0xef], at: 1080) {
            // The feature has_journal, then that of extents.
            guard has([0x04], at: 1116) || !has([0], at: 1120) else { return "ext2" }
            return "ext4"
        }
        let marks: [(String, String, Int)] = [
            ("xfs", "XFSB", 0), ("btrfs", "_BHRfS_M", 0x10040), ("squashfs", "hsqs", 0),
            ("vfat", "FAT32", 82),
            ("vfat", "FAT16", 54), ("vfat", "FAT12", 54), ("iso9660", "CD001", 0x8001), ("ntfs3", "NTFS", 3),
            ("exfat", "EXFAT", 3), ("swap", "SWAPSPACE2", 4086), ("crypto_LUKS", "LUKS", 0),
        ]
        if let known = marks.first(where: { has(Array($0.1.utf8), at: $0.2) }) { return known.0 }
        if has([0xe2, 0xe1, 0xf5, 0xe0], at: 1024) { return "erofs" }
        return has([0x10, 0x20, 0xf5, 0xf2], at: 1024) ? "f2fs" : nil
    }

    private static func read() throws(SystemCallError) -> [Substring] {
        String(decoding: try Descriptor.open("/proc/filesystems", 0).readToEnd(), as: UTF8.self)
            .split(separator: "\n")
    }
}
