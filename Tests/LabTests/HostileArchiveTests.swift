import TestSupport
import Testing

/// One archive that must not get its way.
struct HostileArchive: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The member that the error names, and words of its message.
    let member: String
    let words: String
    let bytes: [UInt8]

    init(_ description: String, names member: String, _ words: String, _ build: (inout TarBuilder) -> Void) {
        testDescription = description
        self.member = member
        self.words = words
        var tar = TarBuilder()
        tar.add("before", content: "fine")
        build(&tar)
        bytes = tar.finished
    }

    static let all: [HostileArchive] = [
        HostileArchive("a name that climbs out", names: "../../outside/x", "'..'") {
            $0.add("../../outside/x", content: "evil")
        },
        HostileArchive("a name that climbs at its end", names: "a/..", "'..'") { $0.add("a/..", "5") },
        HostileArchive("an absolute name that climbs", names: "/../outside/x", "'..'") {
            $0.add("/../outside/x", content: "evil")
        },
        HostileArchive("an empty name", names: "", "empty") { $0.add("", content: "evil") },
        HostileArchive("a file in the directory's place", names: ".", "directory itself") {
            $0.add(".", content: "evil")
        },
        HostileArchive("a link up and a file through it", names: "up/x", "symbolic link \"up\"") {
            $0.add("up", "2", link: "../outside")
            $0.add("up/x", content: "evil")
        },
        HostileArchive("an absolute link and a file through it", names: "abs/passwd", "symbolic link") {
            $0.add("abs", "2", link: "/etc")
            $0.add("abs/passwd", content: "evil")
        },
        HostileArchive("a link in a link", names: "one/two/x", "symbolic link") {
            $0.add("one", "2", link: "two")
            $0.add("two", "2", link: "../outside")
            $0.add("one/two/x", content: "evil")
        },
        HostileArchive("a hard link that climbs out", names: "hard", "hard link's target has a '..'") {
            $0.add("hard", "1", link: "../outside/victim")
            $0.add("hard", content: "evil")
        },
        HostileArchive("an absolute hard link", names: "hard", "cannot link to \"/etc/passwd\"") {
            $0.add("hard", "1", link: "/etc/passwd")
        },
        HostileArchive("a hard link through a link", names: "hard", "symbolic link \"up\"") {
            $0.add("up", "2", link: "../outside")
            $0.add("hard", "1", link: "up/victim")
        },
        HostileArchive("a file through a second name of a link", names: "again/x", "symbolic link") {
            $0.add("up", "2", link: "../outside")
            $0.add("again", "1", link: "up")
            $0.add("again/x", content: "evil")
        },
        HostileArchive("a hard link to nothing", names: "hard", "no such file or directory (ENOENT)") {
            $0.add("hard", "1", link: "absent")
        },
        HostileArchive("a link to itself", names: "round/x", "symbolic link \"round\"") {
            $0.add("round", "2", link: "round")
            $0.add("round/x", content: "evil")
        },
        HostileArchive("a file where a file would be a directory", names: "before/x", "not a directory") {
            $0.add("before/x", content: "evil")
        },
        HostileArchive("a name longer than any", names: String(repeating: "n", count: 300), "ENAMETOOLONG") {
            $0.addRecords([("path", Array(String(repeating: "n", count: 300).utf8))])
            $0.add("short", content: "evil")
        },
        HostileArchive(
            "a depth greater than any", names: String(String(repeating: "d/", count: 3000).prefix(4095)),
            "ENAMETOOLONG"
        ) {
            $0.addRecords([("path", Array(String(repeating: "d/", count: 3000).utf8))])
            $0.add("short", "5")
        },
        HostileArchive("a file cut short", names: "cut", "the archive is truncated") {
            $0.add(Array("cut".utf8), content: Array("four".utf8), size: 1 << 30)
        },
    ]
}

@Suite("hostile archives")
struct HostileArchiveTests {
    static let unpack = """
        local ok, err = pcall(fs.unpack, arg[1], arg[2])
        print(ok, ok or err.primitive, ok or #(err.path or ""), ok or tostring(err))
        io.write(ok and "" or err.path)
        """

