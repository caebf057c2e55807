internal import CKernel
internal import Glibc

/// The environment of this process: environ(7).
public enum EnvironmentVariables {
    /// One variable.
    public struct Variable: Sendable, Equatable {
        public let name: [UInt8]
        public let value: [UInt8]

        /// A variable; neither part contains NUL, nor the name `=`.
        public init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }

        /// `NAME=VALUE`.
        public var assignment: [UInt8] { name + [UInt8(ascii: "=")] + value }
    }

    /// Every variable, in the environment's order.
    public static func all() -> [Variable] {
        var variables: [Variable] = []
        guard var next = unsafe ck_environment() else { return [] }
        while let text = unsafe next.pointee {
            let bytes = unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
            let name = bytes.prefix { $0 != UInt8(ascii: "=") }
            variables.append(Variable(name: Array(name), value: Array(bytes.dropFirst(name.count + 1))))
            unsafe next += 1
        }
        return variables
    }

    /// A variable's value as text; nil where it is not set.
    public static func value(of name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// setenv(3).
    public static func set(_ variable: Variable) throws(SystemCallError) {
        let (name, value) = (characters(variable.name), characters(variable.value))
        try systemCall("setenv") { unsafe setenv(name, value, 1) }
    }

    /// unsetenv(3).
    public static func remove(_ name: [UInt8]) throws(SystemCallError) {
        try systemCall("unsetenv") { unsafe unsetenv(characters(name)) }
    }

    private static func characters(_ bytes: [UInt8]) -> [CChar] {
        (bytes + [0]).map { CChar(bitPattern: $0) }
    }
}
