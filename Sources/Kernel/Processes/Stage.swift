internal import CKernel
internal import Glibc

/// A program of a few hundred bytes in sealed memory, which runs in a container in this one's place: neither the file
/// nor the memory of this program is offered there (CVE-2019-5736).
struct Stage: ~Copyable {
    private let file: Descriptor

    /// What one is for, by its name as /proc/PID/exe shows it.
    enum Role: String {
        /// It stays in the container: PID 1, or who reaps a program that joins.
        case resident = "tupper-stage"
        /// It becomes a program.
        case passing = "tupper-exec"
    }

    /// Whether the process with a number below /proc runs one.
    static func isRun(by number: Int32, as role: Role) -> Bool {
        let program = try? Path("/proc/\(number)/exe").linkTarget().string
        return program?.hasPrefix("/memfd:\(role.rawValue)") == true
    }

    /// memfd_create(2), then sealed: nobody can change it any more.
    init() throws(SystemCallError) {
        file = Descriptor(
            owning: try systemCall("memfd_create") { unsafe ck_make_stage(Role.resident.rawValue, nil, 0) })
    }

    /// One that puts the program that it becomes under a filter first.
    init(filter: SystemCallFilter?) throws(SystemCallError) {
        let number = try systemCall("memfd_create") {
            guard let filter else { return unsafe ck_make_stage(Role.passing.rawValue, nil, 0) }
            return unsafe filter.instructions.withUnsafeBytes {
                unsafe ck_make_stage(Role.passing.rawValue, $0.baseAddress, $0.count)
            }
        }
        file = Descriptor(owning: number)
    }

    /// Becomes the program that ck_check_program found; where the stage cannot be run, everything stays open: an error's
    /// number.
    func become(
        under filter: SystemCallFilter?, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
        _ environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> Int32 {
        let length = (filter?.instructions.count ?? 0) / 8
        return unsafe ck_become_staged(
            file.number, filter?.isLogged == true ? 1 : 0, Int32(length), words, environment)
    }

    /// The descriptors that the stage uses, to report on and to tell how the program ended.
    private static let lines: [Int32] = [3, 4]

    /// execveat(2): becomes the stage. Nothing else is open beyond the standard files, but `lines`.
    consuming func run(
        _ words: [[UInt8]], environment: [[UInt8]], lines: [Int32] = []
    ) throws(SystemCallError) -> Never {
        // Out of the way of the lines' numbers, and so are they.
        let number = try systemCall("fcntl") { ck_fcntl(file.number, F_DUPFD_CLOEXEC, 10) }
        let copies = try lines.map { line throws(SystemCallError) in
            try systemCall("fcntl") { ck_fcntl(line, F_DUPFD_CLOEXEC, 10) }
        }
        for (line, place) in zip(copies, Self.lines) { try systemCall("dup2") { dup2(line, place) } }
        let kept = Int32(copies.count)
        try systemCall("close_range") { ck_close_range(UInt32(3 + kept), UInt32(number - 1), 0) }
        try systemCall("close_range") { ck_close_range(UInt32(number + 1), .max, 0) }
        var error: Int32 = 0
        unsafe withStrings(words) { words in
            unsafe withStrings(environment) { environment in
                _ = unsafe ck_run_stage(number, words, environment)
                error = errno
            }
        }
        throw SystemCallError("execveat", error)
    }
}
