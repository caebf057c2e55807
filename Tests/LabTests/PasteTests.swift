import Foundation
import TestSupport
import Testing

/// The shell lines of a trace are there to be pasted: they must do what the script did.
@Suite("Pasted traces", .serialized)
struct PasteTests {
    /// Namespaces of its own, as the demo's; a shell stays in it, so that it stays.
    static let lab = [
        "unshare", "--net", "--mount", "--uts", "--ipc", "bash", "-c",
        "ip link set lo up; mount -t sysfs sysfs /sys; \"$@\"; exit $?", "lab",
    ]

    @Test(
        "each option of ns.spawn and ns.unshare has its part in the shell line, which a shell runs",
        arguments: [
            ("{ 'uts' }", "unshare --uts --fork"),
            ("{ 'uts', users = 'root' }", "unshare --uts --map-root-user --fork"),
            ("{ 'mount', propagation = 'slave' }", "unshare --mount --propagation slave --fork"),
            (
                "{ 'mount', propagation = 'unbindable' }",
                "unshare --mount --fork sh -c 'mount --make-runbindable / && exec \"$SHELL\"'"
            ),
            ("{ 'pid', init = true }", "unshare --pid --fork tini -- \"$SHELL\""),
            ("{ 'uts', session = true }", "setsid --wait unshare --uts --fork"),
            ("{ 'pid', terminal = term.open() }", "script -q -c 'unshare --pid --fork' /dev/null"),
            (
                "{ time_offsets = { boottime = '1h' } }",
                "unshare --time --monotonic 0 --boottime 3600 --fork"
            ),
            ("{ 'uts', cgroup = GROUP }", "cgroup.procs && exec unshare --uts --fork'"),
        ])
    func options(options: String, expected: String) throws {
        let scratch = try Scratch()
        // The group stays until the line has run: the shell that is told how it is made runs inside.
        let outcome = try Tupper.shell(
            """
            $TUPPER script --trace - 2>&1 >/dev/null <<'LUA' | sed -n 's/.*ns.spawn  starts  # //p' >"$LINES"
            local name = "paste" .. proc.self()
            GROUP = cgroup.create(name, { pids = 50 })
            ns.spawn(\(options), function() end):wait()
            GROUP:keep()
            LUA
            cat "$LINES"
            SHELL=/bin/true sh "$LINES" </dev/null >&2 || echo "status $?"
            for group in /sys/fs/cgroup/paste[0-9]* /sys/fs/cgroup/*/paste[0-9]*; do [ -d "$group" ] && rmdir "$group"; done
            true
            """, environment: ["LINES": scratch("lines")])
        #expect(outcome.output.hasSuffix(expected + "\n"), "\(outcome.output)\(outcome.errors)")
    }

    @Test(
        "the lines of the demo in which the shell moves in, pasted into one root shell in order, do what it does"
    )
    func unshareDemo() throws {
        let before = try Host.state()
        let run = try Tupper.runLab(Self.lab, ["script", "--trace", "scripts/demo-unshare.lua"])
        #expect(run.status == 0, "\(run.errors)")
        // What is released at the end is still looked at here.
        let lines = run.errors.split(separator: "\n").filter { !$0.hasPrefix("released") }.compactMap {
            line in
            line.range(of: "  # ").map { String(line[$0.upperBound...]) }
        }
        #expect(lines.count > 15)
        let shell = try RootShell(Self.lab + ["bash"])
        var last = ""
        for line in lines {
            let answer = try shell.paste(line)
            if let status = answer.status {
                // What the script looks for and must not find, or finds only where a person sits.
                let isQuestion = line.hasPrefix("test ")
                #expect(status == 0 || isQuestion, "\(line): \(status): \(answer.output)")
            }
            last = answer.output
        }
        try shell.close()
        #expect(run.output.hasPrefix("PID 1 on tupperware\n"))
        #expect(last.hasSuffix(run.output), "\(last)")
        #expect(try Host.leftovers(since: before) == [])
    }

    @Test("the lines of the demo, each pasted into the shell of its process, in order, do what it does")
    func demo() throws {
        let before = try Host.state()
        let scratch = try Scratch()
        try DemoImage.make(scratch("image.tar"), in: scratch("image"))
        let run = try Tupper.runLab(
            Self.lab, ["script", "--trace=json", "scripts/demo.lua", "--image", scratch("image.tar")])
        #expect(run.status == 0, "\(run.errors)")
        let records = try run.errors.split(separator: "\n").map {
            try JSONDecoder().decode(TraceRecord.self, from: Data($0.utf8))
        }
        let replay = try Replay(lab: Self.lab)
        for record in records where record.primitive != "release" { try replay.follow(record) }
        let own = try #require(
            run.output.range(of: "PID 1 on tupperware").map { run.output[$0.lowerBound...] })
        let shown = own.prefix { $0 != "=" }.split(separator: "\n").filter { !$0.contains("it holds") }
        #expect(replay.lastOutput.split(separator: "\n").prefix(4) == shown.prefix(4), "\(replay.lastOutput)")
        // What the demo made in its own namespaces, as the pasted lines made it in theirs.
        let facts = [
            ("btrfs subvolume list /mnt/btrfs | wc -l", "2"),
            ("ls /mnt/btrfs/containers/tupperware/NICK_WAS_HERE | wc -l", "1"),
            ("ls /mnt/btrfs/images/alpine/NICK_WAS_HERE 2>/dev/null | wc -l", "0"),
            ("ip -br address show tupper0 | grep -c 172.30.0.1/16", "1"),
            ("findmnt -n -o FSTYPE /mnt/btrfs", "btrfs"),
        ]
        for (question, expected) in facts { #expect(try replay.ask(question) == expected, "\(question)") }
        #expect(try replay.ask("hostname") == ProcessInfo.processInfo.hostName)
        try replay.close()
        #expect(try Host.leftovers(since: before) == [])
    }
}

