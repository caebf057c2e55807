internal import CKernel

/// The program that decides about devices in a group of version 2: BPF_PROG_TYPE_CGROUP_DEVICE, in the instructions
/// of the kernel's Documentation/bpf/standardization/instruction-set.rst.
public enum DeviceProgram {
    /// Operation, registers, jump and constant in 64 bits.
    private static func instruction(
        _ operation: UInt8, to: UInt8 = 0, from: UInt8 = 0, jump: Int16 = 0, constant: UInt32 = 0
    ) -> UInt64 {
        UInt64(operation) | UInt64(to | from << 4) << 8 | UInt64(UInt16(bitPattern: jump)) << 16
            | UInt64(constant) << 32
    }

    private static let loadWord: UInt8 = 0x61
    private static let copy: UInt8 = 0xbf
    private static let set: UInt8 = 0xb7
    private static let and: UInt8 = 0x57
    private static let shiftRight: UInt8 = 0x77
    private static let jumpUnless: UInt8 = 0x55
    private static let jumpUnlessSame: UInt8 = 0x5d
    private static let leave: UInt8 = 0x95

    /// The instructions that allow what one of the rules allows, and nothing else.
    ///
    /// The context holds what is wanted (its upper half) and of which kind of device (its lower half), then the
    /// device's numbers, 32 bits each.
    public static func assemble(_ rules: [DeviceRule]) -> [UInt64] {
        var program = [
            instruction(loadWord, to: 2, from: 1, jump: 0),
            instruction(copy, to: 3, from: 2),
            instruction(and, to: 2, constant: 0xffff),
            instruction(shiftRight, to: 3, constant: 16),
            instruction(and, to: 3, constant: 0xffff),
            instruction(loadWord, to: 4, from: 1, jump: 4),
            instruction(loadWord, to: 5, from: 1, jump: 8),
        ]
        for rule in rules { program += allow(rule) }
        return program + [instruction(set, to: 0, constant: 0), instruction(leave)]
    }

    /// Leaves with 1 where a rule fits; goes on behind otherwise.
    private static func allow(_ rule: DeviceRule) -> [UInt64] {
        var tests: [(operation: UInt8, to: UInt8, from: UInt8, constant: UInt32)] = [
            (jumpUnless, 2, 0, rule.kind == .block ? 1 : 2),
            // Whatever is wanted beyond what the rule allows makes a difference.
            (copy, 6, 3, 0),
            (and, 6, 0, rule.access.rawValue),
            (jumpUnlessSame, 6, 3, 0),
        ]
        if let major = rule.major { tests.append((jumpUnless, 4, 0, major)) }
        if let minor = rule.minor { tests.append((jumpUnless, 5, 0, minor)) }
        let length = tests.count + 2
        let code = tests.enumerated().map { index, test in
            let jumps = test.operation == jumpUnless || test.operation == jumpUnlessSame
            return instruction(
                test.operation, to: test.to, from: test.from, jump: jumps ? Int16(length - index - 1) : 0,
                constant: test.constant)
        }
        return code + [instruction(set, to: 0, constant: 1), instruction(leave)]
    }

    /// Loads the program into the kernel.
    static func load(_ rules: [DeviceRule]) throws(SystemCallError) -> Descriptor {
        let instructions = assemble(rules)
        return Descriptor(
            owning: try systemCall("bpf", [.init("program", "devices")]) {
                unsafe instructions.withUnsafeBufferPointer {
                    unsafe ck_bpf_load_devices($0.baseAddress, UInt32($0.count))
                }
            })
    }
}
