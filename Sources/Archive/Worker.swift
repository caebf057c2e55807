internal import Glibc
internal import Kernel

/// A child that does one part of the work and reports what came of it in a memory file.
struct Worker: ~Copyable {
    private let child: Child
    private let report: MemoryFile

    /// Starts a copy of this process for `body`, which returns numbers to report.
    init(_ body: () throws(ArchiveError) -> [Int64]) throws(SystemCallError) {
        let report = try MemoryFile("report")
        guard let child = try Child.clone() else {
            try? Processes.dieWithParent()
            let said: [UInt8]
            do throws(ArchiveError) {
                said = Array(try body().map { "\($0)" }.joined(separator: " ").utf8)
            } catch {
                said = Worker.encoded(error)
            }
            try? report.write(said)
            _exit(said.first == 0 ? 1 : 0)
        }
        self.child = child
        self.report = report
    }

    /// Waits for its end. Throws EINTR as a SystemCallError when a signal arrives.
    func wait() throws(SystemCallError) { _ = try child.wait() }

    /// Kills it.
    func end() { try? child.end() }

    /// What it reported.
    func outcome() throws -> Result<[Int64], ArchiveError> {
        if case .signal(let number)? = child.ending {
            return .failure(ArchiveError(nil, "the child that did the work was ended by signal \(number)"))
        }
        return Worker.decoded(try report.contents())
    }

    /// An error's fields, each after a NUL: none of them contains one.
    private static func encoded(_ error: ArchiveError) -> [UInt8] {
        var bytes: [UInt8] = [0]
        bytes += Array("\(error.number)".utf8) + [0]
        bytes += Array((error.call ?? "").utf8) + [0]
        bytes += Array(error.reason.utf8.filter { $0 != 0 }) + [0]
        bytes += error.member.map { [43] + $0 } ?? []
        return bytes
    }

    private static func decoded(_ bytes: [UInt8]) -> Result<[Int64], ArchiveError> {
        guard bytes.first == 0 else {
            let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
            return .success(words.compactMap { Int64($0) })
        }
        let fields = bytes.dropFirst().split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4 else { return .failure(ArchiveError(nil, "the child sent no report")) }
        let texts = fields.map { String(decoding: $0, as: UTF8.self) }
        let number = Int32(texts[0]) ?? 0
        let member = fields[3].isEmpty ? nil : Array(fields[3].dropFirst())
        return .failure(
            texts[1].isEmpty
                ? ArchiveError(member, texts[2], number: number)
                : ArchiveError(member, call: texts[1], number: number))
    }
}
