/// What a filter decides before libseccomp's part of it.
///
/// A call that is newer than the profile fails with ENOSYS, so that programs fall back to an older one, as runc has it;
/// EPERM would make them give up. A refusal of certain arguments comes before the rule that allows the call. Calls that
/// are always allowed are found by halving their ranges: the kernel takes a third of the time to load that.
struct Prologue {
    /// A decision on one call.
    struct Entry {
        let number: UInt32
        let conditions: [ArgumentCondition]
        let action: FilterAction
    }

    /// What is decided for one architecture.
    struct Part {
        let architecture: Architecture
        var entries: [Entry] = []
        /// The highest number that the profile knows; nil where newer calls are left to the default.
        var highest: UInt32?
        /// The numbers that are allowed whatever the arguments, rising.
        var allowed: [UInt32] = []
    }

    var parts: [Part]

    /// The instructions; what they leave undecided goes on after them.
    var instructions: [Instruction] {
        var blocks: [Instruction] = []
        let numbers = parts.map(\.architecture.auditNumber)
        for (index, number) in numbers.enumerated().reversed() where numbers.firstIndex(of: number) == index {
            let own = parts.filter { $0.architecture.auditNumber == number }
            let wide = own.first { !$0.architecture.isX32 }.map(body) ?? []
            let narrow = own.first { $0.architecture.isX32 }.map(body)
            var block = [Instruction.loadNumber]
            // Calls of x32 carry this bit.
            block += narrow.map { Self.branch(.unlessAtLeast(0x4000_0000, skip: 0), $0, else: wide) } ?? wide
            block.append(.skip(UInt32(blocks.count)))
            blocks = Self.branch(.unlessEqual(number, skip: 0), block, else: []) + blocks
        }
        return blocks.isEmpty ? [] : [.loadArchitecture] + blocks
    }

    private func body(_ part: Part) -> [Instruction] {
        var body: [Instruction] = []
        if let highest = part.highest {
            body += [.unlessAbove(highest, skip: 1), .end(.errno(38))]
        }
        for entry in part.entries {
            var check = [Instruction.end(entry.action)]
            for condition in entry.conditions.reversed() {
                check = Self.test(condition, skipping: UInt8(clamping: check.count)) + check
            }
            // The accumulator holds an argument after a check that failed.
            if !entry.conditions.isEmpty { check.append(.loadNumber) }
            body += [.unlessEqual(entry.number, skip: UInt8(clamping: check.count))] + check
        }
        return body + Self.search(Self.turns(part.allowed)[...], isAllowed: false)
    }

    /// Where the answer changes between two numbers: on at the first, off at the second, and so on.
    private static func turns(_ numbers: [UInt32]) -> [UInt32] {
        var turns: [UInt32] = []
        for number in numbers {
            if turns.last == number { turns.removeLast() } else { turns.append(number) }
            turns.append(number &+ 1)
        }
        return turns
    }

    /// Allows a number that lies between an odd turn and the next; `isAllowed` is the answer below the first of these.
    private static func search(_ turns: ArraySlice<UInt32>, isAllowed: Bool) -> [Instruction] {
        var tree = SearchTree()
        if turns.count <= SearchTree.most { return tree.instructions(turns, isAllowed: isAllowed) }
        let middle = turns.startIndex + turns.count / 2
        let below = search(turns[..<middle], isAllowed: isAllowed)
        let above = search(turns[(middle + 1)...], isAllowed: isAllowed == ((turns.count / 2) % 2 == 1))
        return branch(.unlessAtLeast(turns[middle], skip: 0), above, else: below)
    }

    /// Goes on where an argument meets a condition, else skips so many instructions more.
    private static func test(_ condition: ArgumentCondition, skipping count: UInt8) -> [Instruction] {
        var test: [Instruction] = []
        for isHigh in [true, false] {
            let shift: UInt64 = isHigh ? 32 : 0
            let mask =
                condition.comparison == .maskedEqual
                ? UInt32(truncatingIfNeeded: condition.mask >> shift) : .max
            let value = UInt32(truncatingIfNeeded: condition.value >> shift)
            // A half of which nothing counts always matches.
            if mask == 0 { continue }
            test.append(.loadArgument(condition.index, high: isHigh))
            if mask != .max { test.append(.and(mask)) }
            test.append(.unlessEqual(value & mask, skip: 0))
        }
        // Each comparison skips to the same place behind.
        return test.enumerated().map { offset, instruction in
            guard instruction.code == 0x15 else { return instruction }
            var jump = instruction
            jump.whenFalse = UInt8(clamping: test.count - offset - 1 + Int(count))
            return jump
        }
    }

    /// `then` where a test holds, `other` where not; what both leave undecided goes on behind.
    private static func branch(
        _ test: Instruction, _ then: [Instruction], else other: [Instruction]
    ) -> [Instruction] {
        var jump = test
        if then.isEmpty, other.count < 256 {
            jump.whenTrue = UInt8(other.count)
            return [jump] + other
        }
        // What the first leaves undecided must not fall into the second; a single end leaves nothing.
        let needsSkip = !other.isEmpty && then != [.end(.allow)]
        let first = then + (needsSkip ? [.skip(UInt32(other.count))] : [])
        if first.count < 256 {
            (jump.whenTrue, jump.whenFalse) = (0, UInt8(first.count))
            return [jump] + first + other
        }
        (jump.whenTrue, jump.whenFalse) = (1, 0)
        return [jump, .skip(UInt32(first.count))] + first + other
    }
}

/// Comparisons that lead by halves to one of two ends.
private struct SearchTree {
    /// A jump reaches 255 instructions far.
    static let most = 250
    private enum Place {
        case comparison(Int)
        case end(isAllowed: Bool)
    }
    private var comparisons: [(value: UInt32, above: Place, below: Place)] = []

    /// The comparisons, then the end that allows; what is not allowed goes on behind.
    mutating func instructions(_ turns: ArraySlice<UInt32>, isAllowed: Bool) -> [Instruction] {
        if turns.isEmpty { return isAllowed ? [.end(.allow)] : [] }
        _ = add(turns, isAllowed: isAllowed)
        return comparisons.enumerated().map { index, comparison in
            func distance(_ place: Place) -> UInt8 {
                let target =
                    switch place {
                    case .comparison(let other): other
                    case .end(let isAllowed): comparisons.count + (isAllowed ? 0 : 1)
                    }
                return UInt8(clamping: target - index - 1)
            }
            var jump = Instruction.unlessAtLeast(comparison.value, skip: distance(comparison.below))
            jump.whenTrue = distance(comparison.above)
            return jump
        } + [.end(.allow)]
    }

    private mutating func add(_ turns: ArraySlice<UInt32>, isAllowed: Bool) -> Place {
        guard !turns.isEmpty else { return .end(isAllowed: isAllowed) }
        let (index, half) = (comparisons.count, turns.count / 2)
        let middle = turns.startIndex + half
        comparisons.append((turns[middle], .end(isAllowed: false), .end(isAllowed: false)))
        comparisons[index].below = add(turns[..<middle], isAllowed: isAllowed)
        comparisons[index].above = add(turns[(middle + 1)...], isAllowed: isAllowed == (half % 2 == 1))
        return .comparison(index)
    }
}
