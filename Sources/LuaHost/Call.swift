internal import CLua
internal import CLuaBridge

/// A primitive's call: reads its arguments by their declared parameters.
@safe public struct Call {
    /// The interpreter that calls.
    public let state: State
    let lua: OpaquePointer
    /// What is called.
    public let primitive: Primitive

    /// The value of a parameter, checked; its default where it is left out.
    public subscript<Content>(_ parameter: Parameter<Content>) -> Content {
        get throws {
            try withSlot(of: parameter.any) { slot in
                if !slot.isAbsent { return try Content.read(slot) }
                guard let fallback = parameter.fallback else {
                    throw ArgumentError("\(slot.place) is missing (\(Content.typeName) wanted)")
                }
                return fallback()
            }
        }
    }

    /// Whether a parameter was given.
    public func isGiven<Content>(_ parameter: Parameter<Content>) -> Bool {
        withSlot(of: parameter.any) { !$0.isAbsent }
    }

    /// The handle a method was called on.
    public func receiver<Subject: Handle>(_ type: Subject.Type = Subject.self) throws -> Subject {
        let slot = unsafe Slot(state: state, lua: lua, index: 1, position: .argument(1, nil), isPushed: false)
        return try slot.handle(type)
    }

    func withSlot<Result>(of parameter: AnyParameter, _ body: (Slot) throws -> Result) rethrows -> Result {
        let slot = slot(of: parameter)
        defer { if slot.isPushed { unsafe lb_pop(lua, 1) } }
        return try body(slot)
    }

    private func slot(of parameter: AnyParameter) -> Slot {
        if let position = parameter.position {
            let place = Slot.Position.argument(primitive.isMethod ? position - 1 : position, parameter.name)
            return unsafe Slot(state: state, lua: lua, index: position, position: place, isPushed: false)
        }
        let table = primitive.tableIndex
        if parameter === primitive.list {
            return unsafe Slot(state: state, lua: lua, index: table, position: .list, isPushed: false)
        }
        pushOption(parameter.name, of: table)
        if primitive.takesMoreOptions, unsafe lua_type(lua, -1) == LUA_TNIL {
            unsafe lb_pop(lua, 1)
            pushOption(parameter.name, of: table + 1)
        }
        return unsafe Slot(
            state: state, lua: lua, index: lua_gettop(lua), position: .option(parameter.name),
            isPushed: true)
    }

    /// Pushes a field of a table of options; nil where there is no table.
    private func pushOption(_ name: String, of table: Int32) {
        guard unsafe lua_type(lua, table) == LUA_TTABLE else { return unsafe lua_pushnil(lua) }
        unsafe state.push(name, on: lua)
        unsafe lua_rawget(lua, table)
    }

    /// Refuses surplus arguments and unknown options before anything is done.
    func check() throws {
        let count = unsafe lua_gettop(lua)
        let most = primitive.mostArguments
        if count > most {
            if let hint = listHint(count) { throw ArgumentError("a list in braces wanted", hint: hint) }
            let shown = primitive.isMethod ? count - 1 : count
            let allowed = primitive.isMethod ? most - 1 : most
            throw ArgumentError("\(allowed) arguments at most, got \(shown)")
        }
        // The stack is made as high as the declaration says, so that a missing argument reads as nil.
        unsafe lua_settop(lua, most)
        guard primitive.takesTable else { return }
        let kind = unsafe lua_type(lua, primitive.tableIndex)
        if kind == LUA_TTABLE {
            try checkOptions(at: primitive.tableIndex)
        } else if kind != LUA_TNIL {
            let got = unsafe String(cString: lua_typename(lua, kind))
            let hint = listHint(count)
            let what = hint == nil ? "a table of options" : "a list in braces"
            throw ArgumentError("\(what) wanted, got a \(got)", hint: hint)
        }
        try checkMoreOptions()
    }

    /// How a list is written whose words were given as arguments; nil where they were not.
    private func listHint(_ count: Int32) -> String? {
        guard primitive.list != nil, unsafe lua_type(lua, primitive.tableIndex) == LUA_TSTRING else {
            return nil
        }
        var words: [String] = []
        for index in primitive.tableIndex...min(count, primitive.tableIndex + 5) {
            guard unsafe lua_type(lua, index) == LUA_TSTRING else { break }
            words.append(quoted(unsafe state.bytes(at: index, on: lua)))
        }
        return "\(primitive.name){ \(words.joined(separator: ", ")) }"
    }

