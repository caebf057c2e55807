import Foundation
import Kernel
import Testing

/// A root with hostile and odd /etc/passwd and /etc/group.
@Suite("Accounts")
final class AccountsTests {
    private let root = FileManager.default.temporaryDirectory.appendingPathComponent(
        "tupper-\(UUID().uuidString)")
    private var place: Path { Path(root.path) }

    init() throws {
        try FileManager.default.createDirectory(
            at: root.appendingPathComponent("etc"), withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: root.appendingPathComponent("etc/\(name)"))
    }

    private func find(_ text: String) throws -> [UInt32]? {
        try Accounts.find(Array(text.utf8), in: place).map { [$0.user, $0.group] }
    }

    @Test("names and numbers are looked up in the root's own files")
    func found() throws {
        try write(
            "passwd",
            """
            root:x:0:0::/root:/bin/sh
            broken
            app:x:1000:100:An app:/srv/app:/bin/sh
            app:x:0:0::/:
            1001:x:0:0:a number for a name:/:
            minus:x:-1:-1::/:
            big:x:4294967295:0::/:
            """)
        try write("group", "staff:x:50:app,root\nwheel:x:10:app\nbad:x:99999999999:app\n")
        #expect(try find("app") == [1000, 100])
        #expect(try find("1000") == [1000, 100])
        #expect(try find("app:staff") == [1000, 50])
        #expect(try find("app:7") == [1000, 7])
        #expect(try find("0:wheel") == [0, 10])
        #expect(try find("4242") == [4242, 4242])
        // A line whose name looks like a number gives that number nothing.
        #expect(try find("1001") == [1001, 1001])
        for none in [
            "minus", "big", "nobody", "app:nobody", "", ":", "app:", ":staff", "a:b:c", "app ", "01000",
        ] {
            #expect(try find(none) == nil, "\(none)")
        }
        let app = try Accounts.find(Array("app".utf8), in: place)
        #expect(app?.home == Array("/srv/app".utf8))
        #expect(try Accounts.groups(of: Array("app".utf8), in: place) == [50, 10])
    }

    @Test("what is no regular file is not read, and nothing waits for it")
    func special() throws {
        let passwd = root.appendingPathComponent("etc/passwd").path
        let kinds: [(make: () -> Bool, code: String)] = [
            ({ mkfifo(passwd, 0o644) == 0 }, "ESPIPE"),
            ({ symlink("/etc/passwd", passwd) == 0 }, "ELOOP"),
            ({ mkdir(passwd, 0o755) == 0 }, "ESPIPE"),
            ({ mknod(passwd, S_IFCHR | 0o666, 0x105) == 0 }, "ESPIPE"),
        ]
        for kind in kinds {
            #expect(kind.make())
            let error = try #require(throws: SystemCallError.self) { try find("root") }
            #expect(error.code == kind.code && error.subjects.first?.text == passwd)
            // Numbers need no file.
            #expect(try find("5:6") == [5, 6])
            #expect(remove(passwd) == 0)
        }
        #expect(throws: SystemCallError.self) { try find("root") }
    }

    @Test("a link in the place of /etc is not followed")
    func link() throws {
        try FileManager.default.removeItem(at: root.appendingPathComponent("etc"))
        #expect(symlink("/etc", root.path + "/etc") == 0)
        let error = try #require(throws: SystemCallError.self) { try find("root") }
        #expect(error.code == "ELOOP")
    }

    @Test("a huge file is not read to its end")
    func huge() throws {
        let file = open(root.path + "/etc/passwd", O_CREAT | O_WRONLY, 0o644)
        #expect(ftruncate(file, 1 << 40) == 0 && close(file) == 0)
        let error = try #require(throws: SystemCallError.self) { try find("root") }
        #expect(error.code == "EFBIG")
    }

    @Test("random bytes as a user or a file trap nothing, and give no number that was not asked for")
    func random() throws {
        var generator = SystemRandomNumberGenerator()
        let signs = Array("0123456789:,-+ax\n\0 ".utf8) + [0xff, 0xc3]
        func some(_ most: Int) -> [UInt8] {
            (0..<Int.random(in: 0...most, using: &generator)).map { _ in
                signs.randomElement(using: &generator) ?? 0
            }
        }
        for round in 0..<2000 {
            if round % 20 == 0 {
                try Data(some(400)).write(to: root.appendingPathComponent("etc/passwd"))
                try Data(some(400)).write(to: root.appendingPathComponent("etc/group"))
            }
            let text = some(14)
            guard let account = try Accounts.find(text, in: place) else { continue }
            #expect(account.user != .max && account.group != .max)
            let first = String(decoding: text.prefix { $0 != 58 }, as: UTF8.self)
            if let number = UInt32(first), !first.hasPrefix("+") { #expect(account.user == number) }
        }
    }
}
