internal import Kernel
public import LuaHost

/// Every module, registered with an interpreter; failures of the kernel explained; stop signals passed on.
@discardableResult
public func registerPrimitives(with state: State) -> Holdings {
    let holdings = Holdings()
    for module in [namespaceModule(), fileModule(holdings), systemModule()] { state.register(module) }
    state.explain = { error, primitive in
        (error as? SystemCallError).map { failure(of: $0, in: primitive) }
    }
    StopSignals.handle { State.stop(signal: $0) }
    state.abandon = { _ in _ = holdings.releaseAll() }
    return holdings
}

/// A refused system call as the fields of an error object.
func failure(of error: SystemCallError, in primitive: Primitive) -> Failure {
    let subjects = error.subjects.map { quoted(Array($0.text.utf8)) }.joined(separator: " on ")
    let about = subjects.isEmpty ? "" : " \(subjects)"
    var failure = Failure(primitive.name, "\(error.call)\(about): \(error.meaning) (\(error.code))")
    failure.call = error.call
    failure.code = error.code
    failure.number = Int(error.number)
    failure.detail = error.detail
    failure.path = error.subjects.last { ["path", "target", "source"].contains($0.role) }?.text
    failure.subject = error.subjects.first?.text
    failure.hint = hint(for: error)
    return failure
}
