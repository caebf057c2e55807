import Kernel
import Testing

@Suite("SystemCallError")
struct SystemCallErrorTests {
    @Test("an error number has its symbol and its meaning")
    func names() {
        let error = SystemCallError("mount", 1)
        #expect(error.code == "EPERM")
        #expect(error.meaning == "operation not permitted")
    }

    @Test("an unknown number shows as digits")
    func unknown() {
        #expect(SystemCallError.code(99999) == "99999")
    }

    @Test("a namespace that cannot be read says which path")
    func subject() {
        #expect(throws: SystemCallError("stat", 2, [.init("path", "/proc/2147483647/ns/net")])) {
            try Namespace.net.identifier(of: 2_147_483_647)
        }
    }
}
