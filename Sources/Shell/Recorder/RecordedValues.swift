internal import LuaHost
internal import Primitives

/// What the page needs to know, by the names that its script has for it.

extension Trace {
    var value: Value {
        .record([
            "name": .text(primitive), "shell": shell.map(Value.text) ?? .absent,
            "failed": failed ? .boolean(true) : .absent,
            "ms": nanoseconds.map { .text(String(Milliseconds.text($0).dropLast(3))) } ?? .absent,
        ])
    }

    /// Whether it tells that a child has come to its function's end, which no line does.
    var isChildEnd: Bool { stage == .left && position == nil }
}

extension Observation {
    /// What is different since an earlier one; everything where there is none.
    func value(since before: Observation?, others: [(UInt64, Network)]) -> Value {
        func unless<Content: Equatable>(
            _ old: Content?, _ new: Content?, _ value: (Content) -> Value
        ) -> Value {
            old == new ? .absent : new.map(value) ?? .absent
        }
        let texts = { (list: [String]) in Value.list(list.map(Value.text)) }
        // Another namespace may look the same, as each does at first.
        let earlier = before?.namespaces["net"] == namespaces["net"] ? before : nil
        return .record([
            "ns": .table(
                Self.kinds.compactMap { kind in
                    namespaces[kind].map { .init(.text(kind), .count($0)) }
                }),
            "host": .text(hostname), "root": .text(root), "dir": .text(directory), "user": .text(user),
            "pid": .integer(Int64(pid)), "sight": .integer(Int64(pidInSight)),
            "mounts": unless(before?.mounts, mounts) { .list($0.map(\.value)) },
            "links": unless(earlier?.links, links) { .list($0.map(\.value)) },
            "routes": unless(earlier?.routes, routes, texts),
            "nets": others.isEmpty
                ? .absent
                : .list(
                    others.map { namespace, network in
                        .record([
                            "ns": .count(namespace), "links": .list(network.links.map(\.value)),
                            "routes": texts(network.routes),
                        ])
                    }),
            "groups": unless(before?.cgroups, cgroups, texts),
            "procs": unless(before?.processes, processes) { .list($0.map(\.value)) },
        ])
    }
}

extension Observation.Mount {
    fileprivate var value: Value {
        .list(
            [.count(identifier), .count(parent)]
                + [target, source, type, options, propagation].map(Value.text))
    }
}

extension Observation.Link {
    fileprivate var value: Value {
        .record([
            "index": .integer(Int64(index)), "name": .text(name), "kind": .text(kind), "up": .boolean(isUp),
            "master": .integer(Int64(master)), "peer": .integer(Int64(peer)),
            "addresses": .list(addresses.map(Value.text)),
        ])
    }
}

extension Observation.Process {
    fileprivate var value: Value {
        .list([.integer(Int64(pid)), .integer(Int64(parent)), .text(name), .boolean(hasEnded)])
    }
}
