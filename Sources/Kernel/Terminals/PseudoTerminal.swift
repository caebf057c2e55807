internal import CKernel
internal import Glibc

/// A pair of ends that behave as a terminal's two sides: pty(7).
///
/// It is opened by the process that uses it first, as a copy of the one that made it does inside a container, in the
/// devpts(5) that is the container's own. The side of the person then comes to its maker through a socket; of the
/// container's side no path is ever looked at (CVE-2025-52565).
public final class PseudoTerminal {
    /// How many characters fit.
    public struct Size: Sendable, Equatable {
        public var rows, columns: UInt16

        /// A size.
        public init(rows: UInt16, columns: UInt16) {
            self.rows = rows
            self.columns = columns
        }
    }

    private let maker = Processes.generation
    /// The socket by which the side of the person comes to its maker; nil once the terminal is released.
    private var arriving, leaving: Descriptor?
    /// The side of the person, which the maker has.
    private var master: Descriptor?
    /// The side of the programs, in a process that has opened it.
    private var peer: Descriptor?
    /// The devpts that it was opened in, as long as that is mounted nowhere.
    private var instance: DetachedMount?
    private var size: Size
    /// What was printed while nobody looked, the last of it.
    private var unseen: [UInt8] = []
    private static let mostUnseen = 65536
    private var isHungUp = false
    private var isClosed = false

    /// One yet to be opened.
    public init(size: Size) throws(SystemCallError) {
        var ends: [Int32] = [-1, -1]
        try systemCall("socketpair") {
            unsafe ends.withUnsafeMutableBufferPointer { unsafe ck_channel($0.baseAddress) }
        }
        arriving = Descriptor(owning: ends[0])
        leaving = Descriptor(owning: ends[1])
        self.size = size
    }

    // MARK: The side of the programs

    /// Opens it unless it is open: in the devpts in sight, or in one of its own to be mounted later.
    public func open(inOwnInstance: Bool = false) throws(SystemCallError) {
        try checkOpenable()
        if peer != nil || master != nil { return }
        if !inOwnInstance, let multiplexer = try? Self.multiplexer() { return try open(multiplexer) }
        let own = try DeviceDirectory.terminals()
        try open(try Descriptor.open("ptmx", O_RDWR | O_NOCTTY, at: own.number))
        instance = consume own
    }

    private func checkOpenable() throws(SystemCallError) {
        if isClosed { try checkSide() }
        receive()
    }

    /// /dev/pts/ptmx of the root in sight, once it is sure that it is one: an image may have put anything there.
    private static func multiplexer() throws(SystemCallError) -> Descriptor {
        let place = try RootPath("/dev/pts", in: "/", refusingLinks: true).open()
        guard ck_filesystem_type_of(place.number) == DEVPTS_SUPER_MAGIC else {
            throw SystemCallError("open", ENODEV, [.init("path", "/dev/pts")])
        }
        // Nothing that is mounted over it, either.
        let number = try systemCall("openat2", [.init("path", "/dev/pts/ptmx")]) {
            unsafe "ptmx".withCString {
                unsafe Descriptor.openResolved(
                    $0, O_RDWR | O_NOCTTY, in: place.number, [.noLinks, .noMounts])
            }
        }
        return Descriptor(owning: number)
    }

    private func open(_ side: consuming Descriptor) throws(SystemCallError) {
        try systemCall("ioctl") { ck_terminal_unlock(side.number) }
        try systemCall("ioctl") { ck_terminal_resize(side.number, size.rows, size.columns) }
        if Processes.generation == maker {
            try keep(side)
        } else {
            peer = try Self.peer(of: side.number)
            try systemCall("sendmsg") { ck_send_descriptor(leaving?.number ?? -1, side.number) }
        }
    }

    private static func peer(of master: Int32) throws(SystemCallError) -> Descriptor {
        Descriptor(owning: try systemCall("ioctl") { ck_terminal_peer(master) })
    }

    private func peerNumber() throws(SystemCallError) -> Int32 {
        if let number = peer?.number { return number }
        guard let number = master?.number else { throw SystemCallError("ioctl", ENOTTY) }
        let other = try Self.peer(of: number)
        let opened = other.number
        peer = consume other
        return opened
    }

    /// Makes it this process's controlling terminal and standard files, in a session of its own: setsid(2).
    public func control() throws(SystemCallError) {
        try open()
        let number = try peerNumber()
        try systemCall("setsid") { ck_terminal_control(number) }
        for standard in Int32(0)...2 { try systemCall("dup2") { dup2(number, standard) } }
    }

    /// Makes it this process's standard files, for a child to take as its controlling terminal.
    func lendStandardFiles() throws(SystemCallError) {
        try open()
        let number = try peerNumber()
        for standard in Int32(0)...2 { try systemCall("dup2") { dup2(number, standard) } }
    }

    /// The devpts that it was opened in, to be mounted, where it had one of its own.
    func takeInstance() -> DetachedMount? { instance.take() }

    /// Opens it in a devpts that is about to be mounted, unless it is open.
    func open(in terminals: borrowing DetachedMount) throws(SystemCallError) {
        try checkOpenable()
        if peer != nil || master != nil { return }
        try open(try Descriptor.open("ptmx", O_RDWR | O_NOCTTY, at: terminals.number))
    }

    /// The side of the programs as a mount, to be shown as /dev/console: by descriptor.
    func console() throws(SystemCallError) -> DetachedMount {
        try DetachedMount.copy(ofOpen: try peerNumber(), subjects: [.init("source", "the terminal")])
    }

    // MARK: The side of the person

