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
            Primitive("error.__tostring", "Shows an error in one line.", positional: [subject.any]) { call in
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

    /// A raised value as plain fields, to be raised again elsewhere: those of an error object, or a text as
    /// `message` and `traceback`.
    public func fields(of failure: LuaFailure) -> [Value.Entry] {
        failure.value.push()
        defer { unsafe lb_pop(lua, 1) }
        if unsafe lua_type(lua, -1) == LUA_TTABLE {
            let fields = plainFields()
            // Its own way of showing does not cross.
            guard hasOwnWords, !fields.contains(where: { Self.isMessage($0) }) else { return fields }
            let others = fields.filter { $0.key != .text("message") }
            return others + [.init(.text("message"), .text(text(of: failure)))]
        }
        let text = text(of: failure)
        guard let mark = text.range(ofLine: "stack traceback:") else {
            return [.init(.text("message"), .text(text))]
        }
        return [
            .init(.text("message"), .text(String(text[..<mark]))),
            .init(.text("traceback"), .text(String(text[text.index(after: mark)...]))),
        ]
    }

    private static func isMessage(_ entry: Value.Entry) -> Bool {
        guard entry.key == .text("message"), case .bytes = entry.value else { return false }
        return true
    }

    /// Whether the table on top shows itself by a function of a script's.
    private var hasOwnWords: Bool {
        guard unsafe luaL_getmetafield(lua, -1, "__tostring") != LUA_TNIL else { return false }
        defer { unsafe lb_pop(lua, 1) }
        return unsafe lb_primitive_index(lua, -1) < 0
    }

    /// The fields of the table on top that can be copied.
    private func plainFields() -> [Value.Entry] {
        let table = unsafe lua_gettop(lua)
        var entries: [Value.Entry] = []
        unsafe lua_pushnil(lua)
        while unsafe lua_next(lua, table) != 0 {
            if let key = try? value(at: -2), let value = try? value(at: -1) {
                entries.append(.init(key, value))
            }
            unsafe lb_pop(lua, 1)
        }
        return entries
    }

    /// Where the running Lua code is, as `debug.traceback` shows it.
    public func traceback() -> String {
        unsafe lb_traceback(lua, 1)
        defer { unsafe lb_pop(lua, 1) }
        return unsafe String(decoding: bytes(at: -1, on: lua), as: UTF8.self)
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
        let message = field("message") ?? "an error without words"
        let parts = [field("position"), field("primitive"), message].compactMap { $0 }
        return .text(parts.joined(separator: ": "))
    }
}

extension String {
    /// The newline before a line of this text.
    fileprivate func range(ofLine line: String) -> Index? {
        indices.first { self[$0] == "\n" && self[index(after: $0)...].hasPrefix(line) }
    }
}
