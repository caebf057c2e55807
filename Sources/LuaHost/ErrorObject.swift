internal import CLua
internal import CLuaBridge

/// The error object: a table with the fields of ``Failure``, `.position` and `.traceback`, that prints
/// as one line.
extension State {
    static let errorName = "tupper.error"

    func makeErrorMetatable() {
        unsafe luaL_newmetatable(lua, Self.errorName)
        push("__tostring")
        let subject = Parameter<Anything>("error", "The error.", default: .nothing)
        entries.append(
            Primitive("error.__tostring", "Shows an error in one line.", positional: [subject]) { call in
                [.value(call.errorText())]
            })
        unsafe lb_push_primitive(lua, lua_Integer(entries.count - 1))
        unsafe lua_rawset(lua, -3)
        unsafe lb_pop(lua, 1)
    }

    func pushError(_ failure: Failure, on lua: OpaquePointer) {
        _ = unsafe lua_checkstack(lua, 8)
        unsafe lua_createtable(lua, 0, 10)
        for (name, value) in failure.fields where value != .absent {
            unsafe push(.text(name), on: lua)
            unsafe push(value, on: lua)
            unsafe lua_rawset(lua, -3)
        }
        var line: Int32 = 0
        if let source = unsafe lb_where(lua, 1, &line), line > 0 {
            unsafe push(.text("position"), on: lua)
            unsafe push(.text("\(String(cString: source)):\(line)"), on: lua)
            unsafe lua_rawset(lua, -3)
        }
        unsafe luaL_setmetatable(lua, Self.errorName)
    }

    /// Raises plain fields again as an error object, as when they came from another process.
    public func failure(fields: [Value.Entry]) -> LuaFailure {
        push(.table(fields))
        unsafe luaL_setmetatable(lua, Self.errorName)
        return takeFailure()
    }
}

extension Call {
    func errorText() -> Value {
        func field(_ name: String) -> String? {
            guard unsafe lua_type(lua, 1) == LUA_TTABLE else { return nil }
            unsafe state.push(.text(name), on: lua)
            unsafe lua_rawget(lua, 1)
            defer { unsafe lb_pop(lua, 1) }
            guard unsafe lua_type(lua, -1) == LUA_TSTRING else { return nil }
            return unsafe String(decoding: state.bytes(at: -1, on: lua), as: UTF8.self)
        }
        let parts = [field("position"), field("primitive"), field("message")].compactMap { $0 }
        return .text(parts.joined(separator: ": "))
    }
}
