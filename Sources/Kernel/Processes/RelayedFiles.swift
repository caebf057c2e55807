internal import CKernel
internal import Glibc

/// What a container is given in place of this process's standard files, so that it can change no file of the host's.
///
/// Regular files and named pipes are passed through pipes by a process of their own, which goes on whatever this one does.
/// A terminal, or another device, is opened again on a mount that refuses writing: programs use it as before, and its mode
/// and owner stay. Pipes and sockets without a name stay as they are, and the null device is opened anew once the container
/// has its root.
public final class RelayedFiles {
    /// What stands for a file of this process's, by the numbers that it has in the container.
    private var substitutes: [(numbers: [Int32], file: StandardFile)] = []
    /// Those to be opened again where that is possible: in the container, where an ordinary user may mount.
    private var devices: [Int32] = []
    private var relay: Child?
    private var line: StandardFile?
    /// How the terminal was set, if it is one that programs in the container are given.
    private var modes: TerminalModes?
    private let owner = Processes.generation

    /// In place of those that are not refused as StandardFiles.check says, or of what is given for a number.
    public init(_ numbers: [Int32] = [0, 1, 2], given: [Int32: StandardFile] = [:]) throws {
        try StandardFiles.check(numbers.filter { given[$0] == nil })
        var files: [StandardFiles.Relayed] = []
        for number in numbers {
            let other = given[number]
            let source = other?.number ?? number
            if other != nil { try StandardFiles.check(source, as: number) }
            switch StandardFiles.treatment(of: source) {
            case .none: if let other { substitutes.append(([number], other)) }
            case .reopening:
                if number == 0 { modes = TerminalModes.current }
                if !Credentials.canAdministrate {
                    if let other { substitutes.append(([number], other)) } else { devices.append(number) }
                } else if let file = try? StandardFiles.reopen(source) {
                    substitutes.append(([number], file))
                } else {
                    fallthrough
                }
            case .relaying:
                files.append(StandardFiles.Relayed(number, from: source))
            }
        }
        if !files.isEmpty { try start(files) }
    }

    private func start(_ files: [StandardFiles.Relayed]) throws {
        var ways: [Int32] = []
        // What the relay has; those of the container are in `substitutes`.
        var kept: [StandardFile] = []
        var outputs: [(file: StandardFiles.Relayed, index: Int)] = []
        for file in files {
            // One file for two streams gets one pipe, or what is written would be out of order.
            if !file.isInput, let same = outputs.first(where: { $0.file.isSame(as: file) }) {
                substitutes[same.index].numbers.append(file.number)
                continue
            }
            let ends = try Descriptor.pipe()
            let (reading, writing) = (StandardFile(owning: ends.reading), StandardFile(owning: ends.writing))
            kept.append(file.isInput ? writing : reading)
            ways += file.isInput ? [file.source, writing.number] : [reading.number, file.source]
            if !file.isInput { outputs.append((file, substitutes.count)) }
            substitutes.append(([file.number], file.isInput ? reading : writing))
        }
        var ends: [Int32] = [-1, -1]
        try systemCall("socketpair") {
            unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        let (ours, theirs) = (StandardFile(owning: ends[0]), StandardFile(owning: ends[1]))
        guard let child = try Child.clone() else {
            unsafe ck_relay(theirs.number, ways, Int32(ways.count / 2))
        }
        relay = child
        line = ours
        withExtendedLifetime((kept, theirs)) {}
    }

    /// In the process that the container begins with, as long as the host's files are in sight: puts them in place.
    public func take() throws(SystemCallError) {
        for number in devices {
            // Where this cannot be, the terminal is still its own user's only.
            if let file = try? StandardFiles.reopen(number) { substitutes.append(([number], file)) }
        }
        for (numbers, file) in substitutes {
            for number in numbers { try systemCall("dup2") { dup2(file.number, number) } }
        }
        close()
    }

    /// In the process that made it: the end of what the container writes is its end only where nobody else can write.
    public func close() { substitutes = [] }

    /// Sets the terminal as it was, and waits until all that was written is where it belongs, ten seconds at most. Who ends up
    /// with the container's end of a pipe may go on to write.
    public func finish() {
        guard owner == Processes.generation else { return }
        modes?.restore()
        guard let line, let relay else { return }
        var byte: UInt8 = 0
        // MSG_NOSIGNAL
        guard unsafe send(line.number, &byte, 1, 0x4000) == 1 else {
            return reap(relay)
        }
        var entry = pollfd(fd: line.number, events: Int16(POLLIN), revents: 0)
        let end = Clock.nanoseconds + 10_000_000_000
        while unsafe poll(&entry, 1, 1000) <= 0, Clock.nanoseconds < end {}
        // No byte tells of its end, or an error where it has not read ours.
        let answer = unsafe recv(line.number, &byte, 1, Int32(MSG_DONTWAIT))
        if answer != 1, Clock.nanoseconds < end { reap(relay) }
    }

    private func reap(_ relay: Child) {
        _ = try? relay.wait(timeout: 1000)
        self.relay = nil
    }
}

extension StandardFiles {
    /// What is to be done with one.
    enum Treatment { case none, reopening, relaying }

    /// One that is passed through a pipe.
    struct Relayed {
        let number: Int32
        /// The descriptor that this process has of it.
        let source: Int32
        let isInput: Bool
        private let status: stat?

        init(_ number: Int32, from source: Int32) {
            self.number = number
            self.source = source
            isInput = StandardFiles.isInput(source, as: number)
            status = StandardFiles.status(source)
        }

        func isSame(as other: Relayed) -> Bool {
            guard let status, let theirs = other.status else { return false }
            return status.st_dev == theirs.st_dev && status.st_ino == theirs.st_ino
        }
    }

    static func treatment(of number: Int32) -> Treatment {
        guard let status = status(number) else { return .none }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .relaying
        // PIPEFS_MAGIC: one without a name has no owner but its users.
        case S_IFIFO: return ck_filesystem_type_of(number) == 0x5049_5045 ? .none : .relaying
        case S_IFCHR: return isNull(status) || isOnReadonlyMount(number) ? .none : .reopening
        default: return .none
        }
    }

    /// Whether bytes come from it: where both is possible, standard input is for that.
    static func isInput(_ descriptor: Int32, as number: Int32) -> Bool {
        switch ck_fcntl(descriptor, F_GETFL, 0) & O_ACCMODE {
        case O_RDONLY: true
        case O_WRONLY: false
        default: number == 0
        }
    }

    private static func isOnReadonlyMount(_ number: Int32) -> Bool {
        var filesystem = statvfs()
        // ST_RDONLY
        return unsafe fstatvfs(number, &filesystem) == 0 && filesystem.f_flag & 1 != 0
    }

    /// Opens a device again on a mount of its own that refuses writing, which is not in sight anywhere.
    static func reopen(_ number: Int32) throws(SystemCallError) -> StandardFile {
        let path = try Path("/proc/self/fd/\(number)").linkTarget()
        let copy = try DetachedMount.copy(of: path)
        guard let wanted = status(number), let found = status(copy.number), wanted.st_dev == found.st_dev,
            wanted.st_ino == found.st_ino
        else { throw SystemCallError("open", ESTALE, [.init("path", path.string)]) }
        try copy.set(.readonly)
        let flags = ck_fcntl(number, F_GETFL, 0)
        let kept = flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)
        let opened = try Descriptor.open(Path("/proc/self/fd/\(copy.number)"), kept | O_NOCTTY)
        return StandardFile(owning: opened.release())
    }
}
