internal import Kernel
internal import LuaHost

/// The primitives of `sys` for what runs have handed over to the user by `keep`.
func keptPrimitives(_ holdings: Holdings) -> [Declaration] {
    [Declaration("kept", kept(holdings)), Declaration("remove_kept", removeKept(holdings))]
}

private func kept(_ holdings: Holdings) -> Primitive {
    Primitive(
        "sys.kept", "Lists what scripts have kept on this machine and is still there.",
        returns: "a list of tables: thing, as in link tupper0; run, the script's pid",
        gives: ["{ thing: string, run: integer? }[]"], shell: "tupper clean --kept --dry-run",
        see: ["sys.remove_kept"],
        example: "for _, entry in ipairs(sys.kept()) do print(entry.thing, entry.run) end"
    ) { _ in
        let items = try Leftovers.takeKept(isDry: true, own: holdings.journal).filter { $0.outcome != .gone }
        return [
            .value(
                .list(
                    items.map {
                        .record([
                            "thing": .text($0.thing.text), "run": Int64($0.run).map(Value.integer) ?? .absent,
                        ])
                    }))
        ]
    }
}

private func removeKept(_ holdings: Holdings) -> Primitive {
    let thing = Parameter<String>("thing", "What, as sys.kept tells it.")
    return Primitive(
        "sys.remove_kept",
        "Removes a thing that a script has kept, as the list of them names it.",
        positional: [thing.any], shell: "tupper clean --kept", see: ["sys.kept"],
        example: """
            net.bridge "tupper0":keep()
            for _, entry in ipairs(sys.kept()) do sys.remove_kept(entry.thing) end
            """
    ) { call in
        let wanted = try call[thing]
        let items = try Leftovers.takeKept(isDry: false, own: holdings.journal) { $0.text == wanted }
        for item in items {
            switch item.outcome {
            case .failed(let reason), .left(let reason):
                throw Failure("sys.remove_kept", "\(wanted): \(reason)")
            case .removed, .gone: break
            }
        }
        guard items.contains(where: { $0.outcome == .removed }) else {
            throw Failure(
                "sys.remove_kept", "nothing of that name is kept: \(quoted(Array(wanted.utf8)))",
                hint: "sys.kept() tells what is")
        }
        return []
    }
}
