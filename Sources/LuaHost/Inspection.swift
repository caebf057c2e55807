internal import CLua
internal import CLuaBridge

/// Looking at Lua values without running any Lua: tables are read raw, metamethods are not called.
extension State {
    /// The names of the global variables.
    public var globalNames: [String] {
        let base = unsafe lua_gettop(lua)
        defer { unsafe lua_settop(lua, base) }
        unsafe lua_rawgeti(lua, Self.registry, lua_Integer(LUA_RIDX_GLOBALS))
        return keysOnTop().sorted()
    }

    /// The names that can follow a path of names from the globals on: a module's primitives, a table's fields, a handle's
    /// fields and methods, a string's methods. Empty where the path leads nowhere.
    public func names(after path: [String]) -> [String] {
        let base = unsafe lua_gettop(lua)
        defer { unsafe lua_settop(lua, base) }
        guard walk(path) else { return [] }
        var names: [String] = []
        // A chain of __index tables could be endless.
        for _ in 0..<10 {
            if let handle = unsafe handle(at: -1, on: lua) {
                let kind = type(of: handle).kind
                return (names + kind.fields.map(\.name) + kind.declarations.map(\.shortName)).sorted()
            }
            let kind = unsafe lua_type(lua, -1)
            if kind == LUA_TTABLE {
                names += keysOnTop() + (moduleOnTop?.declarations.map(\.shortName) ?? [])
            }
            guard kind == LUA_TTABLE || kind == LUA_TSTRING, unsafe lua_getmetatable(lua, -1) != 0 else {
                break
            }
            push("__index")
            unsafe lua_rawget(lua, -2)
        }
        return Array(Set(names)).sorted()
    }

    /// The primitive that a path of names leads to; nil where it leads to none.
    public func primitive(at path: [String]) -> Primitive? {
        guard let name = path.last else { return nil }
        let base = unsafe lua_gettop(lua)
        defer { unsafe lua_settop(lua, base) }
        guard walk(Array(path.dropLast())) else { return nil }
        if let handle = unsafe handle(at: -1, on: lua) {
            return type(of: handle).kind.declarations.first { $0.shortName == name }?.primitive
        }
        guard unsafe lua_type(lua, -1) == LUA_TTABLE else { return nil }
        let module = moduleOnTop
        push(name)
        unsafe lua_rawget(lua, -2)
        if unsafe lua_type(lua, -1) == LUA_TNIL {
            return module?.declarations.first { $0.shortName == name }?.primitive
        }
        let index = unsafe lb_primitive_index(lua, -1)
        return index >= 0 ? entry(Int(index)) : nil
    }

    /// Pushes what a path leads to; false where it leads nowhere.
    private func walk(_ path: [String]) -> Bool {
        guard unsafe lua_checkstack(lua, Int32(clamping: path.count) + 40) != 0 else { return false }
        unsafe lua_rawgeti(lua, Self.registry, lua_Integer(LUA_RIDX_GLOBALS))
        for name in path {
            guard unsafe lua_type(lua, -1) == LUA_TTABLE else { return false }
            push(name)
            unsafe lua_rawget(lua, -2)
        }
        return true
    }

    /// The module whose table is on top.
    private var moduleOnTop: Module? {
        let pointer = unsafe lua_topointer(lua, -1)
        return table { unsafe $0.address == pointer }?.module
    }

    /// The keys of the table on top that are names.
    private func keysOnTop() -> [String] {
        var names: [String] = []
        let table = unsafe lua_gettop(lua)
        unsafe lua_pushnil(lua)
        while unsafe lua_next(lua, table) != 0 {
            unsafe lb_pop(lua, 1)
            guard unsafe lua_type(lua, -1) == LUA_TSTRING else { continue }
            let key = unsafe bytes(at: -1, on: lua)
            if isName(key) { names.append(String(decoding: key, as: UTF8.self)) }
        }
        return names
    }

    private func isName(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, !(48...57).contains(first) else { return false }
        return bytes.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
        }
    }
}

extension Function {
    /// Calls the function in protected mode; its results stay Lua values.
    ///
    /// Throws ``LuaFailure`` with what the function raised.
    public func references(_ arguments: [Argument] = []) throws -> [Reference] {
        let state = reference.state
        let base = unsafe lua_gettop(state.lua)
        guard unsafe lua_checkstack(state.lua, Int32(clamping: arguments.count) + 8) != 0 else {
            throw ArgumentError("the Lua stack is full")
        }
        defer { unsafe lua_settop(state.lua, base) }
        reference.push()
        for argument in arguments { state.push(argument) }
        try state.call(arguments: Int32(arguments.count), results: LUA_MULTRET)
        let count = unsafe lua_gettop(state.lua) - base
        let results = (0..<count).map { _ in Reference(popping: state) }
        return results.reversed()
    }
}

extension State {
    /// Sets a global variable to any Lua value.
    public func setGlobal(_ name: String, _ value: Argument) {
        unsafe lua_rawgeti(lua, Self.registry, lua_Integer(LUA_RIDX_GLOBALS))
        push(name)
        push(value)
        unsafe lua_rawset(lua, -3)
        unsafe lb_pop(lua, 1)
    }

    /// The handle that a value is; nil for any other.
    public func handle(_ reference: Reference) -> (any Handle)? {
        reference.push()
        defer { unsafe lb_pop(lua, 1) }
        return unsafe handle(at: -1, on: lua)
    }
}

extension LuaFailure {
    /// The raised value itself.
    public var raised: Argument { .reference(value) }
}

extension State {
    /// A primitive as a function that no global names.
    public func function(_ primitive: Primitive) -> Function {
        entries.append(primitive)
        unsafe lb_push_primitive(lua, lua_Integer(entries.count - 1))
        return Function(reference: Reference(popping: self))
    }

    /// What a Lua value is to somebody who looks at it.
    public func subject(of reference: Reference) throws -> Subject {
        reference.push()
        defer { unsafe lb_pop(lua, 1) }
        return try Subject.read(
            unsafe Slot(
                state: self, lua: lua, index: lua_gettop(lua), position: .argument(1, nil), isPushed: true))
    }
}

extension AnyValue {
    /// Its text up to the first newline, as `tostring` gives it.
    var firstLine: String {
        let text = reference.state.text(of: LuaFailure(value: reference))
        return String(text.prefix { $0 != "\n" })
    }
}

/// Any value, still Lua's.
public struct AnyValue: ArgumentType {
    /// The value.
    public let reference: Reference
    public static var typeName: String { "any" }
    public static func read(_ slot: Slot) throws -> AnyValue {
        unsafe lua_pushvalue(slot.lua, slot.index)
        if unsafe slot.lua != slot.state.lua { unsafe lua_xmove(slot.lua, slot.state.lua, 1) }
        return AnyValue(reference: Reference(popping: slot.state))
    }
}
