internal import CKernel
internal import Glibc

/// How a process ended that is another one's child, as that one tells.
final class EndingLine {
    private var ending: Descriptor?
    private var telling: Descriptor?

    init() throws(SystemCallError) {
        let ends = try Descriptor.pipe()
        ending = Descriptor(owning: ends.reading)
        telling = Descriptor(owning: ends.writing)
    }

    /// The end to tell on; -1 once this process is who listens.
    var number: Int32 { telling?.number ?? -1 }

    /// Keeps the end to listen on only.
    func listen() { telling = nil }

    /// Keeps none.
    func close() {
        ending = nil
        telling = nil
    }

    /// What was told; nil where who should have told was ended itself.
    func take() -> Child.Ending? {
        defer { close() }
        guard let bytes = try? ending?.readToEnd(limit: 64), bytes.count == 8 else { return nil }
        // The machine's own order, and no more than a byte each.
        let number = Int32(bytes[4] | bytes[7])
        return bytes[0] == 0 && bytes[3] == 0 ? .code(number) : .signal(number)
    }
}

/// PID 1 of a container that runs something else: reaps orphans, passes signals on, ends with the main process.
public final class Init {
    private let line: EndingLine

    /// Before the process that becomes it is made.
    public init() throws(SystemCallError) { line = try EndingLine() }

    /// In the maker, once the process is made: its end is the main process's.
    public func watch(_ child: Child) {
        line.listen()
        child.line = line
    }

    /// In the process, PID 1 by now: a copy goes on, for which this returns; the process itself becomes init.
    public func takePlace() throws(SystemCallError) {
        let stage = try Stage()
        let ends = try Descriptor.pipe()
        let reading = Descriptor(owning: ends.reading)
        let writing = Descriptor(owning: ends.writing)
        // Signals that come meanwhile wait until init takes them.
        ck_block_signals(1)
        guard let main = try Child.clone() else {
            ck_block_signals(0)
            line.close()
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
            try systemCall("dup2") { dup2(line.number, 0) }
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
}
