/// Whether the low half of a number comes first in memory.
private var isLittle: Bool { UInt16(1).littleEndian == 1 }

/// One instruction of classic BPF as seccomp(2) takes it: `struct sock_filter`.
struct Instruction: Equatable {
    var code: UInt16
    var whenTrue: UInt8 = 0
    var whenFalse: UInt8 = 0
    var operand: UInt32 = 0

    /// BPF_LD | BPF_W | BPF_ABS: a word of `struct seccomp_data`.
    static func load(_ offset: UInt32) -> Instruction { Instruction(code: 0x20, operand: offset) }
    static func loadArgument(_ index: UInt32, high: Bool) -> Instruction {
        load(16 + 8 * index + (high == isLittle ? 4 : 0))
    }
    static let loadNumber = load(0)
    static let loadArchitecture = load(4)
    /// BPF_ALU | BPF_AND | BPF_K
    static func and(_ mask: UInt32) -> Instruction { Instruction(code: 0x54, operand: mask) }
    /// BPF_RET | BPF_K
    static func end(_ action: FilterAction) -> Instruction { Instruction(code: 0x06, operand: action.number) }
    /// BPF_JMP | BPF_JA
    static func skip(_ count: UInt32) -> Instruction { Instruction(code: 0x05, operand: count) }
    /// BPF_JMP | BPF_JEQ | BPF_K and the like: falls through when it holds, else skips.
    static func unlessEqual(_ value: UInt32, skip: UInt8) -> Instruction {
        Instruction(code: 0x15, whenFalse: skip, operand: value)
    }
    static func unlessAbove(_ value: UInt32, skip: UInt8) -> Instruction {
        Instruction(code: 0x25, whenFalse: skip, operand: value)
    }
    static func unlessAtLeast(_ value: UInt32, skip: UInt8) -> Instruction {
        Instruction(code: 0x35, whenFalse: skip, operand: value)
    }

    /// As this machine lays it out.
    var bytes: [UInt8] {
        let (low, high) = (UInt8(truncatingIfNeeded: code), UInt8(truncatingIfNeeded: code >> 8))
        let word = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: operand >> UInt32($0)) }
        return (isLittle ? [low, high] : [high, low]) + [whenTrue, whenFalse]
            + (isLittle ? word : word.reversed())
    }

    init(code: UInt16, whenTrue: UInt8 = 0, whenFalse: UInt8 = 0, operand: UInt32 = 0) {
        self.code = code
        self.whenTrue = whenTrue
        self.whenFalse = whenFalse
        self.operand = operand
    }

    /// Reads eight bytes.
    init(_ bytes: ArraySlice<UInt8>) {
        func word(_ range: Range<Int>) -> UInt32 {
            let part = bytes[bytes.startIndex + range.lowerBound..<bytes.startIndex + range.upperBound]
            return (isLittle ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | UInt32($1) }
        }
        code = UInt16(word(0..<2))
        whenTrue = bytes[bytes.startIndex + 2]
        whenFalse = bytes[bytes.startIndex + 3]
        operand = word(4..<8)
    }
}

/// A call as a filter sees it: `struct seccomp_data`.
struct CallData {
    var number: UInt32
    var architecture: UInt32
    var arguments: [UInt64]

    fileprivate func word(_ offset: UInt32) -> UInt32? {
        switch offset {
        case 0: return number
        case 4: return architecture
        case 8, 12: return 0
        case 16..<64 where offset % 4 == 0:
            let index = Int(offset - 16) / 8
            let argument = index < arguments.count ? arguments[index] : 0
            return UInt32(truncatingIfNeeded: (offset % 8 == 0) == isLittle ? argument : argument >> 32)
        default: return nil
        }
    }
}

/// Runs a filter as the kernel does, to tell what it would say; nil where it is no filter.
func decision(of instructions: [Instruction], on call: CallData) -> FilterAction? {
    var (place, accumulator) = (0, UInt32(0))
    var (index, memory) = (UInt32(0), [UInt32](repeating: 0, count: 16))
    // Jumps go forward only, so that it ends.
    while place < instructions.count {
        let instruction = instructions[place]
        let operand = instruction.operand
        place += 1
        func jump(_ holds: Bool) { place += Int(holds ? instruction.whenTrue : instruction.whenFalse) }
        switch instruction.code {
        case 0x20:
            guard let word = call.word(operand) else { return nil }
            accumulator = word
        case 0x00: accumulator = operand
        case 0x01: index = operand
        case 0x60, 0x61:
            guard operand < 16 else { return nil }
            if instruction.code == 0x60 {
                accumulator = memory[Int(operand)]
            } else {
                index = memory[Int(operand)]
            }
        case 0x02, 0x03:
            guard operand < 16 else { return nil }
            memory[Int(operand)] = instruction.code == 0x02 ? accumulator : index
        case 0x07: index = accumulator
        case 0x87: accumulator = index
        case 0x54: accumulator &= operand
        case 0x05: place += Int(operand)
        case 0x15: jump(accumulator == operand)
        case 0x25: jump(accumulator > operand)
        case 0x35: jump(accumulator >= operand)
        case 0x45: jump(accumulator & operand != 0)
        case 0x06: return FilterAction(number: operand)
        case 0x16: return FilterAction(number: accumulator)
        default: return nil
        }
    }
    return nil
}
