internal import Kernel

/// The kinds of namespace, each tried in a child.
func namespaceFindings() -> [Finding] {
    let isRoot = Credentials.canAdministrate
    return Namespace.allCases.filter { $0 != .user }.map { kind in
        let isKnown = (try? kind.identifier()) != nil
        let without = "ns.unshare and ns.spawn with \"\(kind.rawValue)\""
        // A time namespace takes a clone of another form; that it is known must do.
        let trial: KernelFeatures.Trial =
            kind == .time || !isKnown
            ? .ended(0) : KernelFeatures.trial(in: isRoot ? [kind] : [kind, .user]) { 0 }
        let isNeeded = [.mount, .uts, .ipc, .net, .pid].contains(kind)
        guard isKnown else {
            return Finding(kind.rawValue, false, "this kernel has none", without: without, isNeeded: isNeeded)
        }
        let detail: String
        switch trial {
        case .ended: detail = isRoot || kind == .time ? "can be made" : "can be made in a user namespace"
        case .refused(let code): detail = "refused: \(code)"
        }
        return Finding(
            kind.rawValue, trial == .ended(0), detail, without: without,
            remedy: isRoot ? "" : "sudo tupper ...",
            isNeeded: isNeeded)
    }
}

/// Filesystem types, and what is needed to mount them.
func filesystemFindings() -> [Finding] {
    let types: [(name: String, without: String, isNeeded: Bool)] = [
        ("proc", "a /proc of a container's own", true), ("tmpfs", "fs.tmpfs", true),
        ("btrfs", "fs.subvolume, and fs.snapshot without copying", true),
        ("overlay", "fs.overlay", false), ("xfs", "fs.snapshot by reflinks on xfs", false),
        ("ext4", "disks of ext4", false), ("devpts", "terminals of a container's own", false),
        ("mqueue", "message queues in dev.populate", false),
        ("cgroup2", "control groups of version 2", false),
    ]
    let calls = ["fsopen", "open_tree", "move_mount", "mount_setattr", "openat2"]
    let missing = calls.filter { !KernelFeatures.has(call: $0) }
    return types.map { type in
        let isThere = (try? FilesystemTypes.contains(type.name)) ?? false
        return Finding(
            type.name, isThere, isThere ? "in /proc/filesystems" : "not in /proc/filesystems",
            without: type.without, remedy: "modprobe \(type.name)", isNeeded: type.isNeeded)
    } + [
        Finding(
            "mount calls", missing.isEmpty,
            missing.isEmpty
                ? calls.joined(separator: " ") : "this kernel lacks \(missing.joined(separator: " "))",
            without: "every mount", remedy: "Linux 5.12 or newer", isNeeded: true),
        Finding(
            "loop devices", KernelFeatures.opens("/dev/loop-control"), "/dev/loop-control",
            without: "fs.loop, and fs.mount with `loop`", remedy: "modprobe loop; as root", isNeeded: true),
        reflinkFinding(),
    ]
}

/// Tried where the user is: that is where images and their copies come to lie.
private func reflinkFinding() -> Finding {
    let here = (try? WorkingDirectory.current()) ?? "."
    let place = "\(here.string) (\(Reflinks.type(of: here) ?? "of an unknown type"))"
    let answer = Reflinks.areMade(in: here)
    let detail =
        switch answer {
        case .shared: "files share content in \(place)"
        case .refused(let code): "refused in \(place): \(code)"
        case .untried(let code): "not tried, no file can be made in \(place): \(code)"
        }
    // Types that have them, the one that needs no settings first.
    let known = ["btrfs", "xfs"].first { (try? FilesystemTypes.contains($0)) == true }
    return Finding(
        "reflinks", answer == .shared, detail,
        without:
            "fs.snapshot and fs.copy at once and without space; every byte is copied, but between subvolumes of btrfs",
        remedy: "a directory on btrfs, or on xfs made with reflink=1"
            + (known.map { ", as on fs.image(\"disk.img\", { size = \"2G\", format = \"\($0)\" })" }
                ?? "; modprobe btrfs"))
}

/// The kinds of link, each made in a network namespace that goes at once.
func linkFindings() -> [Finding] {
    let trial = KernelFeatures.trial(in: Credentials.canAdministrate ? [.net] : [.net, .user]) {
        LinkKinds.made()
    }
    return LinkKinds.names.enumerated().map { bit, name in
        let (isThere, detail): (Bool, String) =
            switch trial {
            case .ended(let bits) where bits >> Int32(bit) & 1 != 0: (true, "can be made")
            case .ended:
                (false, name == "tap" ? "no /dev/net/tun, or no kind of link" : "this kernel lacks it")
            case .refused(let code): (false, "not tried, a network namespace was refused: \(code)")
            }
        let module = ["vlan": "8021q", "tap": "tun"][name] ?? name
        return Finding(
            name, isThere, detail, without: "net.\(name)", remedy: "modprobe \(module)",
            isNeeded: ["veth", "bridge"].contains(name))
    }
}

/// Control groups, filters and what else keeps a container in.
func isolationFindings() -> [Finding] {
    let actions = KernelFeatures.filterActions
    let landlock = FileRules.version
    return [
        cgroupFinding(),
        Finding(
            "seccomp", !actions.isEmpty && KernelFeatures.has(call: "seccomp"),
            actions.isEmpty ? "this kernel has no filters" : actions.joined(separator: " "),
            without: "filters of system calls"),
        Finding(
            "landlock", landlock > 0,
            landlock > 0 ? "version \(landlock)" : "not in this kernel, or not switched on",
            without: "limits on paths for processes without privilege",
            remedy: "boot with lsm=landlock,... where the kernel has it"),
        Finding(
            "pidfd", KernelFeatures.has(call: "pidfd_open"), "pidfd_open",
            without: "children that are waited for by more than their number", remedy: "Linux 5.3 or newer",
            isNeeded: true),
    ]
}

private func cgroupFinding() -> Finding {
    let mounts = ((try? MountTable.read()) ?? []).filter { $0.type == "cgroup" || $0.type == "cgroup2" }
    let unified = mounts.first { $0.type == "cgroup2" }?.target.string
    let controllers = unified.map { KernelFeatures.words("\($0)/cgroup.controllers") } ?? []
    let known = ["blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids"]
    let old = mounts.filter { $0.type == "cgroup" }.flatMap {
        $0.options.split(separator: ",").map(String.init)
    }
    .filter(known.contains)
    let isOld = mounts.contains { $0.type == "cgroup" }
    let version = isOld ? (unified == nil ? "version 1" : "versions 1 and 2 (hybrid)") : "version 2"
    let all = Set(controllers + old).sorted()
    return Finding(
        "control groups", !all.isEmpty,
        mounts.isEmpty
            ? "none are mounted"
            : "\(version): \(all.isEmpty ? "no controllers" : all.joined(separator: " "))",
        without: "limits on memory, processors and processes",
        remedy: "mount -t cgroup2 cgroup2 /sys/fs/cgroup")
}
