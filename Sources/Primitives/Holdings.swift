internal import Kernel
internal import LuaHost

/// What the script has made on the host and must be released when it ends, newest first.
public final class Holdings {
    private var held: [Holding] = []
    /// Rises in each copy of the process: a forked child never releases what its parent made. Pids tell nothing, since
    /// a process and its copy in a new pid namespace can have the same one.
    fileprivate private(set) var generation = 0

    /// Notes a thing made; `release` undoes it.
    func hold(_ label: String, release: @escaping () throws -> Void) -> Holding {
        let holding = Holding(label: label, undo: release, of: self)
        while let last = held.last, !last.isHeld { held.removeLast() }
        held.append(holding)
        return holding
    }

    /// Whether anything is held by this process.
    var isHolding: Bool { held.contains(where: \.isHeld) }

    /// To be called in a copy of the process: what was made so far is the original's.
    func startAnew() {
        held = []
        generation += 1
    }

    /// Releases everything, newest first; returns what could not be released, a line each.
    ///
    /// What fails is tried once more when all else is gone, which may have stood in its way.
    public func releaseAll() -> [String] {
        var remaining: [Holding] = []
        while let holding = held.popLast() {
            do { try holding.release() } catch { remaining.append(holding) }
        }
        return remaining.compactMap { holding in
            do { try holding.release() } catch let error as SystemCallError {
                return "\(holding.label): \(error.call): \(error.meaning) (\(error.code))"
            } catch {
                return "\(holding.label): \(error)"
            }
            return nil
        }
    }
}

/// One thing held.
final class Holding {
    let label: String
    private var undo: (() throws -> Void)?
    private weak var holdings: Holdings?
    private let generation: Int

    fileprivate init(label: String, undo: @escaping () throws -> Void, of holdings: Holdings) {
        self.label = label
        self.undo = undo
        self.holdings = holdings
        generation = holdings.generation
    }

    private init() {
        label = ""
        generation = -1
    }

    /// For a handle of something that was there before.
    static var nothing: Holding { Holding() }

    /// Whether releasing would still do something.
    var isHeld: Bool { undo != nil }

    /// Undoes it; a second time does nothing, and so does a process that did not make it. What fails stays held.
    func release() throws {
        guard let undo, generation == holdings?.generation else { return }
        self.undo = nil
        do { try undo() } catch {
            self.undo = undo
            throw error
        }
    }

    /// Hands it over to the user.
    func keep() { undo = nil }
}

/// A handle whose thing is held.
protocol HeldHandle: Handle {
    var holding: Holding { get }
}

/// The methods that every held handle has. `made` is a line of Lua that makes one in a variable of the kind's name.
func holdingMethods<Subject: HeldHandle>(_ type: Subject.Type, made: String? = nil) -> [Primitive] {
    [
        Primitive(
            "\(type.kindName):release", "Undoes it now rather than at the script's end.",
            example: made.map { "\($0)\n\(type.kindName):release()" }
        ) { call in
            try call.receiver(type).holding.release()
            return []
        },
        Primitive(
            "\(type.kindName):keep", "Hands it over: the script's end leaves it.", returns: "the handle",
            gives: ["tupper.\(type.kindName)"], leaves: "What the handle stands for.",
            example: made.map { "\($0)\n\(type.kindName):keep()" }
        ) { call in
            let subject = try call.receiver(type)
            subject.holding.keep()
            return [.handle(subject)]
        },
    ]
}
