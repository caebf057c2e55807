internal import Kernel
public import LuaHost
internal import Seccomp

/// Every module, registered with an interpreter; failures of the kernel explained; stop signals passed on.
@discardableResult
public func registerPrimitives(with state: State) -> Holdings {
    let holdings = Holdings()
    state.register(lazily: modules(holdings))
    state.explain = { error, primitive in
        switch error {
        case let error as SystemCallError: failure(of: error, in: primitive)
        case let error as Program.Refusal: failure(of: error, in: primitive)
        case let error as Joining.Failure: Failure(primitive.name, error.words)
        case let error as CgroupUnsupported:
            Failure(primitive.name, "option '\(error.option)': \(error.reason)")
        case let error as ProfileError: Failure(primitive.name, error.message, hint: error.hint)
        default: nil
        }
    }
    holdings.journal.complain = { error in
        let cause = "\(error.subjects.first?.text ?? "?"): \(error.detail ?? error.meaning)"
        state.complain("tupper: no journal (\(cause)); what a killed run leaves must be taken away by hand")
    }
    StopSignals.handle { State.stop(signal: $0) }
    state.clock = { Clock.nanoseconds }
    state.stopForgotten = { StopSignals.forget() }
    for primitive in osPrimitives(holdings) { state.replace("os", primitive) }
    state.shelterCommands(Shelter.take, Shelter.leave)
    state.abandon = { [unowned state] signal in holdings.leave(128 + signal, state) }
    return holdings
}

/// Every module by its name, to be declared once something of it is named.
private func modules(_ holdings: Holdings) -> [LazyModule] {
    [
        LazyModule("ns") { namespaceModule(holdings) }, LazyModule("fs") { fileModule(holdings) },
        LazyModule("net") { networkModule(holdings) }, LazyModule("proc") { processModule(holdings) },
        LazyModule("sys") { systemModule(holdings) }, LazyModule("cap") { capabilityModule() },
        LazyModule("seccomp") { seccompModule() }, LazyModule("landlock") { landlockModule() },
        LazyModule("dev") { deviceModule(holdings) }, LazyModule("term") { terminalModule(holdings) },
        LazyModule("cgroup") { cgroupModule(holdings) },
    ]
}

/// Every module with its documentation, Lua's own where a primitive takes the place of a function.
public func documentedModules() -> [Module] {
    let holdings = Holdings()
    return modules(holdings).map { $0.declare() } + [
        Module(
            "os", "Lua's own, where a function is replaced.",
            osPrimitives(holdings).map { Declaration($0.shortName, $0) })
    ]
}

/// A refused system call as the fields of an error object.
func failure(of error: SystemCallError, in primitive: Primitive) -> Failure {
    // A link's kind explains a refusal, but the call was not about it.
    let subjects = error.subjects.filter { $0.role != "kind" }.map { quoted(Array($0.text.utf8)) }.joined(
        separator: " on ")
    let about = subjects.isEmpty ? "" : " \(subjects)"
    let hint = hint(for: error, in: primitive)
    // Where the hint repeats the kernel's words, once is enough.
    let isTold = error.detail.map { hint?.contains($0) ?? false } ?? false
    let cause = isTold ? "\(error.meaning) (\(error.code))" : error.cause
    var failure = Failure(primitive.name, "\(error.call)\(about): \(cause)")
    failure.call = error.call
    failure.code = error.code
    failure.number = Int(error.number)
    failure.detail = error.detail
    failure.path = error.subjects.last { ["path", "target", "source"].contains($0.role) }?.text
    failure.subject = error.subjects.first?.text
    failure.hint = hint
    return failure
}

/// A program's refusal as the fields of an error object.
private func failure(of refusal: Program.Refusal, in primitive: Primitive) -> Failure {
    var failure = Failure(primitive.name, "\(refusal.program): \(refusal.words)", hint: hint(for: refusal))
    failure.subject = refusal.program
    return failure
}
