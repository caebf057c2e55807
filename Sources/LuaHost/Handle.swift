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
    /// What became of it, as `tostring` shows it in brackets; nil where it is as it was made.
    var fate: String? { get }
    /// A field's value; nil where there is no such field.
    func field(_ name: String) throws -> Value?
}

extension Handle {
    /// Nothing became of it.
    public var fate: String? { nil }

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
    public var fields: [(name: String, type: String, summary: String)] { listFields() }
    private let listFields: () -> [(name: String, type: String, summary: String)]
    private let listMethods: () -> [Declaration]

    /// Declares a kind. A method called `release` is what `<close>` calls.
    public init(
        _ name: String, _ summary: String,
        fields: @autoclosure @escaping () -> [(name: String, type: String, summary: String)] = [],
        _ methods: @autoclosure @escaping () -> [Declaration]
    ) {
        self.name = name
        self.summary = summary
        listFields = fields
        listMethods = methods
    }

    /// Its methods, declared as `"link:up"`; built anew each time.
    public var methods: [Primitive] { declarations.map(\.primitive) }
    var declarations: [Declaration] { listMethods() }
}

/// A kind in use. Its methods are built when they are first named.
@safe final class KindTable {
    let kind: Kind
    let type: any Handle.Type
    /// The metatable, and what Lua tells it by.
    let metatable: Reference
    let address: UnsafeRawPointer?
    private let methods: Reference
    private lazy var declarations = kind.declarations
    private lazy var release = declaration(Array("release".utf8))?.primitive

    /// The metatable lies below the table of methods on top of the stack; both stay there.
    init(_ type: any Handle.Type, in state: State) {
        self.type = type
        kind = type.kind
        unsafe lua_pushvalue(state.lua, -1)
        methods = Reference(popping: state)
        unsafe address = lua_topointer(state.lua, -2)
        unsafe lua_pushvalue(state.lua, -2)
        metatable = Reference(popping: state)
    }

    /// Pushes a method; nil where there is none of that name. To be asked once: the table then has it.
    func method(_ name: [UInt8], in state: State) -> Reference? {
        guard let declaration = declaration(name) else { return nil }
        methods.push()
        state.setPrimitive(declaration.primitive)
        unsafe state.push(bytes: name, on: state.lua)
        unsafe lua_rawget(state.lua, -2)
        defer { unsafe lb_pop(state.lua, 1) }
        return Reference(popping: state)
    }

    /// What `<close>` does. Where an error leads out of the block, no line is known here but that error's.
    func close(_ call: Call, after cause: Parameter<AnyValue?>) throws {
        guard let release else { return }
        do { _ = try release.body(call) } catch let failure as LuaFailure { throw failure } catch {
            var failure = call.state.failure(from: error, release)
            if let cause = try call[cause]?.firstLine {
                failure.message += " (closed after the error: \(cause))"
            }
            throw failure
        }
    }

    private func declaration(_ name: [UInt8]) -> Declaration? { declarations.first { $0.isNamed(name) } }
}

/// The metamethods that handles of every kind have in common, as places in ``State/entries``.
struct HandleMetamethods {
    let text, collect, close, index: lua_Integer

