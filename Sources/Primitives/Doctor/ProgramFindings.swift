internal import Kernel

/// Programs that primitives run, and Debian's packages that they come in.
func programFindings() -> [Finding] {
    let programs: [(name: String, package: String, without: String, isNeeded: Bool)] = [
        ("mkfs.btrfs", "btrfs-progs", "fs.image with format = \"btrfs\"", true),
        ("mkfs.ext4", "e2fsprogs", "fs.image with format = \"ext4\"", false),
        ("mkfs.xfs", "xfsprogs", "fs.image with format = \"xfs\"", false),
        ("nft", "nftables", "net.masquerade and net.publish", false),
        ("newuidmap", "uidmap", "users = \"auto\" without root", false),
        ("newgidmap", "uidmap", "users = \"auto\" without root", false),
        ("busybox", "busybox-static", "the demo without --image", true),
    ]
    return programs.map {
        let isThere = KernelFeatures.findsProgram($0.name)
        return Finding(
            $0.name, isThere, isThere ? "found" : "not found", without: $0.without,
            remedy: "apt install \($0.package)", isNeeded: $0.isNeeded)
    }
}
