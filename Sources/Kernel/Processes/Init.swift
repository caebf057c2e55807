internal import CKernel
internal import Glibc
internal import SystemPackage

/// PID 1 of a container that runs something else: reaps orphans, passes signals on, ends with the main process.
public final class Init {
    /// How the main process ended comes from here.
    private var ending: Descriptor?
    private var telling: Descriptor?
    private var known: Child.Ending?

    /// Before the process that becomes it is made.
    public init() throws(SystemCallError) {
        var ends: [Int32] = [-1, -1]
        try systemCall("pipe2") {
            unsafe ends.withUnsafeMutableBufferPointer { unsafe ck_pipe($0.baseAddress) }
        }
        ending = Descriptor(owning: ends[0])
        telling = Descriptor(owning: ends[1])
    }

    /// In the maker, once the process is made.
    public func watch() { telling = nil }

    /// In the process, PID 1 by now: a copy goes on, for which this returns; the process itself becomes init.
    public func takePlace() throws(SystemCallError) {
        let stage = try Stage()
        var ends: [Int32] = [-1, -1]
        try systemCall("pipe2") {
            unsafe ends.withUnsafeMutableBufferPointer { unsafe ck_pipe($0.baseAddress) }
        }
        let reading = Descriptor(owning: ends[0])
        let writing = Descriptor(owning: ends[1])
        // Signals that come meanwhile wait until init takes them.
        ck_block_signals(1)
        guard let main = try Child.clone() else {
            ck_block_signals(0)
            ending = nil
            telling = nil
            _ = consume stage
            _ = consume writing
            // Closed by the exec: nothing of this program is in sight when the container's own begins to run.
            let failure = try reading.readToEnd()
            if let number = failure.first { throw SystemCallError("execveat", Int32(number)) }
            return
        }
        do {
            // The root that the main process leaves is then left here too; no terminal's signals but those passed on.
            try WorkingDirectory.change(to: "/")
            setsid()
            try systemCall("dup2") { dup2(telling?.number ?? -1, 0) }
            for output in Int32(1)...2 { close(output) }
            // Closed on exec where the stage starts, or told of where it does not.
            try systemCall("dup2") { dup2(writing.number, 1) }
            try systemCall("fcntl") { ck_fcntl(1, F_SETFD, Int(FD_CLOEXEC)) }
            try stage.run([Array("i\(main.pid)".utf8)], environment: [])
        } catch {
            var number = UInt8(truncatingIfNeeded: error.number)
            _ = unsafe write(1, &number, 1)
            _exit(127)
        }
    }

    /// How the main process ended, once init has: nil where init was ended itself.
    public func mainEnding() -> Child.Ending? {
        if let known { return known }
        guard let bytes = try? ending?.readToEnd(limit: 64), bytes.count == 8 else { return nil }
        ending = nil
        // The machine's own order, and no more than a byte each.
        known =
            bytes[0] == 0 && bytes[3] == 0
            ? .code(Int32(bytes[4] | bytes[7])) : .signal(Int32(bytes[4] | bytes[7]))
        return known
    }
}