    /// Options in a table of their own after the list: what comes out of a function, as in
    /// `{ "env", table.unpack(list), cwd = "/" }`, is cut down to one value by a field that follows.
    private func checkMoreOptions() throws {
        guard primitive.takesMoreOptions else { return }
        let table = primitive.tableIndex + 1
        let kind = unsafe lua_type(lua, table)
        if kind == LUA_TNIL { return }
        guard kind == LUA_TTABLE else {
            let got = unsafe String(cString: lua_typename(lua, kind))
            throw ArgumentError("a table of options wanted after the list, got a \(got)")
        }
        try checkOptions(at: table)
        guard unsafe lua_rawlen(lua, table) == 0 else {
            throw ArgumentError("the list stands in the first table, its options in the second")
        }
        for option in primitive.options {
            pushOption(option.name, of: primitive.tableIndex)
            pushOption(option.name, of: table)
            let isTwice = unsafe lua_type(lua, -1) != LUA_TNIL && lua_type(lua, -2) != LUA_TNIL
            unsafe lb_pop(lua, 2)
            if isTwice { throw ArgumentError("option '\(option.name)' is given twice") }
        }
    }

    private func checkOptions(at table: Int32) throws {
        try unsafe state.refuseInheritedFields(at: table, on: lua, "the table of options")
        unsafe lua_pushnil(lua)
        while unsafe lua_next(lua, table) != 0 {
            unsafe lb_pop(lua, 1)
            if unsafe lua_type(lua, -1) == LUA_TSTRING {
                let name = unsafe state.bytes(at: -1, on: lua)
                if primitive.optionNames.contains(name) { continue }
                unsafe lb_pop(lua, 1)
                throw unknownOption(
                    String(decoding: name, as: UTF8.self), known: primitive.options.map(\.name))
            }
            if primitive.list != nil, unsafe lua_isinteger(lua, -1) != 0 { continue }
            let kind = unsafe String(cString: lua_typename(lua, lua_type(lua, -1)))
            unsafe lb_pop(lua, 1)
            throw ArgumentError("options have names; got one with a \(kind) for its name")
        }
    }
}

/// An option that is not declared; a near name is offered.
func unknownOption(_ name: String, known: [String]) -> ArgumentError {
    let shown = String(name.prefix(80))
    guard let near = nearest(to: shown, among: known) else {
        let all = known.isEmpty ? "it takes none" : "it takes \(known.joined(separator: ", "))"
        return ArgumentError("unknown option '\(shown)' (\(all))")
    }
    return ArgumentError("unknown option '\(shown)', did you mean '\(near)'?")
}

/// One argument on the Lua stack, to be read as a Swift value.
@safe public struct Slot {
    let state: State
    let lua: OpaquePointer
    let index: Int32
    let position: Position
    let isPushed: Bool

    /// Where the argument stands; turned into words only for a message.
    enum Position {
        case argument(Int32, String?)
        case option(String)
        case list
        indirect case element(Position, UInt64)
    }

    /// How messages name the argument.
    public var place: String { Self.words(position) }

    private static func words(_ position: Position) -> String {
        switch position {
        case .argument(let number, let name): "argument \(number)" + (name.map { " (\($0))" } ?? "")
        case .option(let name): "option '\(name)'"
        case .list: "the list"
        case .element(let list, let number): "\(words(list)), element \(number)"
        }
    }

    var isAbsent: Bool { unsafe lua_type(lua, index) <= LUA_TNIL }
    /// The Lua type's name.
    public var kind: String { unsafe String(cString: lua_typename(lua, lua_type(lua, index))) }

    /// An error that says what was wanted.
    public func wanted(_ what: String) -> ArgumentError {
        ArgumentError("\(place): \(what) wanted, got \(shown)")
    }

    /// An error for a word that is none of the known ones; a near one is offered.
    public func wanted(choice word: String, among known: [String], _ what: String) -> ArgumentError {
        guard let near = nearest(to: word, among: known) else { return wanted("\(what) by its name") }
        return ArgumentError("\(place): \(shown) is not \(what), did you mean \"\(near)\"?")
    }

    private var shown: String {
        switch unsafe lua_type(lua, index) {
        case LUA_TNUMBER: integer().map { "\($0)" } ?? number().map { "\($0)" } ?? "a number"
        case LUA_TSTRING: quoted(bytes() ?? [])
        case LUA_TNIL: "nothing"
        default: "a \(kind)"
        }
    }

    /// The bytes of a string; nil for any other type. A number is no string.
    public func bytes() -> [UInt8]? {
        guard unsafe lua_type(lua, index) == LUA_TSTRING else { return nil }
        return unsafe state.bytes(at: index, on: lua)
    }

    /// An integer, also one written as a float; nil for any other value.
    public func integer() -> Int64? {
        guard unsafe lua_type(lua, index) == LUA_TNUMBER else { return nil }
        var exact: Int32 = 0
        let number = unsafe lua_tointegerx(lua, index, &exact)
        return exact != 0 ? number : nil
    }

    /// A number; nil for any other type.
    public func number() -> Double? {
        guard unsafe lua_type(lua, index) == LUA_TNUMBER else { return nil }
        return unsafe lua_tonumberx(lua, index, nil)
    }

    /// A boolean; nil for any other type.
    public func boolean() -> Bool? {
        guard unsafe lua_type(lua, index) == LUA_TBOOLEAN else { return nil }
        return unsafe lua_toboolean(lua, index) != 0
    }

