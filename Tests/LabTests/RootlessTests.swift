import TestSupport
import Testing

/// `scripts/demo-rootless.lua` and sandboxes, run as a user who is nobody in particular.
@Suite("Without root", .serialized)
struct RootlessTests {
    /// Runs the demo as an ordinary user, in a network and mount namespace with one link and a route that leads nowhere.
    /// `preparing` is shell that runs before, as root.
    private func run(
        _ arguments: String..., script: String = "scripts/demo-rootless.lua", preparing: String = ""
    ) throws -> Tupper.Outcome {
        let shell = """
            set -e; mount --make-rprivate /; ip link set lo up
            ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up
            ip address add 10.9.0.1/24 dev v0; ip route add default via 10.9.0.2 dev v0
            mkdir -p /dev/net; mount -t tmpfs tmpfs /dev/net; mknod -m 666 /dev/net/tun c 10 200
            mount -t tmpfs -o mode=755 tmpfs /srv
            lay() { cat > /srv/$(basename $1); [ -e $1 ] || touch $1; mount --bind /srv/$(basename $1) $1; }
            { cat /etc/passwd; echo tester:x:4321:4321::/:/bin/sh; } | lay /etc/passwd
            : | lay /etc/subuid; : | lay /etc/subgid
            \(preparing)
            exec setpriv --reuid 4321 --regid 4321 --groups 27 "$@" </dev/null
            """
        return try Tupper.runLab(
            ["unshare", "-n", "-m", "sh", "-c", shell, "sh"],
            ["script", script] + arguments)
    }

    private func holds(_ outcome: Tupper.Outcome, _ words: String...) {
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.components(separatedBy: "it holds:").count == 12, "\(outcome.output)")
        for text in words + [
            "PID 1 on tupperware", "CapBnd:\t00000000a80425fb", "NoNewPrivs:\t1", "Seccomp:\t2",
        ] {
            #expect(outcome.output.contains(text), "\(text): \(outcome.output)")
        }
    }

    @Test("it runs to its end with a network by pasta, and each of its claims holds")
    func pasta() throws {
        let before = try Host.state()
        let outcome = try run()
        holds(outcome, "served by pasta", "served by an overlay", "one user only", "host's loopback answers")
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test("ranges of /etc/subuid are used where there are some")
    func ranges() throws {
        let outcome = try run(
            preparing: "echo tester:200000:65536 > /srv/subuid; echo tester:200000:65536 > /srv/subgid")
        holds(outcome, "served by pasta")
        #expect(!outcome.output.contains("one user only"))
    }

    @Test("without pasta it has its loopback only, and says so")
    func loopback() throws {
        holds(
            try run(
                preparing: "mount --bind /dev/null $(command -v pasta)"),
            "loopback only: pasta")
    }

    @Test("where pasta finds no way out it has its loopback only, and a copy for a snapshot where asked")
    func copy() throws {
        holds(
            try run(
                "--copy", preparing: "umount /dev/net; ip route del default"),
            "loopback only: pasta", "served by a copy: as asked")
    }

    @Test("a sandbox is as tight, with ranges of users and without", arguments: ["ranged", "alone"])
    func sandbox(_ users: String) throws {
        let ranges = "for file in subuid subgid; do echo tester:200000:65536 > /srv/$file; done"
        let outcome = try run(
            users, script: "Tests/LabTests/Rootless/sandbox.lua",
            preparing: """
                \(users == "ranged" ? ranges : ":")
                mkdir -p /srv/work/root/bin; cp /bin/busybox /srv/work/root/bin
                mknod -m 666 /srv/work/root/null c 1 3; chown -R 4321:4321 /srv/work
                """)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }
}
