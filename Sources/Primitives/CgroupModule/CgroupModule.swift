internal import Kernel
internal import LuaHost

/// `cgroup`: control groups, as in cgroups(7).
func cgroupModule(_ holdings: Holdings) -> Module {
    Module(
        "cgroup", "Control groups: how much of the machine processes may use.",
        [
            Declaration("create", create(holdings)), Declaration("find", find()),
            Declaration("controllers", controllers()),
        ], kinds: [CgroupHandle.kind])
}

private func create(_ holdings: Holdings) -> Primitive {
    let name = Parameter<CgroupName>("name", "Its name; with slashes a path, and what is missing is made.")
    let options = CgroupOptions()
    let owner = Parameter<CgroupOwner?>(
        "delegate", "A user's number, and a group's after a colon, who may make groups in it.",
        shown: "nobody")
    let everywhere = Parameter<Bool>(
        "everywhere",
        "In every hierarchy of version 1 too, so that a cgroup namespace in it shows none above.",
        default: false)
    return Primitive(
        "cgroup.create", "Makes a control group with limits.", positional: [name.any],
        options: options.all + [owner.any, everywhere.any], returns: "the group", gives: ["tupper.group"],
        leaves: "On version 2 the controllers stay enabled for groups beside it.",
        shell: """
            mkdir /sys/fs/cgroup/{name} [&& echo {memory} > /sys/fs/cgroup/{name}/memory.max] \
            [&& echo {pids} > /sys/fs/cgroup/{name}/pids.max]
            """,
        traced: {
            let settings = try options.settings($0)
            let group = try Cgroup.planned(try $0[name].text, settings, everywhere: try $0[everywhere])
            return try group.shellToMake(settings)
        },
        see: ["cgroups(7)", "https://docs.kernel.org/admin-guide/cgroup-v2.html"],
        fails: [
            "EEXIST": "there is a group of that name", "EACCES": "no group is delegated to this user",
            "EBUSY": "the group above has processes of its own, which version 2 forbids",
            "ENOENT": "no hierarchy has the controller that an option needs",
            "EROFS": "the hierarchy is mounted read-only, as in most containers",
        ],
        example: """
            local group <close> = cgroup.create("demo" .. proc.self(), { memory = "64M", pids = 32 })
            local box = ns.spawn({ "pid", cgroup = group }, function() print(#group:processes()) end)
            box:wait()
            """
    ) { call in
        let settings = try options.settings(call)
        let (name, delegate) = (try call[name].text, try call[owner])
        let group = try Cgroup.planned(name, settings, everywhere: try call[everywhere])
        group.journal = holdings.journal
        try group.make(settings)
        do {
            if let delegate { try group.delegate(to: delegate.user, delegate.group) }
        } catch {
            try group.remove()
            throw error
        }
        return [.handle(CgroupHandle(group, holdings))]
    }
}

private func find() -> Primitive {
    let name = Parameter<CgroupName>("name", "Its name, as cgroup.create has it.")
    return Primitive(
        "cgroup.find", "Finds a control group by its name.", positional: [name.any],
        returns: "the group, which is not held", gives: ["tupper.group"],
        shell: "ls /sys/fs/cgroup/{name}",
        traced: { try Cgroup.find(try $0[name].text).shellToFind }, see: ["cgroups(7)"],
        fails: ["ENOENT": "there is none"],
        example: """
            cgroup.create("demo" .. proc.self(), { pids = 8 }):keep()
            cgroup.find("demo" .. proc.self()):delete()
            """
    ) { call in [.handle(CgroupHandle(found: try Cgroup.find(try call[name].text)))] }
}

private func controllers() -> Primitive {
    Primitive(
        "cgroup.controllers", "Tells what groups can be limited in here.",
        returns: "a table: 1 or 2, the version of control groups that has it, by the controller's name",
        gives: ["table<string, integer>"], shell: "cat /sys/fs/cgroup/cgroup.controllers",
        see: ["cgroups(7)"],
        fails: ["ENOENT": "no control groups are mounted"],
        example: "for name, version in pairs(cgroup.controllers()) do print(name, version) end"
    ) { _ in
        let hierarchies = try CgroupHierarchies.current()
        return [
            .value(
                .table(
                    CgroupController.allCases.compactMap { controller in
                        hierarchies.hierarchy(of: controller).map {
                            .init(.text(controller.rawValue), .integer($0.version.rawValue))
                        }
                    }))
        ]
    }
}