    @Test("an archive that reaches out is refused by the member's name", arguments: HostileArchive.all)
    func refused(_ archive: HostileArchive) throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("target")
        try scratch.makeDirectory("outside")
        try scratch.write("outside/victim", Array("whole".utf8))
        try scratch.write("a.tar", archive.bytes)
        let outcome = try Tupper.run(Self.unpack, arguments: [scratch("a.tar"), scratch("target")])
        #expect(outcome.output.hasPrefix("false\tfs.unpack\t"), "\(outcome.output) \(outcome.errors)")
        #expect(outcome.output.contains(archive.words), "\(outcome.output)")
        let named = outcome.output.split(separator: "\n").last.map(String.init) ?? ""
        #expect(archive.member.isEmpty || named.replacing("/./", with: "/") == archive.member)
        #expect(scratch.tree("outside") == ["victim 5"])
        #expect(scratch.read("outside/victim") == Array("whole".utf8))
        #expect(scratch.tree("").filter { !$0.hasPrefix("target/") }.count == 4)
    }

    @Test("absolute names and links that lead up stay inside, as if the directory were /")
    func inside() throws {
        let scratch = try Scratch()
        for name in ["target", "outside"] { try scratch.makeDirectory(name) }
        try scratch.write("outside/victim", Array("whole".utf8))
        var tar = TarBuilder()
        tar.add("//outside/x", content: "new")
        tar.addRecords([("path", Array("/outside/y".utf8))])
        tar.add("harmless", content: "new")
        for (name, link) in ["dot": "/..", "up": "../outside", "far": scratch("outside")] {
            tar.add(name, "2", link: link)
        }
        tar.add("dot/./z", content: "new")
        tar.add("up/victim", content: "new")
        tar.add("hard", "1", link: "/up/victim")
        tar.add("up/down", "5", mode: 0o700)
        // Another target under the same name: what is kept open by that name is not used any more.
        tar.add("other", "5", mode: 0o755)
        tar.add("up", "2", link: "/other")
        tar.add("up/w", content: "new")
        try scratch.write("a.tar", tar.finished)
        let outcome = try Tupper.run(Self.unpack, arguments: [scratch("a.tar"), scratch("target")])
        #expect(outcome.output == "true\ttrue\ttrue\ttrue\n", "\(outcome.output) \(outcome.errors)")
        #expect(scratch.read("outside/victim") == Array("whole".utf8))
        #expect(scratch.tree("outside") == ["victim 5"])
        #expect(
            scratch.tree("target").filter { !$0.contains(" -> ") } == [
                "hard 3", "other", "other/w 3", "outside", "outside/down", "outside/victim 3", "outside/x 3",
                "outside/y 3", "z 3",
            ], "\(scratch.tree("target"))")
    }

    @Test("what is no archive is refused in words")
    func garbage() throws {
        let whole = HostileArchive("", names: "", "") {
            $0.add("big", content: String(repeating: "x", count: 99_999))
        }
        let contents: [(String, [UInt8], String)] = [
            ("empty", [], "no tar archive"),
            ("garbage", Array(repeating: 0x5a, count: 4096), "no tar archive"),
            ("gzip's first bytes", [0x1f, 0x8b, 8, 0], "archive"),
            ("half a tar archive", Array(whole.bytes.prefix(5000)), "the archive is truncated"),
        ]
        for (name, bytes, words) in contents {
            let scratch = try Scratch()
            try scratch.makeDirectory("target")
            try scratch.write("a.tar", bytes)
            let outcome = try Tupper.run(Self.unpack, arguments: [scratch("a.tar"), scratch("target")])
            #expect(outcome.output.hasPrefix("false\tfs.unpack\t"), "\(name): \(outcome.output)")
            #expect(outcome.output.contains(words), "\(name): \(outcome.output)")
        }
    }

    @Test("half a compressed archive is refused as truncated", arguments: ["gz", "zst", "xz"])
    func truncated(_ ending: String) throws {
        let scratch = try Scratch()
        for name in ["source", "target"] { try scratch.makeDirectory(name) }
        var generator = SystemRandomNumberGenerator()
        try scratch.write(
            "source/noise", (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let packed = try Tupper.run(
            "fs.pack(arg[1], arg[2])", arguments: [scratch("source"), scratch("a.tar.\(ending)")])
        #expect(packed.status == 0, "\(packed.errors)")
        let bytes = try #require(scratch.read("a.tar.\(ending)"))
        try scratch.write("half", Array(bytes.prefix(bytes.count / 2)))
        let outcome = try Tupper.run(Self.unpack, arguments: [scratch("half"), scratch("target")])
        #expect(outcome.output.contains("the archive is truncated"), "\(outcome.output)")
    }

    @Test("limits stop an archive that holds too much")
    func limits() throws {
        let scratch = try Scratch()
        for name in ["source", "target"] { try scratch.makeDirectory(name) }
        try scratch.write("source/zeros", [UInt8](repeating: 0, count: 20_000_000))
        let outcome = try Tupper.run(
            """
            fs.pack(arg[1], arg[3])
            local ok, err = pcall(fs.unpack, arg[3], arg[2], { max_size = "1M" })
            print(ok, err.code, err.path, tostring(err):match "more than %d+ bytes")
            ok, err = pcall(fs.unpack, arg[3], arg[2], { max_entries = 1 })
            print(ok, err.code, err.path, tostring(err):match "more than %d+ members")
            print(fs.unpack(arg[3], arg[2], { max_entries = 2, max_size = 20000000 }).entries)
            """, arguments: [scratch("source"), scratch("target"), scratch("a.tar.gz")])
        #expect(
            outcome.output
                == "false\tEFBIG\tzeros\tmore than 1048576 bytes\nfalse\tEFBIG\tzeros\tmore than 1 members\n2\n",
            "\(outcome.output) \(outcome.errors)")
    }

    @Test("a full disk is told by member and code, and a failed pack leaves nothing")
    func fullDisk() throws {
        let scratch = try Scratch()
        for name in ["source", "small"] { try scratch.makeDirectory(name) }
        try scratch.write("source/big", (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) })
        let outcome = try Tupper.run(
            """
            fs.pack(arg[1], arg[3])
            ns.unshare{ "mount" }
            fs.tmpfs(arg[2], { size = "64K" })
            local ok, err = pcall(fs.unpack, arg[3], arg[2])
            print(ok, err.code, err.path, err.call)
            ok, err = pcall(fs.pack, arg[1], arg[2] .. "/big.tar")
            print(ok, err.code, err.path == arg[2] .. "/big.tar")
            print(io.open(arg[2] .. "/big.tar") == nil)
            """, arguments: [scratch("source"), scratch("small"), scratch("a.tar")])
        #expect(
            outcome.output.hasPrefix("false\tENOSPC\tbig\twrite\nfalse\tENOSPC\ttrue\ntrue\n"),
            "\(outcome.output) \(outcome.errors)")
        #expect(scratch.tree("small").isEmpty)
    }
}
