internal import CLua
internal import CLuaBridge

/// A module's global table. The module is declared when a script first names something of it, and its primitives enter the
/// table when they are first named.
@safe final class ModuleTable {
    let name: String
    let table: Reference
    /// What Lua tells the table by.
    let address: UnsafeRawPointer?
    private let declare: () -> Module
    private var declared: Module?
    private unowned let state: State

    /// Makes the table on top the global of a module; it stays there.
    init(_ lazy: LazyModule, in state: State) {
        self.state = state
        name = lazy.name
        declare = lazy.declare
        unsafe address = lua_topointer(state.lua, -1)
        unsafe lua_pushvalue(state.lua, -1)
        table = Reference(popping: state)
        unsafe lua_pushvalue(state.lua, -1)
        state.setRawGlobal(name)
    }

    /// The module, declared by now: its values are in the table.
    var module: Module {
        if let declared { return declared }
        let module = declare()
        declared = module
        table.push()
        for (name, value) in module.constants {
            state.push(name)
            let isMissing = unsafe lua_rawget(state.lua, -2) == LUA_TNIL
            unsafe lb_pop(state.lua, 1)
            // What a script has set stays.
            guard isMissing else { continue }
            state.push(name)
            state.push(value)
            unsafe lua_rawset(state.lua, -3)
        }
        unsafe lb_pop(state.lua, 1)
        return module
    }

    /// The value of a name that the table lacked; nil where the module has none.
    func value(_ name: [UInt8]) -> Reference? {
        let wasDeclared = declared != nil
        if let function = enter(name) { return function }
        // Declaring it has brought its values.
        guard !wasDeclared, module.constants.contains(where: { $0.name.utf8.elementsEqual(name) }) else {
            return nil
        }
        return rawValue(name)
    }

    /// Sets a primitive as a field of the table; nil where none has that name.
    private func enter(_ name: [UInt8]) -> Reference? {
        guard let declaration = module.declarations.first(where: { $0.isNamed(name) }) else { return nil }
        table.push()
        state.setPrimitive(declaration.primitive)
        unsafe lb_pop(state.lua, 1)
        return rawValue(name)
    }

    private func rawValue(_ name: [UInt8]) -> Reference {
        table.push()
        unsafe state.push(bytes: name, on: state.lua)
        unsafe lua_rawget(state.lua, -2)
        defer { unsafe lb_pop(state.lua, 1) }
        return Reference(popping: state)
    }

    /// Enters what is missing; what a script has put in a primitive's place stays.
    func enterAll() {
        for declaration in module.declarations { enterIfMissing(Array(declaration.shortName.utf8)) }
    }

    /// Enters a primitive by its name, if there is one.
    func enterIfMissing(_ name: [UInt8]) {
        table.push()
        unsafe state.push(bytes: name, on: state.lua)
        let isMissing = unsafe lua_rawget(state.lua, -2) == LUA_TNIL
        unsafe lb_pop(state.lua, 2)
        if isMissing { _ = enter(name) }
    }
}

/// A global function that is built when it is first called.
final class UnbuiltPrimitive {
    let index: Int
    let name: String
    let build: (String) -> Primitive?

    init(_ index: Int, _ name: String, _ build: @escaping (String) -> Primitive?) {
        self.index = index
        self.name = name
        self.build = build
    }
}

extension State {
    /// Makes a module known as a global table.
    public func register(_ module: Module) {
        register(lazily: [LazyModule(module.name) { module }])
    }

    /// Makes modules known as global tables; each is declared only once a script names something of it.
    public func register(lazily modules: [LazyModule]) {
        let metatable = moduleMetatable ?? makeModuleMetatable()
        moduleMetatable = metatable
        metatable.push()
        for module in modules {
            unsafe lua_createtable(lua, 0, 0)
            tables.append(ModuleTable(module, in: self))
            unsafe lua_pushvalue(lua, -2)
            _ = unsafe lua_setmetatable(lua, -2)
            unsafe lb_pop(lua, 1)
        }
        unsafe lb_pop(lua, 1)
    }

