internal import CLua
internal import CLuaBridge

/// One Lua interpreter with the modules that were declared to it.
///
/// Lua raises by longjmp, which must not cross Swift frames: primitives return through
/// `CLuaBridge`'s trampoline, and Swift uses only calls that do not raise, or protected ones.
@safe public final class State {
    static let registry: Int32 = -LUAI_MAXSTACK - 1000
    /// The trampoline has no room for a context, and a process has one interpreter.
    nonisolated(unsafe) static var current: State?

    let lua: OpaquePointer
    /// What Lua can call, by the number that its function has; one that was not called yet may not be built.
    var entries: [Primitive] = []
    let placeholder = Primitive("", "") { _ in [] }
    /// Lists of plain objects: one of another type is a type that Swift would have to make at every start.
    var unbuilt: [AnyObject] = []
    var tables: [AnyObject] = []
    var moduleMetatable: Reference?
    /// The last name that a module or a handle was asked for and has not.
    var missing: MissingName?
    /// How many copies of this process were prepared.
    var copies = 0
    /// The chunks whose names have not been looked through yet.
    var sources: [() -> [UInt8]] = []
    var handles = HandleTable()
    var kinds: [KindTable] = []
    var metamethods: HandleMetamethods?
    /// Turns an error of a library into a failure with hint; nil where it does not know it.
    public var explain: (any Error, Primitive) -> Failure? = { _, _ in nil }
    /// Called when a stop is forgotten.
    public var stopForgotten: () -> Void = {}
    /// Nanoseconds that only ever rise, for traces.
    public var clock: () -> UInt64 = { 0 }
    /// Told of every primitive that ran.
    public var tracer: (any Tracer)?
    var openTrace: OpenTrace?
    /// The thread of Lua that calls a primitive now.
    var caller: OpaquePointer?
    /// Told of the statements that a stepped script reaches.
    public var walker: (any Walker)?
    /// Told when this process was copied, in both of them.
    public var copied: (CopyRole) -> Void = { _ in }
    /// Called when this process is about to end: before it releases what it made, and after.
    public var ending: () -> Void = {}
    public var ended: () -> Void = {}
    /// Called when a script cannot be stopped otherwise: releases what is held. The process ends then.
    public var abandon: (Int32) -> Void = { _ in }

    /// Makes an interpreter with Lua's own libraries.
    public init() {
        let dispatch: lb_dispatch = { lua, index in unsafe State.dispatch(lua, index) }
        let abandon: lb_abandon = { signal in unsafe State.current?.abandon(signal) }
        unsafe lua = lb_new_state(dispatch, abandon)
        unsafe State.current = self
        makeErrorMetatable()
    }

    /// Puts a primitive in the place of a function of one of Lua's own libraries.
    public func replace(_ library: String, _ primitive: Primitive) {
        unsafe lua_getglobal(lua, library)
        setPrimitive(primitive)
        unsafe lb_pop(lua, 1)
    }

    nonisolated(unsafe) private static var shelter: (take: () -> Bool, leave: () -> Void) = ({ true }, {})

    /// Has `take` called before io.popen starts a program, which it refuses by false, and `leave` after.
    public func shelterCommands(_ take: @escaping () -> Bool, _ leave: @escaping () -> Void) {
        unsafe Self.shelter = (take, leave)
        unsafe lb_shelter_commands(
            lua, { unsafe State.shelter.take() ? 0 : -1 }, { unsafe State.shelter.leave() })
    }

    /// Sets `primitive` as a field of the table on top.
    func setPrimitive(_ primitive: Primitive) {
        unsafe push(bytes: primitive.shortNameBytes, on: lua)
        entries.append(primitive)
        unsafe lb_push_primitive(lua, lua_Integer(entries.count - 1))
        unsafe lua_rawset(lua, -3)
    }

    // MARK: Running

    /// Sets a global variable.
    public func setGlobal(_ name: String, _ value: Value) {
        push(value)
        setRawGlobal(name)
    }

    /// A module of the program's own: its text, and the same as string.dump has it, or nothing.
    public struct OwnModule {
        let text: () -> [UInt8]
        let compiled: [UInt8]

        /// A module; `compiled` is trusted, since Lua does not check it.
        public init(text: @escaping () -> [UInt8], compiled: [UInt8]) {
            self.text = text
            self.compiled = compiled
        }
    }

