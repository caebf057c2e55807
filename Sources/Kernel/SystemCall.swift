internal import Glibc

/// Runs a C call that reports failure as a negative result and an errno value.
///
/// EINTR is tried again only where `retry` says so: a call that waits must come back, so that a
/// script can be interrupted.
@discardableResult
func systemCall<Result: SignedInteger>(
    _ name: String, _ subjects: @autoclosure () -> [SystemCallError.Subject] = [],
    retry: Bool = true, _ body: () -> Result
) throws(SystemCallError) -> Result {
    while true {
        let result = body()
        guard result < 0 else { return result }
        let number = errno
        if number == EINTR && retry { continue }
        throw SystemCallError(name, number, subjects())
    }
}
