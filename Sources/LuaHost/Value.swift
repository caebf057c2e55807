/// A plain Lua value: what crosses between Lua and Swift by copy. Strings are bytes.
public enum Value: Sendable, Equatable {
    case absent
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case bytes([UInt8])
    /// Fields in the order given; keys are values too, none of them absent.
    case table([Entry])

    /// One field of a table.
    public struct Entry: Sendable, Equatable {
        /// The key.
        public let key: Value
        /// The value.
        public let value: Value

        /// A field.
        public init(_ key: Value, _ value: Value) {
            self.key = key
            self.value = value
        }
    }

    /// A string value out of UTF-8 text.
    public static func text(_ text: String) -> Value { .bytes(Array(text.utf8)) }

    /// A table with string keys; absent values are left out.
    public static func record(_ fields: KeyValuePairs<String, Value>) -> Value {
        var entries: [Entry] = []
        for (name, value) in fields where value != .absent { entries.append(Entry(.text(name), value)) }
        return .table(entries)
    }

    /// A table with the keys 1, 2, 3, ...
    public static func list(_ values: [Value]) -> Value {
        .table(values.enumerated().map { Entry(.integer(Int64($0.offset) + 1), $0.element) })
    }

    /// A whole number, or its nearest float where 64 bits do not hold it.
    public static func count(_ number: UInt64) -> Value {
        Int64(exactly: number).map(Value.integer) ?? .number(Double(number))
    }
}