    /// The plain value. Throws where there is a function, a handle or a cycle in it.
    public func plain() throws -> Value {
        try checkFields()
        return try unsafe state.value(at: index, on: lua, depth: 0, isArgument: true)
    }

    /// Refuses a table that inherits fields, which would not be seen.
    public func checkFields() throws { try unsafe state.refuseInheritedFields(at: index, on: lua, place) }

    /// A handle of any kind; nil for any other value.
    public func anyHandle() -> (any Handle)? { unsafe state.handle(at: index, on: lua) }

    /// A handle, or the one that a table has in a field, read without its metatable; nil for any other value.
    public func anyHandle(orIn field: String) -> (any Handle)? {
        guard unsafe lua_type(lua, index) == LUA_TTABLE, unsafe lua_checkstack(lua, 8) != 0 else {
            return anyHandle()
        }
        let table = unsafe lua_absindex(lua, index)
        defer { unsafe lb_pop(lua, 1) }
        unsafe state.push(field, on: lua)
        unsafe lua_rawget(lua, table)
        return unsafe state.handle(at: -1, on: lua)
    }

    /// A handle of one kind.
    public func handle<Subject: Handle>(_ type: Subject.Type = Subject.self) throws -> Subject {
        guard let subject = anyHandle() as? Subject else {
            throw wanted("a \(Subject.kindName)")
        }
        return subject
    }

    /// A function to be called later.
    public func function() throws -> Function {
        guard unsafe lua_type(lua, index) == LUA_TFUNCTION else { throw wanted("a function") }
        unsafe lua_pushvalue(lua, index)
        if unsafe lua != state.lua { unsafe lua_xmove(lua, state.lua, 1) }
        return Function(reference: Reference(popping: state))
    }

    /// The named fields of a table, each given to `read`; a name that is not `known` is refused.
    public func fields(known: [String], _ read: (String, Slot) throws -> Void) throws {
        guard unsafe lua_type(lua, index) == LUA_TTABLE else { throw wanted("a table") }
        guard unsafe lua_checkstack(lua, 8) != 0 else { throw ArgumentError("the Lua stack is full") }
        try checkFields()
        let (base, table) = unsafe (lua_gettop(lua), lua_absindex(lua, index))
        defer { unsafe lua_settop(lua, base) }
        unsafe lua_pushnil(lua)
        while unsafe lua_next(lua, table) != 0 {
            if unsafe lua_type(lua, -2) == LUA_TSTRING {
                let name = unsafe String(decoding: state.bytes(at: -2, on: lua), as: UTF8.self)
                guard known.contains(name) else { throw unknownOption(name, known: known) }
                try read(
                    name,
                    unsafe Slot(
                        state: state, lua: lua, index: lua_gettop(lua), position: .option(name),
                        isPushed: true))
            }
            unsafe lb_pop(lua, 1)
        }
    }

    /// A name in a list is a mistake, as where the one table that it should hold is given itself.
    private func refuseNames(in table: Int32) throws {
        unsafe lua_pushnil(lua)
        while unsafe lua_next(lua, table) != 0 {
            unsafe lb_pop(lua, 1)
            if unsafe lua_type(lua, -1) == LUA_TNUMBER { continue }
            let name = unsafe lua_type(lua, -1) == LUA_TSTRING ? state.bytes(at: -1, on: lua) : []
            unsafe lb_pop(lua, 1)
            throw ArgumentError("\(place): a list wanted, got a table with the name \(quoted(name))")
        }
    }

    /// The elements 1, 2, ... of a table, each read by `element`.
    public func elements<Element>(_ element: (Slot) throws -> Element) throws -> [Element] {
        guard unsafe lua_type(lua, index) == LUA_TTABLE else { throw wanted("a list") }
        guard unsafe lua_checkstack(lua, 8) != 0 else { throw ArgumentError("the Lua stack is full") }
        try checkFields()
        let table = unsafe lua_absindex(lua, index)
        // Words that are arguments can share their table with options.
        if case .option = position { try refuseNames(in: table) }
        let count = unsafe lua_rawlen(lua, table)
        var read: [Element] = []
        // No room is made beforehand: a table with gaps may say that it is longer than any memory.
        var number: lua_Unsigned = 0
        while number < count {
            number += 1
            unsafe lua_rawgeti(lua, table, lua_Integer(clamping: number))
            defer { unsafe lb_pop(lua, 1) }
            read.append(
                try element(
                    unsafe Slot(
                        state: state, lua: lua, index: lua_gettop(lua), position: .element(position, number),
                        isPushed: true)))
        }
        return read
    }
}

/// Bytes in quotes, on one line, at most eighty of them.
public func quoted(_ bytes: [UInt8]) -> String {
    var text = "\""
    for scalar in String(decoding: bytes.prefix(80), as: UTF8.self).unicodeScalars {
        text += scalar.value < 32 || scalar.value == 127 ? "\\\(scalar.value)" : String(scalar)
    }
    return text + (bytes.count > 80 ? "...\"" : "\"")
}
