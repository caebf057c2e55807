internal import CLua
internal import CLuaBridge

/// What is told of the statements that a stepped script reaches.
public protocol Walker: AnyObject {
    /// A statement is about to run.
    func reached(_ pause: Pause)
    /// A signal asks the script to stop here; true where that is dealt with, and forgotten.
    func stopped(at place: StopPlace) -> Bool
}

extension Walker {
    public func stopped(at place: StopPlace) -> Bool { false }
}

/// Where a signal finds a script.
@safe public struct StopPlace {
    let state: State
    let lua: OpaquePointer

    /// The innermost active function of some chunks, by their names; nil where none is active in this thread.
    public func pause(in chunks: [String: SteppedChunk]) -> Pause? {
        for level in 0..<100 {
            guard let frame = unsafe Frame(state, lua, level: level) else { return nil }
            if let chunk = chunks[frame.source] {
                return unsafe Pause(
                    state: state, lua: lua, chunk: chunk, line: frame.line, hasBreakpoint: false, level: level
                )
            }
        }
        return nil
    }
}

/// A chunk of Lua that is stepped, by its number.
public struct SteppedChunk: Sendable, Hashable {
    let number: Int32
}

/// Which statements are of interest beside those with a breakpoint.
public enum Walk {
    /// No others.
    case breakpoints
    /// All.
    case every
    /// Those of functions active at most so deep in a thread.
    case shallow(SteppedThread, depth: Int)
}

/// The main thread of a script or a coroutine, kept from being collected.
@safe public final class SteppedThread {
    let lua: OpaquePointer
    private let reference: Reference

    init(_ lua: OpaquePointer, of state: State) {
        unsafe self.lua = lua
        unsafe lua_pushthread(lua)
        if unsafe lua != state.lua { unsafe lua_xmove(lua, state.lua, 1) }
        reference = Reference(popping: state)
    }
}

/// A statement that is about to run.
@safe public struct Pause {
    let state: State
    let lua: OpaquePointer
    /// The chunk that it is in.
    public let chunk: SteppedChunk
    /// Its line.
    public let line: Int
    /// Whether a breakpoint stands there.
    public let hasBreakpoint: Bool
    /// Of the function that it is in: what is active inside of that is not the script's.
    let level: Int

    /// How many functions are active.
    public var depth: Int { Int(unsafe lb_depth(lua, Int32(level))) }

    /// The thread that it is reached in.
    public var thread: SteppedThread { unsafe SteppedThread(lua, of: state) }

    /// Whether it is of interest by the walk that is set now.
    public var isWanted: Bool { unsafe lb_is_wanted(lua, hasBreakpoint ? 1 : 0) != 0 }

    /// Whether it would be of interest without a breakpoint.
    public var isWantedAnyway: Bool { unsafe lb_is_wanted(lua, 0) != 0 }

    /// The active functions, the innermost first; at most so many.
    public func frames(limit: Int = 100) -> [Frame] {
        var frames: [Frame] = []
        while frames.count < limit, let frame = unsafe Frame(state, lua, level: frames.count + level) {
            frames.append(frame)
        }
        return frames
    }
}

/// What this process is after it was copied.
public enum CopyRole: Sendable, Equatable {
    /// The copy, which runs a function beside the script and ends.
    case child
    /// The original, which goes on with the script.
    case parent
    /// The copy, which goes on with the script.
    case successor
    /// The original, which waits for the copy to end.
    case predecessor
}

extension State {
    /// Makes a chunk steppable: `function` was made by a chunk that gives its statements the upvalue `marker`.
    ///
    /// nil where there are too many already.
    public func step(_ function: Function, marker: String, lines: Int) -> SteppedChunk? {
        function.reference.push()
        defer { unsafe lb_pop(lua, 1) }
        let reached: lb_reached = { lua, chunk, line, hasBreakpoint in
            unsafe State.reached(lua, chunk, line, hasBreakpoint)
        }
        unsafe lb_heed_stops_stepping { lua in unsafe State.stopped(lua) }
        let number = unsafe lb_add_chunk(lua, marker, Int32(clamping: lines), reached)
        return number < 0 ? nil : SteppedChunk(number: number)
    }

    /// Calls a function that makes another one.
    public func make(_ factory: Function, _ arguments: [Argument] = []) throws -> Function {
        factory.reference.push()
        for argument in arguments { push(argument) }
        try call(arguments: Int32(arguments.count), results: 1)
        return Function(reference: Reference(popping: self))
    }

    /// Says which statements are of interest.
    public func setWalk(_ walk: Walk) {
        switch walk {
        case .breakpoints: unsafe lb_set_walk(lua, lb_walk_some, nil, 0)
        case .every: unsafe lb_set_walk(lua, lb_walk_every, nil, 0)
        case .shallow(let thread, let depth):
            unsafe lb_set_walk(lua, lb_walk_shallow, thread.lua, Int32(clamping: depth))
        }
    }

    /// Sets or takes away the breakpoint of a line.
    public func setBreakpoint(_ chunk: SteppedChunk, line: Int, _ isSet: Bool) {
        unsafe lb_set_breakpoint(lua, chunk.number, Int32(clamping: line), isSet ? 1 : 0)
    }

    /// Where the innermost code of some chunks is among the active functions: the chunk's name and the line.
    public func line(in sources: Set<String>) -> (source: String, line: Int)? {
        // A coroutine has a stack of its own.
        if let caller = unsafe caller, let found = unsafe line(in: sources, of: caller) { return found }
        return unsafe line(in: sources, of: lua)
    }

    private func line(in sources: Set<String>, of thread: OpaquePointer) -> (source: String, line: Int)? {
        for level in 0..<100 {
            guard let frame = unsafe Frame(self, thread, level: level) else { return nil }
            if sources.contains(frame.source) { return (frame.source, frame.line) }
        }
        return nil
    }
}
