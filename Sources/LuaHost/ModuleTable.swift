internal import CLua
internal import CLuaBridge

/// A module's global table. Its primitives enter it when they are first named.
final class ModuleTable {
    let module: Module
    let table: Reference
    private unowned let state: State

    init(_ module: Module, in state: State) {
        self.module = module
        self.state = state
        unsafe lua_createtable(state.lua, 0, 8)
        for (name, value) in module.constants {
            state.push(name)
            state.push(value)
            unsafe lua_rawset(state.lua, -3)
        }
        unsafe lua_pushvalue(state.lua, -1)
        table = Reference(popping: state)
        unsafe lua_createtable(state.lua, 0, 2)
        let own = Parameter<Anything>("module", "The module.", default: .nothing)
        let name = Parameter<Anything>("name", "The primitive's name.", default: .nothing)
        state.setPrimitive(
            Primitive("module.__index", "Builds a primitive.", positional: [own.any, name.any]) {
                [unowned self] call in
                guard case .bytes(let bytes) = try call[name].value, let function = enter(bytes) else {
                    return []
                }
                return [.reference(function)]
            })
        state.setPrimitive(
            Primitive("module.__pairs", "Builds every primitive, to list them.", positional: [own.any]) {
                [unowned self] _ in
                enterAll()
                return [.reference(self.state.rawGlobal("next")), .reference(table), .value(.absent)]
            })
        _ = unsafe lua_setmetatable(state.lua, -2)
        state.setRawGlobal(module.name)
    }

    /// Sets a primitive as a field of the table; nil where none has that name.
    private func enter(_ name: [UInt8]) -> Reference? {
        guard let declaration = module.declarations.first(where: { $0.isNamed(name) }) else { return nil }
        table.push()
        state.setPrimitive(declaration.primitive)
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

extension State {
    /// Makes a module known as a global table.
    public func register(_ module: Module) {
        modules.append(module)
        tables.append(ModuleTable(module, in: self))
    }

    /// Makes modules known that are declared only once a script names them.
    public func register(lazily modules: [LazyModule]) {
        undeclared = modules
        unsafe lua_rawgeti(lua, Self.registry, lua_Integer(LUA_RIDX_GLOBALS))
        unsafe lua_createtable(lua, 0, 1)
        let name = Parameter<Anything>("name", "The global's name.", default: .nothing)
        let globals = Parameter<Anything>("globals", "The table of globals.", default: .nothing)
        setPrimitive(
            Primitive("_G.__index", "Declares a module.", positional: [globals.any, name.any]) { call in
                guard case .bytes(let bytes) = try call[name].value else { return [] }
                guard let index = self.undeclared.firstIndex(where: { Array($0.name.utf8) == bytes }) else {
                    return self.enterGlobal(String(decoding: bytes, as: UTF8.self))
                }
                self.register(self.undeclared.remove(at: index).declare())
                return [.reference(self.rawGlobal(String(decoding: bytes, as: UTF8.self)))]
            })
        _ = unsafe lua_setmetatable(lua, -2)
        unsafe lb_pop(lua, 1)
    }

    private func enterGlobal(_ name: String) -> [Argument] {
        guard let primitive = missingGlobal(name) else { return [] }
        unsafe lua_rawgeti(lua, Self.registry, lua_Integer(LUA_RIDX_GLOBALS))
        setPrimitive(primitive)
        unsafe lb_pop(lua, 1)
        return [.reference(rawGlobal(primitive.name))]
    }

    /// A global variable, past any metatable that a script has given to the table of globals: its functions may raise.
    func rawGlobal(_ name: String) -> Reference {
        unsafe lua_rawgeti(lua, Self.registry, lua_Integer(LUA_RIDX_GLOBALS))
        push(name)
        unsafe lua_rawget(lua, -2)
        defer { unsafe lb_pop(lua, 1) }
        return Reference(popping: self)
    }

    private func hasRawGlobal(_ name: String) -> Bool {
        unsafe lua_rawgeti(lua, Self.registry, lua_Integer(LUA_RIDX_GLOBALS))
        push(name)
        defer { unsafe lb_pop(lua, 2) }
        return unsafe lua_rawget(lua, -2) != LUA_TNIL
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
            if !module.isEmpty, !name.isEmpty { moduleTable(module)?.enterIfMissing(Array(name)) }
        }
    }

    private func moduleTable(_ name: ArraySlice<UInt8>) -> ModuleTable? {
        if let table = tables.first(where: { $0.module.name.utf8.elementsEqual(name) }) { return table }
        // A script may have given the name to something of its own.
        guard let index = undeclared.firstIndex(where: { $0.name.utf8.elementsEqual(name) }),
            !hasRawGlobal(undeclared[index].name)
        else { return nil }
        register(undeclared.remove(at: index).declare())
        return tables.last
    }
}
