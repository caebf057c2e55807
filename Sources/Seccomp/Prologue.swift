/// What a filter decides before libseccomp's part of it: calls that libseccomp cannot express.
///
/// A call that is newer than the profile fails with ENOSYS, so that programs fall back to an older one, as runc has it;
/// EPERM would make them give up. A refusal of certain arguments comes before the rule that allows the call.
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
        return body
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

    /// `test` falls through where it holds.
    private static func branch(
        _ test: Instruction, _ then: [Instruction], else other: [Instruction]
    ) -> [Instruction] {
        var jump = test
        (jump.whenTrue, jump.whenFalse) = (1, 0)
        return [jump, .skip(UInt32(then.count) + (other.isEmpty ? 0 : 1))] + then
            + (other.isEmpty ? [] : [.skip(UInt32(other.count))] + other)
    }
}
