internal import CLua

/// A Lua value held from Swift through the registry; let go with the last reference to it.
public final class Reference {
    let state: State
    let key: Int32

    /// Takes the value on top of the stack.
    init(popping state: State) {
        self.state = state
        key = unsafe luaL_ref(state.lua, State.registry)
    }

    deinit {
        unsafe luaL_unref(state.lua, State.registry, key)
    }

    func push() {
        unsafe lua_rawgeti(state.lua, State.registry, lua_Integer(key))
    }
}

/// A Lua function held from Swift.
public struct Function {
    let reference: Reference

    /// Calls the function in protected mode; returns its results as plain values.
    ///
    /// Throws ``LuaFailure`` with what the function raised.
    public func callAsFunction(_ arguments: [Argument] = []) throws -> [Value] {
        let state = reference.state
        let base = unsafe lua_gettop(state.lua)
        guard unsafe lua_checkstack(state.lua, Int32(clamping: arguments.count) + 8) != 0 else {
            throw ArgumentError("the Lua stack is full")
        }
        defer { unsafe lua_settop(state.lua, base) }
        reference.push()
        for argument in arguments { state.push(argument) }
        try state.call(arguments: Int32(arguments.count), results: LUA_MULTRET)
        return try (base..<(unsafe lua_gettop(state.lua))).map { try state.value(at: $0 + 1) }
    }
}

/// What Swift hands to a Lua function or returns from a primitive.
public enum Argument {
    case value(Value)
    case handle(any Handle)
    case function(Function)
    case reference(Reference)
}
