internal import Kernel
internal import LuaHost
internal import Seccomp

/// A profile of system calls as a script gives it, not yet looked at.
enum FilterProfile: ArgumentType {
    /// `"default"`, or the content of a file in Docker's form.
    case document([UInt8])
    /// A table, and what it says as bytes in an order of its own.
    case table(Profile, [UInt8])
    /// One that was compiled before.
    case compiled(FilterHandle)

    static var typeName: String { "profile" }
    static var annotation: String { "string|table|tupper.filter" }
    static var form: String? {
        """
        "default", the path of a file in Docker's form, a filter of seccomp.compile, or a table: base, default, allow, \
        deny, architectures, and rules of names with action and args
        """
    }

    static func read(_ slot: Slot) throws -> FilterProfile {
        if let bytes = slot.bytes() {
            return .document(
                bytes.elementsEqual("default".utf8)
                    ? Profile.standard
                    : try Files.read(RootPath(try Path.read(slot)), limit: 1 << 20))
        }
        if let handle = slot.anyHandle() as? FilterHandle { return .compiled(handle) }
        guard slot.kind == "table", case .table(let fields) = try slot.plain() else {
            throw slot.wanted("\"default\", a path, a table or a filter")
        }
        if let document = JSON(fields), document["defaultAction"] != nil {
            return .table(try Profile(docker: document), Value.table(fields).canonical)
        }
        var table = ProfileTable(slot)
        let profile = try table.profile()
        return .table(profile, table.base + Value.table(fields).canonical)
    }

    /// The filter, and whether it had been compiled before.
    func filter(
        _ circumstances: @autoclosure () throws -> Circumstances
    ) throws -> (filter: SystemCallFilter, wasThere: Bool) {
        if case .compiled(let handle) = self { return (handle.filter, true) }
        let circumstances = try circumstances()
        switch self {
        case .compiled(let handle): return (handle.filter, true)
        case .document(let bytes):
            return try FilterCache().filter(for: bytes, circumstances) {
                try Profile(docker: try JSON(parsing: bytes)).compile(for: circumstances)
            }
        case .table(let profile, let source):
            return try FilterCache().filter(for: source, circumstances) {
                try profile.compile(for: circumstances)
            }
        }
    }

    /// The profile itself; nil for one that was compiled before.
    func profile() throws -> Profile? {
        switch self {
        case .compiled: nil
        case .document(let bytes): try Profile(docker: try JSON(parsing: bytes))
        case .table(let profile, _): profile
        }
    }
}

extension JSON {
    /// A table in Docker's form; nil where it is none.
    fileprivate init?(_ fields: [Value.Entry]) {
        guard let value = Self.value(.table(fields)) else { return nil }
        self = value
    }

    private static func value(_ value: Value) -> JSON? {
        switch value {
        case .absent: return .null
        case .boolean(let flag): return .boolean(flag)
        case .integer(let number): return .integer(UInt64(bitPattern: number))
        case .number(let number): return .number(number)
        case .bytes(let bytes): return .text(String(decoding: bytes, as: UTF8.self))
        case .table(let entries):
            let isList = entries.enumerated().allSatisfy { $0.element.key == .integer(Int64($0.offset) + 1) }
            let values = entries.compactMap { Self.value($0.value) }
            guard values.count == entries.count else { return nil }
            if isList { return .list(values) }
            let names = entries.compactMap { entry -> String? in
                guard case .bytes(let bytes) = entry.key else { return nil }
                return String(decoding: bytes, as: UTF8.self)
            }
            guard names.count == values.count else { return nil }
            return .object(zip(names, values).map { Member($0, $1) })
        }
    }
}

extension Value {
    /// Bytes that are the same for tables that say the same, whatever order Lua has them in.
    fileprivate var canonical: [UInt8] {
        guard case .table(let entries) = self else { return encoded }
        let parts = entries.map { $0.key.canonical + $0.value.canonical }
        let count = Value.integer(Int64(parts.count)).encoded
        return count + parts.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 }
    }
}
