internal import Glibc

/// What the kernel has answered to one request so far, taken from its datagrams.
///
/// Every length is checked against the bytes that are there; a message that does not fit is no end of
/// the answer but an error (EPROTO).
struct NetlinkAnswers {
    /// One message.
    struct Answer {
        let type: UInt16
        let content: NetlinkBytes
    }

    private(set) var answers: [Answer] = []
    /// Whether the acknowledgement or the listing's end has come.
    private(set) var isComplete = false
    /// Whether what is listed changed meanwhile, NLM_F_DUMP_INTR: the listing is to be made again.
    private(set) var wasInterrupted = false

    /// Takes one datagram. Throws what it says the kernel refused.
    mutating func take(
        _ datagram: NetlinkBytes, for call: String, _ subjects: [SystemCallError.Subject]
    ) throws(SystemCallError) {
        var rest = datagram
        while !rest.bytes.isEmpty, !isComplete {
            let length = Int(rest.number(at: 0))
            guard rest.bytes.count >= 16, length >= 16, length <= rest.bytes.count else {
                throw SystemCallError(call, EPROTO, subjects)
            }
            let (type, flags) = (UInt16(rest.number(at: 4, 2)), rest.number(at: 6, 2))
            let content = NetlinkBytes(rest.bytes.prefix(length).dropFirst(16))
            if flags & 0x10 != 0 { wasInterrupted = true }
            switch type {
            case 2, 3:
                // NLMSG_ERROR with 0 is the acknowledgement, NLMSG_DONE the end of a dump.
                let number = Int64(Int32(bitPattern: content.number(at: 0)))
                guard content.bytes.count >= 4, number <= 0, number > -4096 else {
                    throw SystemCallError(call, EPROTO, subjects)
                }
                if number < 0 {
                    let words = flags & 0x200 == 0 ? nil : Self.words(content, type, flags)
                    throw SystemCallError(call, Int32(-number), subjects, detail: words)
                }
                isComplete = true
            default: answers.append(Answer(type: type, content: content))
            }
            rest = rest.from((length + 3) & ~3)
        }
    }

    /// The kernel's own words: NLMSGERR_ATTR_MSG, and NLMSGERR_ATTR_OFFS for where in the request.
    private static func words(_ content: NetlinkBytes, _ type: UInt16, _ flags: UInt32) -> String? {
        // They stand behind the request's header, or behind the whole request where it is not capped.
        let repeated = flags & 0x100 != 0 ? 16 : (Int(content.number(at: 4)) + 3) & ~3
        let attributes = content.attributes(at: type == 2 ? 4 + repeated : 4)
        let place = attributes[2].map { "at byte \($0.number(at: 0)) of the request" }
        guard let text = attributes[1]?.text, !text.isEmpty else { return place }
        return place.map { "\(text) (\($0))" } ?? text
    }
}