    /// The metatable that all modules have: one for each would make every start longer.
    private func makeModuleMetatable() -> Reference {
        unsafe lua_createtable(lua, 0, 2)
        let own = Parameter<Anything>("module", "The module.", default: .nothing)
        let name = Parameter<Anything>("name", "The primitive's name.", default: .nothing)
        setPrimitive(
            Primitive("module.__index", "Builds a primitive.", positional: [own.any, name.any]) {
                [unowned self] call in
                guard case .bytes(let bytes) = try call[name].value, let table = moduleTable(of: call) else {
                    return []
                }
                if let value = table.value(bytes) { return [.reference(value)] }
                let module = table.module
                missing = MissingName(bytes) {
                    module.declarations.map { ($0.shortName, "\(module.name).\($0.shortName)") }
                }
                return []
            })
        let listed = Parameter<AnyValue>("module", "The module.")
        setPrimitive(
            Primitive("module.__pairs", "Builds every primitive, to list them.", positional: [listed.any]) {
                [unowned self] call in
                moduleTable(of: call)?.enterAll()
                return [
                    .reference(rawGlobal("next")), .reference(try call[listed].reference), .value(.absent),
                ]
            })
        return Reference(popping: self)
    }

    /// The first module's table of which something holds.
    func table(_ isWanted: (ModuleTable) -> Bool) -> ModuleTable? {
        for case let table as ModuleTable in tables where isWanted(table) { return table }
        return nil
    }

    private func moduleTable(of call: Call) -> ModuleTable? {
        let address = unsafe lua_topointer(call.lua, 1)
        return table { unsafe $0.address == address }
    }

    /// Makes primitives known as global functions; each is built only once it is called.
    public func register(_ names: [String], lazily build: @escaping (String) -> Primitive?) {
        for name in names {
            unbuilt.append(UnbuiltPrimitive(entries.count, name, build))
            entries.append(placeholder)
            unsafe lb_push_primitive(lua, lua_Integer(entries.count - 1))
            setRawGlobal(name)
        }
    }

    /// A primitive by its place, built by now.
    func entry(_ index: Int) -> Primitive {
        let entry = entries[index]
        guard entry === placeholder else { return entry }
        for case let waiting as UnbuiltPrimitive in unbuilt where waiting.index == index {
            if let primitive = waiting.build(waiting.name) { entries[index] = primitive }
        }
        return entries[index]
    }

    /// A global variable, past any metatable that a script has given to the table of globals: its functions may raise.
    func rawGlobal(_ name: String) -> Reference {
        unsafe lua_rawgeti(lua, Self.registry, lua_Integer(LUA_RIDX_GLOBALS))
        push(name)
        unsafe lua_rawget(lua, -2)
        defer { unsafe lb_pop(lua, 1) }
        return Reference(popping: self)
    }

    /// Makes the value on top a global variable, taking it.
    func setRawGlobal(_ name: String) {
        unsafe lua_rawgeti(lua, Self.registry, lua_Integer(LUA_RIDX_GLOBALS))
        push(name)
        // Below the name and the table lies the value.
        unsafe lua_pushvalue(lua, -3)
        unsafe lua_rawset(lua, -3)
        unsafe lb_pop(lua, 2)
    }

    /// To be called before this process is copied. What a copy declares is lost with it, so from the second copy on what
    /// the scripts name, as in `fs.bind`, is declared before, and the kind of handle that each copy is given.
    public func prepareForCopy(handing type: any Handle.Type) {
        copies += 1
        guard copies > 1 else { return }
        for source in sources { declareNames(in: source()) }
        sources = []
        _ = kindTable(of: type) ?? register(type)
    }

    private func declareNames(in source: [UInt8]) {
        func isPart(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        for dot in source.indices where source[dot] == UInt8(ascii: ".") {
            let before = source[..<dot]
            let module = before[(before.lastIndex { !isPart($0) }.map { $0 + 1 } ?? 0)...]
            let after = source[(dot + 1)...]
            let name = after[..<(after.firstIndex { !isPart($0) } ?? source.endIndex)]
            if !module.isEmpty, !name.isEmpty {
                table { $0.name.utf8.elementsEqual(module) }?.enterIfMissing(Array(name))
            }
        }
    }
}
