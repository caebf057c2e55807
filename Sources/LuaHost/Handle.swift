internal import CLua
internal import CLuaBridge

/// Something that Lua holds by reference. Its methods and fields are declared in a ``Kind``.
public protocol Handle: AnyObject {
    /// The kind's name as `tostring` and messages show it, as in `"link"`.
    static var kindName: String { get }
    /// Its declaration; used once the first of its kind is handed to Lua.
    static var kind: Kind { get }
    /// What tells this one from others, as in a link's name.
    var label: String { get }
    /// A field's value; nil where there is no such field.
    func field(_ name: String) throws -> Value?
}

extension Handle {
    /// No fields.
    public func field(_ name: String) throws -> Value? { nil }
}

/// A kind of handle: its methods with their documentation.
public struct Kind {
    /// The kind's name, as in `"link"`.
    public let name: String
    /// What it is, in a sentence.
    public let summary: String
    /// Its fields, each with its type as LuaCATS has it and a sentence.
    public let fields: [(name: String, type: String, summary: String)]
    /// Its methods, declared as `"link:up"`.
    public let methods: [Primitive]

    /// Declares a kind. A method called `release` is what `<close>` calls.
    public init(
        _ name: String, _ summary: String, fields: [(name: String, type: String, summary: String)] = [],
        _ methods: [Primitive]
    ) {
        self.name = name
        self.summary = summary
        self.fields = fields
        self.methods = methods
    }
}

extension State {
    /// Makes the metatable of a kind. `release`, where declared, is what `<close>` calls.
    private func register(_ type: any Handle.Type) {
        if kinds[type.kindName] != nil { return }
        let kind = type.kind
        kinds[kind.name] = kind
        unsafe luaL_newmetatable(lua, kind.name)
        setMetamethod("__tostring", "Shows the handle.", kind) { call, handle in
            .text("\(kind.name) \(handle.label)")
        }
        setMetamethod("__gc", "Lets go of the Swift side; releases nothing.", kind) { call, _ in
            unsafe call.state.forget(at: 1, on: call.lua)
            return .absent
        }
        if let release = kind.methods.first(where: { $0.shortName == "release" }) {
            push("__close")
            entries.append(
                Primitive(
                    "\(kind.name):__close", release.summary,
                    positional: [Parameter<Anything>("error", "The error under way.", default: .nothing)],
                    release.body))
            unsafe lb_push_primitive(lua, lua_Integer(entries.count - 1))
            unsafe lua_rawset(lua, -3)
        }
        push("__index")
        unsafe lua_createtable(lua, 0, Int32(kind.methods.count))
        for method in kind.methods { setPrimitive(method) }
        let key = Parameter<Anything>("field", "The field's name.", default: .nothing)
        entries.append(
            Primitive("\(kind.name):__index", "Reads a field.", positional: [key]) { call in
                let handle = try call.anyReceiver(kind.name)
                guard case .bytes(let bytes) = try call[key].value else { return [.value(.absent)] }
                return [.value(try handle.field(String(decoding: bytes, as: UTF8.self)) ?? .absent)]
            })
        unsafe lb_push_index(lua, lua_Integer(entries.count - 1))
        unsafe lua_rawset(lua, -3)
        // Scripts cannot reach __gc by way of getmetatable.
        push("__metatable")
        push(kind.name)
        unsafe lua_rawset(lua, -3)
        unsafe lb_pop(lua, 1)
    }

    private func setMetamethod(
        _ name: String, _ summary: String, _ kind: Kind, _ body: @escaping (Call, any Handle) throws -> Value
    ) {
        push(name)
        let argument = Parameter<Anything>("unused", "Lua passes it; it means nothing.", default: .nothing)
        entries.append(
            Primitive("\(kind.name):\(name)", summary, positional: [argument]) { call in
                [.value(try body(call, try call.anyReceiver(kind.name)))]
            })
        unsafe lb_push_primitive(lua, lua_Integer(entries.count - 1))
        unsafe lua_rawset(lua, -3)
    }

    func push(_ handle: any Handle, on lua: OpaquePointer) {
        _ = unsafe lua_checkstack(lua, 8)
        let block = unsafe lua_newuserdatauv(lua, MemoryLayout<Int>.size, 0)
        unsafe block?.storeBytes(of: keep(handle), as: Int.self)
        register(type(of: handle))
        unsafe luaL_setmetatable(lua, type(of: handle).kindName)
    }

    func handle(at index: Int32, on lua: OpaquePointer) -> (any Handle)? {
        unsafe key(at: index, on: lua).flatMap { handles[$0] }
    }

    /// The slot number inside a userdata of ours; nil for any other value, also a foreign userdata.
    private func key(at index: Int32, on lua: OpaquePointer) -> Int? {
        guard unsafe lua_type(lua, index) == LUA_TUSERDATA,
            unsafe lua_rawlen(lua, index) == MemoryLayout<Int>.size,
            let block = unsafe lua_touserdata(lua, index),
            unsafe lua_getmetatable(lua, index) != 0
        else { return nil }
        defer { unsafe lb_pop(lua, 1) }
        unsafe push(.text("__metatable"), on: lua)
        unsafe lua_rawget(lua, -2)
        defer { unsafe lb_pop(lua, 1) }
        guard unsafe lua_type(lua, -1) == LUA_TSTRING else { return nil }
        let name = unsafe String(decoding: bytes(at: -1, on: lua), as: UTF8.self)
        return kinds[name] == nil ? nil : unsafe block.load(as: Int.self)
    }

    func forget(at index: Int32, on lua: OpaquePointer) {
        if let key = unsafe key(at: index, on: lua) { handles[key] = nil }
    }
}

extension Call {
    /// The handle of a named kind that a method was called on.
    func anyReceiver(_ kind: String) throws -> any Handle {
        guard let handle = unsafe state.handle(at: 1, on: lua), type(of: handle).kindName == kind else {
            throw ArgumentError("a \(kind) wanted before the colon")
        }
        return handle
    }
}
