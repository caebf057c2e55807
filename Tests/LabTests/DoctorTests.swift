import Foundation
import TestSupport
import Testing

@Suite("tupper doctor")
struct DoctorTests {
    private struct Report: Decodable {
        struct Group: Decodable {
            let title: String
            let findings: [Finding]
        }
        struct Finding: Decodable {
            let name: String
            let present: Bool
            let detail: String
            let remedy: String?
            let needed: Bool
        }
        let demo: Bool
        let groups: [Group]

        func finding(_ title: String, _ name: String) throws -> Finding {
            try #require(
                groups.first { $0.title == title }?.findings.first { $0.name == name }, "\(title): \(name)")
        }
    }

    private func report(_ environment: [String] = []) throws -> (Report, status: Int32) {
        let outcome = try Tupper.run(arguments: ["doctor", "--json"], environment: environment)
        return (try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8)), outcome.status)
    }

    @Test("what it finds is what the kernel shows to others, and nothing is changed")
    func findings() throws {
        let before = try Host.state()
        let (report, status) = try report()
        #expect(status == 0 && report.demo)
        for kind in ["veth", "bridge", "dummy", "vxlan"] {
            let made = try Tupper.runShell(
                "unshare --net sh -c 'ip link add tp0 type \(kind) \(kind == "vxlan" ? "id 7 dstport 4789" : "")'"
            )
            #expect(
                try report.finding("links", kind).present == (made.status == 0), "\(kind): \(made.errors)")
        }
        let types = try String(contentsOfFile: "/proc/filesystems", encoding: .utf8)
        for type in ["btrfs", "overlay", "xfs", "ext4", "mqueue"] {
            let isThere = types.split(whereSeparator: \.isWhitespace).contains(Substring(type))
            #expect(try report.finding("filesystems", type).present == isThere, "\(type)")
        }
        let actions = try? String(contentsOfFile: "/proc/sys/kernel/seccomp/actions_avail", encoding: .utf8)
        #expect(try report.finding("isolation", "seccomp").present == (actions != nil))
        #expect(try report.finding("privileges", "root").detail.hasPrefix("user 0 in"))
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test("without privilege the demo cannot run: status 1, and it says how to get there")
    func unprivileged() throws {
        let (report, status) = try report(["chroot", "--userspec=12345:12345", "--skip-chdir", "/"])
        let root = try report.finding("privileges", "root")
        #expect(status == 1 && !report.demo && !root.present && root.needed)
        #expect(root.detail.hasPrefix("user 12345 without CAP_SYS_ADMIN") && root.remedy == "sudo tupper ...")
    }

    @Test("in a user namespace it says whose")
    func userNamespace() throws {
        let (report, _) = try report(["unshare", "--user", "--map-root-user"])
        let root = try report.finding("privileges", "root")
        #expect(root.detail == "user 0 in a user namespace of 1 ranges, its root is user 0 outside")
    }

    @Test("a missing program is told of with its package; one of the system's is found whatever PATH says")
    func programs() throws {
        let (found, _) = try report(["PATH=/nowhere"])
        #expect(
            try found.finding("programs", "nft").present && found.finding("programs", "mkfs.btrfs").present)
        // What nobody may execute is nobody's program.
        let hidden = "for name in nft busybox; do mount --bind /dev/null $(command -v $name); done"
        let outcome = try Tupper.runLab(
            ["unshare", "-m", "sh", "-c", "\(hidden); exec \"$0\" \"$@\""], ["doctor", "--json"])
        let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
        let nft = try report.finding("programs", "nft")
        #expect(outcome.status == 1 && !nft.present && nft.remedy == "apt install nftables")
    }

    @Test("the table is plain where nobody looks, coloured on a terminal unless NO_COLOR is set")
    func colours() throws {
        let plain = try Tupper.run(arguments: ["doctor"])
        #expect(plain.output.contains("  ok  root ") && plain.output.hasSuffix("The demo can run here.\n"))
        #expect(!plain.output.contains("\u{1B}"))
        let program = Tupper.path
        let coloured = try Tupper.runShell(
            "unset NO_COLOR; script -q -c '\(program) doctor' /dev/null < /dev/null")
        #expect(coloured.output.contains("\u{1B}[32mok\u{1B}[0m"))
        let without = try Tupper.runShell("NO_COLOR=1 script -q -c '\(program) doctor' /dev/null < /dev/null")
        #expect(without.output.contains("ok  root") && !without.output.contains("\u{1B}["))
    }

    @Test("reflinks are tried where the user is, and nothing is left there")
    func reflinks() throws {
        let outcome = try Tupper.runLab(
            [
                "unshare", "-m", "bash", "-c",
                """
                tupper=$0; mount -t tmpfs tmpfs /mnt; cd /mnt; mkdir plain shared
                truncate -s 200M disk; mkfs.btrfs -q disk && mount -o loop disk shared
                mount -t proc proc plain
                for place in /mnt /mnt/shared /mnt/plain; do cd $place; $tupper doctor | grep -A9 ' reflinks'; done
                ls -A /mnt/shared; cd /; umount /mnt/shared
                """,
            ], [])
        let text = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(text.contains("no reflinks refused in /mnt (tmpfs): EOPNOTSUPP without it:"), "\(text)")
        #expect(text.contains("to get it: a directory on btrfs"), "\(text)")
        #expect(text.contains("ok reflinks files share content in /mnt/shared (btrfs)"), "\(text)")
        #expect(text.contains("no reflinks not tried, no file can be made in /mnt/plain (proc):"), "\(text)")
    }
}
