internal import Kernel
internal import LuaHost

/// What no slip of the keyboard does: changing the root, the mounts or the tree of processes that are not this run's.
///
/// The rule is one: a namespace in which only this run's processes live is its own, and it may do there what it likes.
/// Elsewhere what takes something from everybody is refused, unless an option says that it is meant.
enum GuardRails {
    /// The option that says so.
    static var others: Parameter<Bool> {
        Parameter("others", "Also where processes that are not this run's would be affected.", default: false)
    }

    /// Refuses what would change the mounts of others. Who may not change them hears that from the kernel.
    static func checkMounts(_ change: String, _ call: Call) throws {
        guard try !call[others], Credentials.canAdministrate, let stranger = MountNamespace.stranger() else {
            return
        }
        throw refusal(
            "this would \(change) for every process in this mount namespace, also for \(stranger)",
            "ns.unshare{ \"mount\" } first, for a namespace of your own", call)
    }

    /// The same for a mount that the system needs.
    static func checkUnmount(_ path: Path, recursive: Bool, detach: Bool, _ call: Call) throws {
        // The kernel refuses what is in use, but in these two ways.
        guard let place = systemsMount(at: path, recursive: recursive, evenUnused: recursive || detach) else {
            return
        }
        try checkMounts("take away \(place)", call)
    }

    /// The same for writing below `/`, which is not covered but changed itself.
    static func checkReadonly(_ path: Path, in root: Path?, _ call: Call) throws {
        // Most paths tell at once that they lead elsewhere.
        guard root == "/" || path.string.hasSuffix(".") || path.string.allSatisfy({ $0 == "/" }),
            (try? RootPath(path, in: root).real()) == "/"
        else { return }
        try checkMounts("refuse writing below /", call)
    }

    /// The same for how mounts spread from and to them.
    static func checkPropagation(_ path: Path, recursive: Bool, _ call: Call) throws {
        guard let place = systemsMount(at: path, recursive: recursive, evenUnused: true) else { return }
        try checkMounts("change how mounts spread below \(place)", call)
    }

    /// What the kernel's own filesystems are below, what the system needs as a whole, and what it has mounts of its own in.
    private static let (kernels, whole, systems): ([Path], [Path], [Path]) = (
        ["/proc", "/sys", "/dev"], ["/", "/home", "/root", "/opt", "/srv", "/tmp"],
        ["/run", "/usr", "/etc", "/var", "/boot", "/bin", "/sbin", "/lib", "/lib64", "/nix"]
    )

    /// Where a mount of the system's stands that this run did not make: the one at `path`, or one below it.
    private static func systemsMount(at path: Path, recursive: Bool, evenUnused: Bool) -> String? {
        guard let mount = try? Mount.identifier(at: path), (try? Mount.isMountPoint(path)) == true else {
            return nil
        }
        guard let tree = try? MountTable.tree(of: mount), !tree.isEmpty else {
            let known = (kernels + whole + systems).first { (try? Mount.identifier(at: $0)) == mount }
            return known.flatMap { Mount.isMade(at: $0) ? nil : $0.string }
        }
        func isSystems(_ place: Path) -> Bool {
            if whole.contains(place) || systems.contains(place) { return true }
            // What a user has plugged in is mounted there.
            if place.lies(in: "/run/media") { return false }
            return kernels.contains { place.lies(in: $0) }
                || evenUnused && systems.contains { place.lies(in: $0) }
        }
        let taken = recursive ? tree : tree.filter { $0.identifier == mount }
        return taken.first { isSystems($0.target) && !Mount.isMade(at: $0.target) }?.target.string
    }

    /// Refuses deleting `/`, and a directory that this process works in.
    static func checkDelete(_ path: RootPath, _ call: Call) throws {
        guard let place = try? path.real() else { return }
        guard place != "/" else {
            throw refusal(
                "this would delete all that is below /", "name the directory below it that is meant", call,
                others: false)
        }
        guard let here = try? WorkingDirectory.current(), here.lies(in: place) else { return }
        throw refusal(
            "the working directory lies in \(place.string), and would be deleted with it",
            "sys.chdir \"/\" first", call, busy: true, others: false)
    }

    /// Refuses signals to the first process of a pid namespace that this run did not make.
    static func checkSignal(_ pid: Int32, _ call: Call) throws {
        guard pid == 1, Credentials.user == 0, try !call[others] else { return }
        if Processes.current == 1 || Namespace.pid.isOwn && Processes.generation > 0 { return }
        throw refusal(
            "process 1 is the machine's or the container's init, and everything ends with it",
            "end the processes that are meant by their pids", call)
    }

    /// Refuses deleting the link by which a machine reaches others.
    static func checkDelete(_ link: PlacedLink, _ call: Call) throws {
        if try call[others] { return }
        let carries = try link.perform { link throws(SystemCallError) in
            try Route.all().contains { route in
                route.to == nil && (route.link == link.index || route.hops.contains { $0.link == link.index })
            }
        }
        guard carries else { return }
        throw refusal(
            "the default route leads over this link, which this run did not make: nothing outside could be reached",
            "ns.unshare{ \"net\" } first, for a network of your own", call, busy: true)
    }

    /// What would happen, the safe way, and how to say that it is meant.
    private static func refusal(
        _ words: String, _ way: String, _ call: Call, busy: Bool = false, others: Bool = true
    ) -> Failure {
        let meant = others ? "; others = true says that it is meant" : ""
        var failure = Failure(call.primitive.name, words, hint: way + meant)
        (failure.code, failure.number) = busy ? ("EBUSY", 16) : ("EPERM", 1)
        return failure
    }
}