    init(in state: State) {
        let argument = Parameter<Anything>("unused", "Lua passes it; it means nothing.", default: .nothing)
        func add(
            _ name: String, _ summary: String, _ parameter: AnyParameter? = nil,
            _ body: @escaping (Call) throws -> [Argument]
        ) -> lua_Integer {
            state.entries.append(
                Primitive("handle:\(name)", summary, positional: [parameter ?? argument.any], body))
            return lua_Integer(state.entries.count - 1)
        }
        text = add("__tostring", "Shows the handle.") { call in
            let handle = try call.anyReceiver()
            let fate = handle.fate.map { " (\($0))" } ?? ""
            return [.value(.text("\(type(of: handle).kindName) \(handle.label)\(fate)"))]
        }
        collect = add("__gc", "Lets go of the Swift side; releases nothing.") { call in
            unsafe call.state.forget(at: 1, on: call.lua)
            return []
        }
        let error = Parameter<AnyValue?>("error", "The error that leads out of the block.", shown: "none")
        close = add("__close", "Releases the handle.", error.any) { call in
            try call.state.kindTable(of: type(of: try call.anyReceiver()))?.close(call, after: error)
            return []
        }
        index = add("__index", "Builds a method, or reads a field.") { call in
            let handle = try call.anyReceiver()
            guard case .bytes(let name) = try call[argument].value else { return [] }
            if let method = call.state.kindTable(of: type(of: handle))?.method(name, in: call.state) {
                return [.reference(method)]
            }
            if let value = try handle.field(String(decoding: name, as: UTF8.self)) { return [.value(value)] }
            let kind = type(of: handle).kind
            call.state.missing = MissingName(name) {
                kind.fields.map { ($0.name, "\(kind.name).\($0.name)") }
                    + kind.declarations.map { ($0.shortName, "\(kind.name):\($0.shortName)") }
            }
            return []
        }
    }
}

extension State {
    /// A kind in use; a script has few of them.
    func kindTable(of type: any Handle.Type) -> KindTable? { kinds.first { $0.type == type } }

    /// Makes the metatable of a kind.
    func register(_ type: any Handle.Type) -> KindTable {
        let metamethods = metamethods ?? HandleMetamethods(in: self)
        self.metamethods = metamethods
        unsafe luaL_newmetatable(lua, type.kindName)
        for (name, entry) in [
            ("__tostring", metamethods.text), ("__gc", metamethods.collect), ("__close", metamethods.close),
        ] {
            push(name)
            unsafe lb_push_primitive(lua, entry)
            unsafe lua_rawset(lua, -3)
        }
        unsafe lua_createtable(lua, 0, 0)
        let kind = KindTable(type, in: self)
        kinds.append(kind)
        push("__index")
        unsafe lua_rotate(lua, -2, 1)
        unsafe lb_push_index(lua, metamethods.index)
        unsafe lua_rawset(lua, -3)
        // Scripts cannot reach __gc by way of getmetatable.
        push("__metatable")
        push(type.kindName)
        unsafe lua_rawset(lua, -3)
        unsafe lb_pop(lua, 1)
        return kind
    }

    func push(_ handle: any Handle, on lua: OpaquePointer) {
        _ = unsafe lua_checkstack(lua, 8)
        let kind = kindTable(of: type(of: handle)) ?? register(type(of: handle))
        let block = unsafe lua_newuserdatauv(lua, HandleTable.weight, 0)
        unsafe block?.storeBytes(of: handles.add(handle, metatable: kind.address), as: Int.self)
        unsafe push(.reference(kind.metatable), on: lua)
        unsafe lua_setmetatable(lua, -2)
    }

    func handle(at index: Int32, on lua: OpaquePointer) -> (any Handle)? {
        unsafe entry(at: index, on: lua)?.handle
    }

    /// The handle that a userdata of ours stands for, and its place; nil for any other value, also a foreign userdata.
    private func entry(at index: Int32, on lua: OpaquePointer) -> (place: Int, handle: any Handle)? {
        guard unsafe lua_type(lua, index) == LUA_TUSERDATA,
            unsafe lua_rawlen(lua, index) == HandleTable.weight,
            let block = unsafe lua_touserdata(lua, index),
            unsafe lua_getmetatable(lua, index) != 0
        else { return nil }
        defer { unsafe lb_pop(lua, 1) }
        let place = unsafe block.load(as: Int.self)
        return unsafe handles.handle(at: place, metatable: lua_topointer(lua, -1)).map { (place, $0) }
    }

    func forget(at index: Int32, on lua: OpaquePointer) {
        if let entry = unsafe entry(at: index, on: lua) { handles.remove(at: entry.place) }
    }
}

extension Call {
    /// The handle that a metamethod was called on.
    func anyReceiver() throws -> any Handle {
        guard let handle = unsafe state.handle(at: 1, on: lua) else {
            throw ArgumentError("a handle wanted before the colon")
        }
        return handle
    }
}
