/// The Swift side of the handles that Lua holds: a userdata has its place in here.
@safe struct HandleTable {
    /// An object, since a list of those is of a type that every program has at hand.
    @safe private final class Entry {
        let handle: any Handle
        let metatable: UnsafeRawPointer?

        init(_ handle: any Handle, _ metatable: UnsafeRawPointer?) {
            self.handle = handle
            unsafe self.metatable = metatable
        }
    }

    /// The bytes of a userdata: its place, then nothing. Lua's collector counts only memory of its own, and would let
    /// handles heap up for long if they weighed as little as a number.
    static let weight = 512

    private var entries: [AnyObject] = []
    private var free: [Int] = []

    /// Takes in a handle whose userdata has that metatable; returns its place.
    mutating func add(_ handle: any Handle, metatable: UnsafeRawPointer?) -> Int {
        let entry = unsafe Entry(handle, metatable)
        guard let place = free.popLast() else {
            entries.append(entry)
            return entries.count - 1
        }
        entries[place] = entry
        return place
    }

    /// The handle at a place; nil where a userdata with that metatable cannot have its place there, as that of
    /// another library.
    func handle(at place: Int, metatable: UnsafeRawPointer?) -> (any Handle)? {
        guard entries.indices.contains(place), let entry = entries[place] as? Entry,
            unsafe entry.metatable == metatable
        else { return nil }
        return entry.handle
    }

    /// Lets go of a handle.
    mutating func remove(at place: Int) {
        entries[place] = Vacancy.one
        free.append(place)
    }

    private final class Vacancy: Sendable {
        static let one = Vacancy()
    }
}
