import TestSupport
import Testing

/// What machines forbid that this one does not: the refusals are made by strace(1), the files that tell why are laid over
/// the kernel's.
@Suite("Hints on restricted machines", .serialized)
struct HintTests {
    @Test(
        "a user namespace that is refused is told of with what forbids it",
        arguments: [
            ("clone,clone3:error=EPERM", "kernel/unprivileged_userns_clone", "0"),
            ("clone,clone3:error=EACCES", "kernel/apparmor_restrict_unprivileged_userns", "1"),
            ("write:error=EPERM:when=1", "kernel/apparmor_restrict_unprivileged_userns", "1"),
            ("clone,clone3:error=ENOSPC", "user/max_user_namespaces", "0"),
        ])
    func userNamespaces(injection: String, file: String, value: String) throws {
        let script = """
            local ok, err = pcall(ns.spawn, { users = "root" }, function() end)
            print(ok, err.hint)
            """
        let outcome = try Tupper.runLab(
            [
                "unshare", "-m", "bash", "-c",
                """
                mount -t tmpfs tmpfs /proc/sys/$(dirname \(file)); echo \(value) >/proc/sys/\(file)
                strace -qq -o /dev/null -e trace=\(injection.prefix { $0 != ":" }) -e inject=\(injection) \\
                  $0 script - <<'LUA'
                \(script)
                LUA
                $0 doctor --json
                """,
            ], [])
        let name = file.replacing("/", with: ".")
        #expect(outcome.output.hasPrefix("false\t"), "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("; try: sudo sysctl \(name)="), "\(outcome.output)")
        #expect(outcome.output.contains(#""remedy":"sysctl \#(name)="#), "\(outcome.output)")
    }
}
