internal import CLua
internal import CLuaBridge

/// What a Lua value is to somebody who asks for help on it.
public enum Subject: ArgumentType {
    case nothing
    /// A name, as in `"fs.mount"`.
    case name(String)
    case primitive(Primitive)
    case module(Module)
    case kind(Kind)
    /// A function written in Lua: its chunk's name as Lua has it, the first line and the last.
    case function(chunk: [UInt8], first: Int, last: Int)
    /// What `require` returned for a name.
    case library(String)
    /// Any other value, by the name of its Lua type.
    case other(String)

    public static var typeName: String { "name, function, module or handle" }
    public static var whenAbsent: Subject? { .nothing }

    public static func read(_ slot: Slot) throws -> Subject {
        if let bytes = slot.bytes() { return .name(String(decoding: bytes, as: UTF8.self)) }
        if let handle = slot.anyHandle() { return .kind(type(of: handle).kind) }
        return slot.functionSubject() ?? slot.tableSubject() ?? .other(slot.kind)
    }
}

extension Slot {
    fileprivate func functionSubject() -> Subject? {
        guard unsafe lua_type(lua, index) == LUA_TFUNCTION else { return nil }
        let number = unsafe lb_primitive_index(lua, index)
        if number >= 0 { return .primitive(state.entry(Int(number))) }
        guard let place = unsafe lb_describe(lua, index) else { return nil }
        guard unsafe place.pointee.linedefined >= 0 else { return .other("function of Lua's own") }
        let chunk = unsafe Array(
            UnsafeRawBufferPointer(start: place.pointee.source, count: place.pointee.srclen))
        return .function(
            chunk: chunk, first: unsafe Int(place.pointee.linedefined),
            last: unsafe Int(place.pointee.lastlinedefined))
    }

    fileprivate func tableSubject() -> Subject? {
        guard unsafe lua_type(lua, index) == LUA_TTABLE else { return nil }
        let pointer = unsafe lua_topointer(lua, index)
        if let table = state.table({ unsafe $0.address == pointer }) {
            return .module(table.module)
        }
        return state.loadedName { unsafe lua_topointer(state.lua, -1) == pointer }.map(Subject.library)
    }
}

extension State {
    /// The name under which `require` keeps the module that `isWanted` recognises on top of the stack.
    fileprivate func loadedName(_ isWanted: () -> Bool) -> String? {
        let base = unsafe lua_gettop(lua)
        defer { unsafe lua_settop(lua, base) }
        guard unsafe lua_checkstack(lua, 8) != 0,
            unsafe lua_getfield(lua, Self.registry, "_LOADED") == LUA_TTABLE
        else { return nil }
        unsafe lua_pushnil(lua)
        while unsafe lua_next(lua, base + 1) != 0 {
            if unsafe lua_type(lua, -2) == LUA_TSTRING, isWanted() {
                return unsafe String(decoding: bytes(at: -2, on: lua), as: UTF8.self)
            }
            unsafe lb_pop(lua, 1)
        }
        return nil
    }
}
