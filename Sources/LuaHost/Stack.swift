internal import CLua
internal import CLuaBridge

/// Moving plain values between Swift and a Lua stack. Nothing here raises: memory errors end the
/// process in the allocator, tables are read raw, and depth is bounded.
extension State {
    static let deepest = 100

    func push(_ text: String) { unsafe push(text, on: lua) }
    func push(_ value: Value) { unsafe push(value, on: lua) }
    func push(_ argument: Argument) { unsafe push(argument, on: lua) }

    func push(_ text: String, on lua: OpaquePointer) {
        var text = text
        text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                _ = unsafe lua_pushlstring(lua, $0.baseAddress, $0.count)
            }
        }
    }

    func push(bytes: [UInt8], on lua: OpaquePointer) {
        unsafe bytes.withUnsafeBytes {
            _ = unsafe lua_pushlstring(lua, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
    }

    func push(_ argument: Argument, on lua: OpaquePointer) {
        switch argument {
        case .value(let value): unsafe push(value, on: lua)
        case .handle(let handle): unsafe push(handle, on: lua)
        case .function(let function): unsafe push(.reference(function.reference), on: lua)
        case .reference(let reference):
            reference.push()
            if unsafe lua != self.lua { unsafe lua_xmove(self.lua, lua, 1) }
        }
    }

    func push(_ value: Value, on lua: OpaquePointer) {
        _ = unsafe lua_checkstack(lua, 8)
        switch value {
        case .absent: unsafe lua_pushnil(lua)
        case .boolean(let flag): unsafe lua_pushboolean(lua, flag ? 1 : 0)
        case .integer(let number): unsafe lua_pushinteger(lua, number)
        case .number(let number): unsafe lua_pushnumber(lua, number)
        case .bytes(let bytes): unsafe push(bytes: bytes, on: lua)
        case .table(let entries):
            // A list belongs in the array part, where lua_next finds it in order.
            let list = entries.prefix { if case .integer = $0.key { true } else { false } }.count
            unsafe lua_createtable(lua, Int32(clamping: list), Int32(clamping: entries.count - list))
            for entry in entries {
                if case .absent = entry.key { continue }
                if case .number(let key) = entry.key, key.isNaN { continue }
                unsafe push(entry.key, on: lua)
                unsafe push(entry.value, on: lua)
                unsafe lua_rawset(lua, -3)
            }
        }
    }

    func value(at index: Int32) throws -> Value { try unsafe value(at: index, on: lua, depth: 0) }

    /// A copy of the plain value at an index; functions, handles and cycles are refused by name.
    ///
    /// A table that inherits fields is refused in an argument; what a function returns is copied without them.
    func value(
        at index: Int32, on lua: OpaquePointer, depth: Int, isArgument: Bool = false
    ) throws -> Value {
        switch unsafe lua_type(lua, index) {
        case LUA_TNIL, LUA_TNONE: return .absent
        case LUA_TBOOLEAN: return .boolean(unsafe lua_toboolean(lua, index) != 0)
        case LUA_TNUMBER:
            if unsafe lua_isinteger(lua, index) != 0 {
                return .integer(unsafe lua_tointegerx(lua, index, nil))
            }
            return .number(unsafe lua_tonumberx(lua, index, nil))
        case LUA_TSTRING: return .bytes(unsafe bytes(at: index, on: lua))
        case LUA_TTABLE: return try unsafe table(at: index, on: lua, depth: depth, isArgument)
        default:
            let kind = unsafe String(cString: lua_typename(lua, lua_type(lua, index)))
            throw ArgumentError("a \(kind) cannot be passed on; only plain values can")
        }
    }

    private func table(
        at index: Int32, on lua: OpaquePointer, depth: Int, _ isArgument: Bool
    ) throws -> Value {
        guard depth < Self.deepest, unsafe lua_checkstack(lua, 8) != 0 else {
            throw ArgumentError("a table nests deeper than \(Self.deepest) levels, or contains itself")
        }
        if isArgument { try unsafe refuseInheritedFields(at: index, on: lua, "a table in the argument") }
        var entries: [Value.Entry] = []
        let table = unsafe lua_absindex(lua, index)
        unsafe lua_pushnil(lua)
        while unsafe lua_next(lua, table) != 0 {
            do {
                entries.append(
                    .init(
                        try unsafe value(at: -2, on: lua, depth: depth + 1, isArgument: isArgument),
                        try unsafe value(at: -1, on: lua, depth: depth + 1, isArgument: isArgument)))
            } catch {
                unsafe lb_pop(lua, 2)
                throw error
            }
            unsafe lb_pop(lua, 1)
        }
        return .table(entries)
    }

    /// Refuses a table whose metatable has `__index`: tables are read raw, and an option that is not seen could be the one
    /// that makes a mount readonly. Any other value is fine.
    func refuseInheritedFields(
        at index: Int32, on lua: OpaquePointer, _ place: @autoclosure () -> String
    ) throws {
        guard unsafe lua_type(lua, index) == LUA_TTABLE, unsafe lua_getmetatable(lua, index) != 0 else {
            return
        }
        unsafe push("__index", on: lua)
        let inherits = unsafe lua_rawget(lua, -2) != LUA_TNIL
        unsafe lb_pop(lua, 2)
        guard inherits else { return }
        throw ArgumentError(
            "\(place()): a table that inherits fields (__index) is not read",
            hint: "copy the fields into the table itself")
    }

    /// The bytes of the string at an index; the value must be a string.
    func bytes(at index: Int32, on lua: OpaquePointer) -> [UInt8] {
        var length = 0
        guard let start = unsafe lua_tolstring(lua, index, &length) else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: length))
    }

    /// The text of any value as `tostring` gives it.
    public func text(of failure: LuaFailure) -> String {
        failure.value.push()
        unsafe lb_to_text(lua, -1)
        defer { unsafe lb_pop(lua, 2) }
        return unsafe String(decoding: bytes(at: -1, on: lua), as: UTF8.self)
    }

    /// A field of a raised error object; nil where the error is no object or lacks the field.
    public func field(_ name: String, of failure: LuaFailure) -> Value? {
        failure.value.push()
        defer { unsafe lb_pop(lua, 1) }
        guard unsafe lua_type(lua, -1) == LUA_TTABLE else { return nil }
        push(name)
        unsafe lua_rawget(lua, -2)
        defer { unsafe lb_pop(lua, 1) }
        return try? value(at: -1)
    }
}
