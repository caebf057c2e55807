import Kernel
import Testing

@Suite("Capabilities")
struct CapabilitiesTests {
    @Test("names are those of linux/capability.h, by number")
    func numbers() {
        #expect(Capabilities(named: "CHOWN")?.rawValue == 1)
        #expect(Capabilities(named: "cap_sys_admin")?.rawValue == 1 << 21)
        #expect(Capabilities(named: "CAP_CHECKPOINT_RESTORE")?.rawValue == 1 << 40)
        #expect(Capabilities(named: "CAP_CAP_CHOWN") == nil && Capabilities(named: "") == nil)
    }

    @Test("a container's default is the mask that Docker documents")
    func container() {
        #expect(Capabilities.container.rawValue == 0xa804_25fb)
        #expect(Capabilities.container.names.count == 14)
    }

    @Test("a bit without a name is shown by its number")
    func nameless() { #expect(Capabilities(rawValue: 1 << 63).names == ["63"]) }

    @Test("keeping leaves nothing to inherit")
    func keeping() throws {
        let kept = try CapabilitySets.current().keeping(.container)
        #expect(kept.inheritable.isEmpty && kept.ambient.isEmpty)
        #expect(kept.bounding.isSubset(of: .container) && kept.effective == kept.permitted)
    }
}
