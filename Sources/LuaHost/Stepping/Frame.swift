internal import CLua
internal import CLuaBridge

/// An active function of a paused script. Not to be used once the script goes on.
@safe public final class Frame {
    private let state: State
    private let lua: OpaquePointer
    private let record: UnsafeMutablePointer<lua_Debug>
    /// The chunk's name: `@FILE`, or a text.
    public let source: String
    /// The current line; -1 for a function that is not Lua's.
    public let line: Int
    /// The function's name as its caller knows it; nil for none.
    public let name: String?
    /// `"main"`, `"Lua"` or `"C"`.
    public let what: String
    /// The lines that the function begins and ends on.
    public let firstLine, lastLine: Int

    init?(_ state: State, _ lua: OpaquePointer, level: Int) {
        unsafe record = .allocate(capacity: 1)
        guard unsafe lua_getstack(lua, Int32(clamping: level), record) != 0,
            unsafe lua_getinfo(lua, "Snl", record) != 0
        else {
            unsafe record.deallocate()
            return nil
        }
        self.state = state
        unsafe self.lua = lua
        source = unsafe String(cString: record.pointee.source)
        line = Int(unsafe record.pointee.currentline)
        name = unsafe record.pointee.name.map { unsafe String(cString: $0) }
        what = unsafe String(cString: record.pointee.what)
        firstLine = Int(unsafe record.pointee.linedefined)
        lastLine = Int(unsafe record.pointee.lastlinedefined)
    }

    deinit { unsafe record.deallocate() }

    /// A variable of the function: a local of it, or one of a function around it.
    public struct Variable: Sendable, Equatable {
        /// Its name.
        public let name: String
        let index: Int32
        let isLocal: Bool
    }

    /// The variables in sight, innermost first; those hidden by a later one of the same name are left out.
    public func variables() -> [Variable] {
        var locals: [Variable] = []
        var index: Int32 = 1
        while let name = unsafe lua_getlocal(lua, record, index) {
            unsafe lb_pop(lua, 1)
            locals.append(Variable(name: unsafe String(cString: name), index: index, isLocal: true))
            index += 1
        }
        var found = Array(locals.reversed())
        index = 1
        pushFunction()
        while let name = unsafe lua_getupvalue(lua, -1, index) {
            unsafe lb_pop(lua, 1)
            found.append(Variable(name: unsafe String(cString: name), index: index, isLocal: false))
            index += 1
        }
        unsafe lb_pop(lua, 1)
        var names: Set<String> = []
        return found.filter { !$0.name.hasPrefix("(") && !$0.name.isEmpty && names.insert($0.name).inserted }
    }

    private func pushFunction() {
        unsafe lua_getinfo(lua, "f", record)
    }

    /// Its value.
    func value(of variable: Variable) -> Reference {
        if variable.isLocal {
            unsafe lua_getlocal(lua, record, variable.index)
        } else {
            pushFunction()
            unsafe lua_getupvalue(lua, -1, variable.index)
            unsafe lua_rotate(lua, -2, 1)
            unsafe lb_pop(lua, 1)
        }
        if unsafe lua != state.lua { unsafe lua_xmove(lua, state.lua, 1) }
        return Reference(popping: state)
    }

    /// Sets it to the value on top of the interpreter's stack, which is popped.
    func setTop(_ variable: Variable) {
        if unsafe lua != state.lua { unsafe lua_xmove(state.lua, lua, 1) }
        if variable.isLocal {
            unsafe lua_setlocal(lua, record, variable.index)
        } else {
            pushFunction()
            unsafe lua_rotate(lua, -2, 1)
            unsafe lua_setupvalue(lua, -2, variable.index)
            unsafe lb_pop(lua, 1)
        }
    }
}

extension State {
    /// Three functions for Lua to see a frame with: one that tells whether a variable is there and its value, one that
    /// sets a variable where it is there and tells whether it was, one that lists the names.
    public func inspectors(of frame: @escaping () -> Frame?) -> [Argument] {
        let name = Parameter<Anything>("name", "The variable's name.", default: .nothing)
        let value = Parameter<Anything>("value", "Its new value.", default: .nothing)
        func find(_ call: Call) throws -> (Frame, Frame.Variable)? {
            guard case .bytes(let bytes) = try call[name].value, let frame = frame() else { return nil }
            let text = String(decoding: bytes, as: UTF8.self)
            return frame.variables().first { $0.name == text }.map { (frame, $0) }
        }
        let get = Primitive("frame.__get", "Reads a variable.", positional: [name.any]) { call in
            guard let (frame, variable) = try find(call) else { return [.value(.boolean(false))] }
            return [.value(.boolean(true)), .reference(frame.value(of: variable))]
        }
        let set = Primitive("frame.__set", "Sets a variable.", positional: [name.any, value.any]) { call in
            guard let (frame, variable) = try find(call) else { return [.value(.boolean(false))] }
            unsafe lua_pushvalue(call.lua, 2)
            if unsafe call.lua != self.lua { unsafe lua_xmove(call.lua, self.lua, 1) }
            frame.setTop(variable)
            return [.value(.boolean(true))]
        }
        let list = Primitive("frame.__names", "Lists the variables.") { _ in
            [.value(.list((frame()?.variables() ?? []).map { .text($0.name) }))]
        }
        return [get, set, list].map { primitive in
            entries.append(primitive)
            unsafe lb_push_primitive(lua, lua_Integer(entries.count - 1))
            return .reference(Reference(popping: self))
        }
    }

    static func reached(_ lua: OpaquePointer?, _ chunk: Int32, _ line: Int32, _ hasBreakpoint: Int32) {
        guard let lua = unsafe lua, let state = unsafe State.current else { return }
        // Level 0 is the marker's own call.
        unsafe state.walker?.reached(
            Pause(
                state: state, lua: lua, chunk: SteppedChunk(number: chunk), line: Int(line),
                hasBreakpoint: hasBreakpoint != 0, level: 1))
    }

    static func stopped(_ lua: OpaquePointer?) -> Int32 {
        guard let lua = unsafe lua, let state = unsafe State.current, let walker = state.walker else {
            return 0
        }
        return unsafe walker.stopped(at: StopPlace(state: state, lua: lua)) ? 1 : 0
    }
}