    /// Makes `require "name"` load what `module` gives for a name: looked up only then.
    public func preload(_ module: @escaping (String) -> OwnModule?) {
        unsafe lua_getglobal(lua, "package")
        push("preload")
        unsafe lua_rawget(lua, -2)
        unsafe lua_createtable(lua, 0, 1)
        let preloaded = Parameter<Anything>("preload", "The table of loaders.", default: .nothing)
        let name = Parameter<Anything>("name", "The module's name.", default: .nothing)
        setPrimitive(
            Primitive("package.preload.__index", "Loads a module.", positional: [preloaded.any, name.any]) {
                call in
                guard case .bytes(let bytes) = try call[name].value else { return [] }
                let name = String(decoding: bytes, as: UTF8.self)
                return try module(name).map { [.function(try self.load($0, called: name))] } ?? []
            })
        _ = unsafe lua_setmetatable(lua, -2)
        unsafe lb_pop(lua, 2)
    }

    private func load(_ module: OwnModule, called name: String) throws -> Function {
        let status = unsafe module.compiled.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe lb_load_compiled(lua, $0.baseAddress, $0.count)
            }
        }
        guard status == LUA_OK else {
            // None was made, or by another release of Lua.
            unsafe lb_pop(lua, 1)
            return try load(module.text(), name: "=stdlib/\(name).lua")
        }
        sources.append(module.text)
        return Function(reference: Reference(popping: self))
    }

    /// Loads a chunk of Lua text. `name` is `@file` or `=name`, as Lua has it; the text begins on line `line`.
    ///
    /// Throws ``LuaFailure`` with the syntax error.
    public func load(_ source: [UInt8], name: String, line: Int = 1) throws -> Function {
        let status = unsafe source.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe lb_load(lua, $0.baseAddress, $0.count, name, max(line, 1) - 1)
            }
        }
        guard status == LUA_OK else { throw takeFailure() }
        sources.append { source }
        return Function(reference: Reference(popping: self))
    }

    func call(arguments: Int32, results: Int32) throws {
        guard unsafe lb_call(lua, arguments, results) == LUA_OK else { throw takeFailure() }
    }

    /// The error value on top, taken.
    func takeFailure() -> LuaFailure { LuaFailure(value: Reference(popping: self)) }

    /// The signal that asks the script to stop, if one does.
    public var stopSignal: Int32? {
        let signal = lb_stop_signal()
        return signal == 0 ? nil : signal
    }

    /// Asks the running script to stop; for a signal handler.
    public static func stop(signal: Int32) {
        lb_stop(signal)
    }

    /// Forgets that the script was asked to stop.
    public func forgetStop() {
        lb_forget_stop()
        stopForgotten()
    }

    // MARK: The trampoline's Swift side

    private static func dispatch(_ lua: OpaquePointer?, _ index: lua_Integer) -> Int32 {
        // A coroutine calls with a stack of its own.
        guard let state = unsafe current, let lua = unsafe lua else { return 0 }
        let primitive = state.entry(Int(index))
        let call = unsafe Call(state: state, lua: lua, primitive: primitive)
        var trace: OpenTrace?
        let outer = unsafe state.caller
        unsafe state.caller = lua
        defer { unsafe state.caller = outer }
        do {
            try call.check()
            trace = call.beginTrace()
            let results = try primitive.body(call)
            guard unsafe lua_checkstack(lua, Int32(clamping: results.count + 8)) != 0 else {
                throw ArgumentError("\(results.count) results are more than the Lua stack holds")
            }
            for result in results { unsafe state.push(result, on: lua) }
            trace?.end()
            return Int32(results.count)
        } catch let failure as LuaFailure {
            if let trace { trace.end(error: state.fields(of: failure)) }
            failure.value.push()
            if unsafe lua != state.lua { unsafe lua_xmove(state.lua, lua, 1) }
        } catch {
            let failure = state.failure(from: error, primitive)
            trace?.end(error: failure.entries)
            unsafe state.pushError(failure, on: lua)
        }
        return -1
    }

    /// An error of a library as a Lua error, raised in the name of a primitive.
    public func failure(for error: any Error, in primitive: String) -> LuaFailure {
        let failure = failure(from: error, Primitive(primitive, "") { _ in [] })
        unsafe pushError(failure, on: lua)
        return takeFailure()
    }

    /// Writes on standard output, in order with what Lua writes there.
    public func print(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe lb_print($0.baseAddress, $0.count) }
        }
    }

    /// Prints a line on standard error.
    public func complain(_ line: String) { unsafe lb_complain(line) }

    func failure(from error: any Error, _ primitive: Primitive) -> Failure {
        switch error {
        case let failure as Failure: failure
        case let error as ArgumentError: Failure(primitive.name, error.message, hint: error.hint)
        default: explain(error, primitive) ?? Failure(primitive.name, "\(error)")
        }
    }
}