/// One line of `--trace=json`.
struct TraceRecord: Decodable {
    let pid: Int
    let parent: Int
    let primitive: String
    let shell: String?
    let stage: String
    let `where`: String?
}

/// A shell for each process of a trace, in which its lines are typed in the trace's order.
private final class Replay {
    private var shells: [Int: RootShell] = [:]
    /// The pids of the trace, and those of the shells that stand for them.
    private var pids: [Int: Int] = [:]
    /// The line by which a process last started another.
    private var opening: [Int: String] = [:]
    /// Those whose line has not come back.
    private var underway: Set<Int> = []
    private let outer: RootShell
    private(set) var lastOutput = ""

    init(lab: [String]) throws {
        outer = try RootShell(lab + ["bash"])
    }

    func follow(_ record: TraceRecord) throws {
        let shell = try shells[record.pid] ?? open(record)
        guard let line = record.shell else { return }
        if record.stage == "started" {
            opening[record.pid] = line
            underway.insert(record.pid)
            return
        }
        // Its line has opened the child's shell.
        if underway.contains(record.pid), opening[record.pid] == line {
            underway.remove(record.pid)
            return
        }
        let answer = try shell.paste(translated(line))
        if record.stage == "left" { lastOutput = answer.output }
        guard let status = answer.status, record.stage != "left" else { return }
        // What is asked for may not be there, and ps(1) refuses the /proc of other namespaces; the rest goes as it went.
        if ["fs.exists", "sys.interactive", "proc.list"].contains(record.primitive) { return }
        #expect((status == 0) == (record.stage == "returned"), "\(line): \(status): \(answer.output)")
    }

    /// A shell for a process that is new: another terminal, gone to where its parent is, and the parent's line there.
    private func open(_ record: TraceRecord) throws -> RootShell {
        guard let parent = shells[record.parent], let line = opening[record.parent] else {
            shells[record.pid] = outer
            pids[record.pid] = try pid(of: outer)
            // Where the demo came from, there the lab's own shell stands.
            let line = "awk '{ print \"=\" $4 }' /proc/\(pids[record.pid] ?? 0)/stat"
            pids[record.parent] = try number(line, in: outer)
            return outer
        }
        let place = try pid(of: parent)
        let shell = try RootShell([
            "nsenter", "-t", "\(place)", "--mount", "--net", "--uts", "--ipc", "--wd", "bash",
        ])
        #expect(try shell.paste(translated(line)).status == 0, "\(line)")
        shells[record.pid] = shell
        pids[record.pid] = try pid(of: shell)
        return shell
    }

    /// Its pid as the lab's /proc counts.
    private func pid(of shell: RootShell) throws -> Int {
        try number("awk '{ print \"=\" $4 }' /proc/self/stat", in: shell)
    }

    /// The number after the last equals sign in what a line prints: a shell may print a prompt too.
    private func number(_ line: String, in shell: RootShell) throws -> Int {
        let output = try shell.paste(line).output
        return try #require(output.matches(of: /=([0-9]+)/).last.flatMap { Int($0.1) }, "\(output)")
    }

    /// A line with the pids of the shells for those of the trace.
    private func translated(_ line: String) -> String {
        line.replacing(/\b[0-9]+\b/) { word in
            Int(word.output).flatMap { pids[$0] }.map(String.init) ?? String(word.output)
        }
    }

    /// What the first shell answers.
    func ask(_ question: String) throws -> String {
        try outer.paste(question).output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func close() throws {
        for shell in shells.values where shell !== outer { try shell.close() }
        _ = try? outer.paste("umount -R -l /mnt; ip link delete tupper0")
        try outer.close()
    }
}

/// A root with the usual programs, for whoever types into it: busybox, and what it does otherwise than the host's.
private enum DemoImage {
    static func make(_ archive: String, in directory: String) throws {
        let shell = """
            set -e; mkdir -p '\(directory)'/{bin,etc,proc,sys,tmp,dev,lib,usr}; cd '\(directory)'
            ln -s bin sbin; ln -s ../bin usr/bin; ln -s ../bin usr/sbin
            for applet in $(busybox --list); do ln -sf busybox bin/$applet; done
            rm -f bin/busybox; cp /bin/busybox bin/busybox
            for program in bash rm ps ip mount umount env; do
              path=$(readlink -f "$(command -v $program)"); rm -f bin/$program; cp "$path" bin/$program
              for library in $(ldd "$path" | grep -o '/[^ )]*'); do
                mkdir -p ".$(dirname $library)"; cp -L "$library" ".$library"
              done
            done
            tar -c -f '\(archive)' .
            """
        let outcome = try Tupper.runShell(shell)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}
