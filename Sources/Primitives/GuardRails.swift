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
        throw ArgumentError(
            "this would \(change) for every process in this mount namespace, also for \(stranger)",
            hint:
                "ns.unshare{ \"mount\" } first, for a namespace of your own; others = true says that it is meant"
        )
    }

    /// The same for a mount that the system needs: that of `/`, /proc, /sys or /dev.
    static func checkUnmount(_ path: Path, _ call: Call) throws {
        guard let mount = try? Mount.identifier(at: path), (try? Mount.isMountPoint(path)) == true else {
            return
        }
        for place in ["/", "/proc", "/sys", "/dev"] as [Path]
        where (try? Mount.identifier(at: place)) == mount {
            return try checkMounts("take away \(place)", call)
        }
    }

    /// The same for how mounts spread from and to `/`.
    static func checkPropagation(_ path: Path, _ call: Call) throws {
        guard let mount = try? Mount.identifier(at: path), mount == (try? Mount.identifier(at: "/")) else {
            return
        }
        try checkMounts("change how mounts spread below /", call)
    }

    /// Refuses deleting `/`, and a directory that this process works in.
    static func checkDelete(_ path: RootPath) throws {
        guard let place = try? path.real() else { return }
        guard place != "/" else { throw ArgumentError("this would delete all that is below /") }
        guard let here = try? WorkingDirectory.current(), here.lies(in: place) else { return }
        throw ArgumentError(
            "the working directory lies in \(place.string), and would be deleted with it",
            hint: "sys.chdir \"/\" first")
    }

    /// Refuses signals to the first process of a pid namespace that this run did not make.
    static func checkSignal(_ pid: Int32, _ call: Call) throws {
        guard pid == 1, Credentials.user == 0, try !call[others] else { return }
        if Processes.current == 1 || Namespace.pid.isOwn && Processes.generation > 0 { return }
        throw ArgumentError(
            "process 1 is the machine's or the container's init, and everything ends with it",
            hint: "others = true says that it is meant")
    }

    /// Refuses deleting the link by which a machine reaches others.
    static func checkDelete(_ link: PlacedLink, _ call: Call) throws {
        if try call[others] { return }
        let carries = try link.perform { link throws(SystemCallError) in
            try Route.all().contains { $0.to == nil && $0.link == link.index }
        }
        guard carries else { return }
        throw ArgumentError(
            "the default route leads over this link, which this run did not make: nothing outside could be reached",
            hint: "others = true says that it is meant")
    }
}