    private func keep(_ side: consuming Descriptor) throws(SystemCallError) {
        // O_NONBLOCK: a container that does not read must not hold up who writes.
        try systemCall("fcntl") { ck_fcntl(side.number, F_SETFL, Int(O_RDWR | O_NONBLOCK)) }
        master = consume side
    }

    /// Takes what another process has opened, if it has by now.
    private func receive() {
        guard master == nil, Processes.generation == maker else { return }
        let number = ck_receive_descriptor(arriving?.number ?? -1)
        if number >= 0 { try? keep(Descriptor(owning: number)) }
    }

    /// What to wait for, and to read and write; -1 as long as nobody has opened it.
    var number: Int32 {
        receive()
        return master?.number ?? -1
    }

    /// What to wait for until somebody has opened it; -1 in a process that it does not come to.
    var arrival: Int32 { Processes.generation == maker ? arriving?.number ?? -1 : -1 }

    /// EBADF in a process that the side of the person does not come to.
    func checkSide() throws(SystemCallError) {
        if !isClosed, Processes.generation == maker || master?.number != nil { return }
        throw SystemCallError(
            "poll", EBADF, [.init("subject", "the terminal")],
            detail: isClosed ? "it was released" : "only the process that made the terminal is its person")
    }

    /// Lets go of it: who works in it is hung up.
    public func close() {
        isClosed = true
        arriving = nil
        leaving = nil
        master = nil
        peer = nil
        instance = nil
    }

    /// Another size; the programs in it are told by SIGWINCH.
    public func resize(_ size: Size) throws(SystemCallError) {
        try checkSide()
        self.size = size
        let number = number
        if number < 0 { return }
        try systemCall("ioctl", [.init("subject", "the terminal")]) {
            ck_terminal_resize(number, size.rows, size.columns)
        }
    }

    /// What the programs have printed, as much as fits; empty where there is nothing yet, nil where nobody is left.
    func read(_ count: Int) throws(SystemCallError) -> [UInt8]? {
        if !unseen.isEmpty {
            defer { unseen = Array(unseen.dropFirst(count)) }
            return Array(unseen.prefix(count))
        }
        return try readFresh(count)
    }

    private func readFresh(_ count: Int) throws(SystemCallError) -> [UInt8]? {
        let number = number
        do {
            return try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                let start = buffer.baseAddress
                filled = try systemCall("read") { unsafe Glibc.read(number, start, count) }
            }
        } catch {
            guard let error = error as? SystemCallError else { return nil }
            switch error.number {
            case EAGAIN: return []
            // Every program has closed its side.
            case EIO: return nil
            default: throw error
            }
        }
    }

    /// Takes what the programs print, so that they go on; keeps the last of it to be shown later. False where no
    /// program has it open.
    private func drain() throws(SystemCallError) -> Bool {
        guard let bytes = try readFresh(Self.mostUnseen) else { return false }
        unseen = Array((unseen + bytes).suffix(Self.mostUnseen))
        return true
    }

    /// Waits for another descriptor, and takes what is printed meanwhile; tells whether the other one is ready.
    func waitOrDrain(orFor descriptor: Int32, timeout: Int32) throws(SystemCallError) -> Bool {
        let printing = isHungUp ? -1 : number
        var set = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: printing, events: Int16(POLLIN), revents: 0),
            pollfd(fd: printing < 0 && !isHungUp ? arrival : -1, events: Int16(POLLIN), revents: 0),
        ]
        // Who has closed it may open it again.
        let patience = isHungUp && !(0..<50).contains(timeout) ? 50 : timeout
        isHungUp = false
        try systemCall("poll", retry: false) {
            unsafe set.withUnsafeMutableBufferPointer { unsafe ck_poll_set($0.baseAddress, 3, patience) }
        }
        if set[1].revents != 0 { isHungUp = try !drain() }
        return set[0].revents != 0
    }

    /// Writes what can be taken now; tells how much.
    func write(_ bytes: ArraySlice<UInt8>) throws(SystemCallError) -> Int {
        let number = number
        do {
            return try systemCall("write") {
                unsafe bytes.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
            }
        } catch {
            if error.number == EAGAIN { return 0 }
            throw error
        }
    }

    /// The character that ends a program's input, where lines are what it reads.
    var endOfInput: UInt8? { UInt8(exactly: ck_terminal_end_character(number)) }

    // MARK: For scripts

    /// Waits for what the programs print; nil where nobody is left. ETIMEDOUT when `timeout` milliseconds pass first.
    public func receive(timeout: Int32?) throws(SystemCallError) -> [UInt8]? {
        while true {
            try waitUntilOpen(timeout)
            if let bytes = try read(Self.mostUnseen) {
                if !bytes.isEmpty { return bytes }
            } else {
                return nil
            }
            try wait(number, POLLIN, timeout)
        }
    }

    /// Types; waits while the programs do not read. ETIMEDOUT when `timeout` milliseconds pass first.
    public func send(_ bytes: [UInt8], timeout: Int32?) throws(SystemCallError) {
        var rest = bytes[...]
        try waitUntilOpen(timeout)
        while !rest.isEmpty {
            try wait(number, POLLOUT, timeout)
            rest = rest.dropFirst(try write(rest))
        }
    }

    private func waitUntilOpen(_ timeout: Int32?) throws(SystemCallError) {
        try checkSide()
        while number < 0 { try wait(arrival, POLLIN, timeout) }
    }

    private func wait(_ descriptor: Int32, _ events: Int32, _ timeout: Int32?) throws(SystemCallError) {
        let ready = try systemCall("poll", retry: false) { ck_poll(descriptor, Int16(events), timeout ?? -1) }
        if ready == 0 { throw SystemCallError("poll", ETIMEDOUT, [.init("subject", "the terminal")]) }
    }
}
