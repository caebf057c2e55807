internal import Kernel
public import LuaHost

/// A handle that stands for a process.
public protocol ProcessHandle: Handle {
    /// Its pid as this process sees it.
    var pid: Int32 { get }
    /// Whether it has ended: its pid may be another's by now.
    var hasEnded: Bool { get }
}

extension Slot {
    /// A handle of a process, or that of a table's field `process`: a box of the sandbox's has one.
    func processHandle() -> (any ProcessHandle)? { anyHandle(orIn: "process") as? any ProcessHandle }
}

/// A process: its pid, or a handle that stands for it, or a table whose field `process` is such a handle.
public struct ProcessTarget: ArgumentType, Sendable, Equatable {
    /// Its pid as this process sees it.
    public let pid: Int32

    public static var typeName: String { "pid or handle" }
    public static var annotation: String { "integer|tupper.process|{ process: tupper.process }" }
    public static func read(_ slot: Slot) throws -> ProcessTarget {
        if let handle = slot.processHandle() {
            guard !handle.hasEnded else {
                throw SystemCallError(
                    "pidfd_open", 3, [.init("pid", "\(handle.pid)")], detail: "it has ended")
            }
            return ProcessTarget(pid: handle.pid)
        }
        guard let number = slot.integer(), let pid = Int32(exactly: number), pid > 0 else {
            throw slot.wanted("a pid or a handle of a process")
        }
        return ProcessTarget(pid: pid)
    }
}
