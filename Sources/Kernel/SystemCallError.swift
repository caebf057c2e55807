internal import CKernel

/// What the kernel refused: the call, the error number, what it was about, and the kernel's own words.
public struct SystemCallError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One thing the call was about: its role ("source", "target", "device", ...) and its text.
    public struct Subject: Sendable, Equatable {
        public let role: String
        public let text: String

        /// A subject by its role.
        public init(_ role: String, _ text: String) {
            self.role = role
            self.text = text
        }
    }

    /// The system call's name as in section 2 of the manual.
    public let call: String
    /// The error number, as in errno(3).
    public let number: Int32
    /// What the call was about, in the order of its arguments.
    public let subjects: [Subject]
    /// The kernel's own explanation, where it gave one (extended acknowledgement, fsopen's log).
    public let detail: String?

    /// An error of `call` with an errno value.
    public init(_ call: String, _ number: Int32, _ subjects: [Subject] = [], detail: String? = nil) {
        self.call = call
        self.number = number
        self.subjects = subjects
        self.detail = detail
    }

    /// The symbol of the error number, as in `"EPERM"`.
    public var code: String { Self.code(number) }

    /// The meaning of the error number in lower case, as in `"operation not permitted"`.
    public var meaning: String {
        guard let text = unsafe ck_error_text(number) else { return "error \(number)" }
        let sentence = unsafe String(cString: text)
        return sentence.prefix(1).lowercased() + sentence.dropFirst()
    }

    /// Why it failed, in one line: the kernel's own words where it gave some, then what the number means.
    public var cause: String { (detail.map { "\($0): " } ?? "") + "\(meaning) (\(code))" }

    /// The call, what it was about, and why it failed.
    public var description: String {
        ([call] + subjects.filter { $0.role != "kind" }.map { "\"\($0.text)\"" }).joined(separator: " ")
            + ": \(cause)"
    }

    /// The symbol of an errno value; its digits where it has none.
    public static func code(_ number: Int32) -> String {
        guard let name = unsafe ck_error_name(number) else { return "\(number)" }
        return unsafe String(cString: name)
    }
}
