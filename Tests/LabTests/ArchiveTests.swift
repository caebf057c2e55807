import Foundation
import TestSupport
import Testing

@Suite("fs.unpack and fs.pack")
struct ArchiveTests {
    static let unpack = "fs.unpack(arg[1], arg[2])"

    @Test("packing and unpacking gives the same tree", arguments: ["tar", "tar.gz", "tar.zst", "tar.xz"])
    func roundTrip(_ ending: String) throws {
        let scratch = try Scratch()
        try makeTree(scratch)
        try scratch.makeDirectory("target")
        let outcome = try Tupper.run(
            """
            fs.pack(arg[1], arg[2])
            fs.unpack(arg[2], arg[3])
            """, arguments: [scratch("source"), scratch("a.\(ending)"), scratch("target")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let (before, after) = (try listing(scratch("source")), try listing(scratch("target")))
        #expect(before == after)
        #expect(before.contains("user.colour=\"blue\""))
        // The hole of 8 MiB takes no room.
        #expect(try blocks(scratch("target/sparse")) < 100)
        #expect(scratch.tree("").filter { !$0.hasPrefix("source/") && !$0.hasPrefix("target/") }.count == 3)
    }

    @Test("the same tree packs to the same bytes, and GNU tar reads them")
    func reproducible() throws {
        let scratch = try Scratch()
        try makeTree(scratch)
        try scratch.makeDirectory("target")
        let outcome = try Tupper.run(
            "for _, name in ipairs{ 'a.tar', 'b.tar', 'a.tar.zst', 'b.tar.zst' } do fs.pack(arg[1], arg[2] .. name) end",
            arguments: [scratch("source"), scratch("")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(scratch.read("a.tar") == scratch.read("b.tar"))
        #expect(scratch.read("a.tar.zst") == scratch.read("b.tar.zst"))
        let said = try run(
            "tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", scratch("a.tar"), "-C",
            scratch("target"))
        #expect(said.isEmpty)
        #expect(try listing(scratch("source")) == listing(scratch("target")))
    }

    @Test("what stands in the way is replaced, and nothing is written through it")
    func replaces() throws {
        let scratch = try Scratch()
        for name in ["target/kept", "target/empty", "outside"] { try scratch.makeDirectory(name) }
        try scratch.write("outside/victim", Array("whole".utf8))
        try scratch.write("target/kept/other", [])
        let links = ["file": "../outside/victim", "directory": "../outside"]
        for (name, link) in links {
            try FileManager.default.createSymbolicLink(
                atPath: scratch("target/" + name), withDestinationPath: link)
        }
        var tar = TarBuilder()
        tar.add("file", content: "new")
        tar.add("directory", "5", mode: 0o755)
        tar.add("directory/x", content: "new")
        tar.add("kept", "5", mode: 0o755)
        tar.add("empty", content: "new")
        try scratch.write("a.tar", tar.finished)
        let outcome = try Tupper.run(Self.unpack, arguments: [scratch("a.tar"), scratch("target")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(scratch.tree("outside") == ["victim 5"])
        #expect(
            scratch.tree("target") == [
                "directory", "directory/x 3", "empty 3", "file 3", "kept", "kept/other 0",
            ])
        let again = try Tupper.run(Self.unpack, arguments: [scratch("a.tar"), scratch("target")])
        #expect(again.status == 0, "\(again.errors)")
    }

    @Test("a link that was there before leads inside the directory only")
    func standingLinks() throws {
        let scratch = try Scratch()
        for name in ["target/usr/bin", "target/outside", "outside"] { try scratch.makeDirectory(name) }
        for (name, link) in ["bin": "usr/bin", "up": "../outside", "abs": "/outside"] {
            try FileManager.default.createSymbolicLink(
                atPath: scratch("target/" + name), withDestinationPath: link)
        }
        var tar = TarBuilder()
        for name in ["bin/sh", "up/x", "abs/y"] { tar.add(name, content: "new") }
        try scratch.write("a.tar", tar.finished)
        let outcome = try Tupper.run(Self.unpack, arguments: [scratch("a.tar"), scratch("target")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(scratch.read("target/usr/bin/sh") == Array("new".utf8))
        #expect(scratch.tree("outside").isEmpty)
        #expect(scratch.tree("target/outside") == ["x 3", "y 3"])
    }

    @Test("names are bytes, and end at a NUL")
    func names() throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("target")
        var tar = TarBuilder()
        tar.addRecords([("path", [0x61, 0xff, 0xfe])])
        tar.add("short")
        tar.addRecords([("path", [0x62, 0, 0x2f, 0x2e, 0x2e])])
        tar.add("short")
        tar.add([0xc3, 0x28])
        try scratch.write("a.tar", tar.finished)
        let outcome = try Tupper.run(Self.unpack, arguments: [scratch("a.tar"), scratch("target")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let found = try run("sh", "-c", "cd \"$0\" && ls | od -An -c | tr -d '\\n '", scratch("target"))
        #expect(found == "a377376\\nb\\n303(\\n")
    }

    @Test("without owners no set-ID bit and no owner is kept")
    func withoutOwners() throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("target")
        var tar = TarBuilder()
        tar.add("program", mode: 0o4755, owner: 4321)
        try scratch.write("a.tar", tar.finished)
        let outcome = try Tupper.run(
            "fs.unpack(arg[1], arg[2], { owner = false }); fs.unpack(arg[1], arg[3])",
            arguments: [scratch("a.tar"), scratch("target"), scratch("")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try run("stat", "-c", "%a %u", scratch("target/program")) == "755 \(geteuid())\n")
        #expect(try run("stat", "-c", "%a %u", scratch("program")) == "4755 4321\n")
    }

    @Test("device nodes are made, or left out where asked")
    func devices() throws {
        let scratch = try Scratch()
        for name in ["with", "without"] { try scratch.makeDirectory(name) }
        var tar = TarBuilder()
        tar.add(Array("null".utf8), "3", device: (1, 3))
        tar.add("after")
        try scratch.write("a.tar", tar.finished)
        let outcome = try Tupper.run(
            "fs.unpack(arg[1], arg[2]); fs.unpack(arg[1], arg[3], { devices = false })",
            arguments: [scratch("a.tar"), scratch("with"), scratch("without")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try run("stat", "-c", "%F %t:%T", scratch("with/null")) == "character special file 1:3\n")
        #expect(scratch.tree("without") == ["after 0"])
    }

    @Test("packing follows no link, crosses no mount and leaves itself out")
    func confinedPacking() throws {
        let scratch = try Scratch()
        for name in ["source/mounted", "outside"] { try scratch.makeDirectory(name) }
        try scratch.write("outside/secret", Array("secret".utf8))
        try FileManager.default.createSymbolicLink(
            atPath: scratch("source/link"), withDestinationPath: "../outside")
        let outcome = try Tupper.run(
            """
            ns.unshare{ "mount" }
            fs.bind(arg[2], arg[1] .. "/mounted")
            fs.pack(arg[1], arg[1] .. "/self.tar")
            fs.pack(arg[1], arg[1] .. "/self.tar")
            """, arguments: [scratch("source"), scratch("outside")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try run("tar", "-tf", scratch("source/self.tar")) == "./\nlink\nmounted/\n")
    }

    private func makeTree(_ scratch: Scratch) throws {
        try scratch.makeDirectory("source")
        let said = try run(
            "sh", "-euc",
            """
            cd "$0"
            mkdir -p a/b/c 'd e' closed; echo hi > a/f; ln a/f a/b/hard; ln -s ../f a/b/soft; ln -s nowhere dangling
            mknod null c 1 3; mknod disk b 7 200; mkfifo fifo; truncate -s 8M sparse hole
            echo x | dd of=sparse bs=1 seek=5000000 conv=notrunc status=none
            setfattr -n user.colour -v blue a/f; setfattr -n user.colour -v red closed
            chown 1234:4321 a/b; chown -h 77:78 a/b/soft; chmod 2750 a/b; chmod 1777 'd e'
            printf program > program; chown 5:6 program; chmod 6711 program
            setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 a/f
            touch "$(printf '\\377\\376')" "$(printf 'gr\\303\\274n')" "$(printf 'n%.0s' $(seq 200))"
            touch -d '2001-02-03 04:05:06.123456789' a/f program 'd e' null; touch -h -d '2002-01-01' a/b/soft
            chmod 0555 closed
            """, scratch("source"))
        #expect(said.isEmpty)
    }

    /// Type, mode, owner, time, link count, size and link text of everything, and attributes.
    private func listing(_ path: String) throws -> String {
        try run(
            "sh", "-euc",
            """
            cd "$0"; find . -printf '%p|%y|%m|%U:%G|%T@|%n|%s|%l|' -exec stat -c '%t:%T' {} + | LC_ALL=C sort
            getfattr -hdR -m - . 2>/dev/null | LC_ALL=C sort; cat a/f program
            """, path)
    }

    private func blocks(_ path: String) throws -> Int {
        try #require(Int(try run("stat", "-c", "%b", path).filter(\.isNumber)))
    }

    private func run(_ words: String...) throws -> String {
        let outcome = try Tupper.program("/usr/bin/env", words)
        return outcome.output + outcome.errors
    }
}
