// libarchive's filters and tar format behind a confined child; see libarchive(3), tar(5).
internal import Kernel

/// Why an archive was not unpacked or packed: at which member, by which system call or for which reason.
public struct ArchiveError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The member, the call and the reason, as far as they are known.
    public var description: String {
        let place = member.map { "\"\(String(decoding: $0, as: UTF8.self))\"" }
        return [place, call, reason].compactMap { $0 }.joined(separator: ": ")
    }

    /// The member's path as the archive has it; nil where it is about the archive as a whole.
    public let member: [UInt8]?
    /// The system call that was refused.
    public let call: String?
    /// Its errno value; 0 where the archive was refused without one.
    public let number: Int32
    /// What is wrong, where it is no system call's error: lower case, no full stop.
    public let reason: String

    /// A reason of our own, with the errno value that comes nearest.
    init(_ member: [UInt8]?, _ reason: String, number: Int32 = 0) {
        self.member = member
        self.call = nil
        self.number = number
        self.reason = reason
    }

    /// A refused system call.
    init(_ member: [UInt8]?, call: String, number: Int32) {
        self.member = member
        self.call = call
        self.number = number
        self.reason = SystemCallError(call, number).meaning
    }

    /// The symbol of the error number, as in `"ENOSPC"`.
    public var code: String? { number == 0 ? nil : SystemCallError.code(number) }
}

/// Runs a C call for a member; what fails with EINTR is tried again.
@discardableResult
func attempt<Result: SignedInteger>(
    _ call: String, _ member: [UInt8]?, _ body: () -> Result
) throws(ArchiveError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let number = errorNumber()
        if number != interrupted { throw ArchiveError(member, call: call, number: number) }
    }
}
