internal import CLua
internal import CLuaBridge

/// What is told of the statements that a stepped script reaches.
public protocol Walker: AnyObject {
    /// A statement is about to run.
    func reached(_ pause: Pause)
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
    /// Those of functions active at most so deep in the thread of a pause.
    case shallow(Pause, depth: Int)
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

    /// How many functions are active.
    public var depth: Int { Int(unsafe lb_depth(lua)) }

    /// The active functions, the innermost first; at most so many.
    public func frames(limit: Int = 100) -> [Frame] {
        var frames: [Frame] = []
        // Level 0 is the marker's own call.
        while frames.count < limit, let frame = Frame(state, unsafe lua, level: frames.count + 1) {
            frames.append(frame)
        }
        return frames
    }
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
        let number = unsafe lb_add_chunk(lua, marker, Int32(clamping: lines), reached)
        return number < 0 ? nil : SteppedChunk(number: number)
    }

    /// Calls a function that makes another one.
    public func make(_ factory: Function) throws -> Function {
        factory.reference.push()
        try call(arguments: 0, results: 1)
        return Function(reference: Reference(popping: self))
    }

    /// Says which statements are of interest.
    public func setWalk(_ walk: Walk) {
        switch walk {
        case .breakpoints: unsafe lb_set_walk(lua, lb_walk_some, nil, 0)
        case .every: unsafe lb_set_walk(lua, lb_walk_every, nil, 0)
        case .shallow(let pause, let depth):
            unsafe lb_set_walk(lua, lb_walk_shallow, pause.lua, Int32(clamping: depth))
        }
    }

    /// Sets or takes away the breakpoint of a line.
    public func setBreakpoint(_ chunk: SteppedChunk, line: Int, _ isSet: Bool) {
        unsafe lb_set_breakpoint(lua, chunk.number, Int32(clamping: line), isSet ? 1 : 0)
    }

    /// Runs something during which no statement is reached.
    public func withoutSteps<Result>(_ body: () throws -> Result) rethrows -> Result {
        unsafe lb_set_pausing(1)
        defer { unsafe lb_set_pausing(0) }
        return try body()
    }

    /// `FILE:LINE` of the innermost code of a file among the active functions; nil where there is none.
    public func line(in file: String) -> Int? {
        for level in 0..<100 {
            guard let frame = Frame(self, unsafe lua, level: level) else { return nil }
            if frame.source == file { return frame.line }
        }
        return nil
    }
}
