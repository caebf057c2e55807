import Testing

@testable import enum Kernel.JournalLine
@testable import enum Kernel.JournalThing

@Suite("Journal")
struct JournalTests {
    @Test(
        "what is noted reads back as it was",
        arguments: [
            JournalThing.mount(path: [47, 0xff, 32, 10, 37], identifier: 1, unique: .max, namespace: 3),
            .link(name: "br 0%", kind: "", namespace: 7), .address("10.0.0.1/8", link: -1, namespace: 7),
            .route(to: "default", via: "", link: 0, namespace: 7), .firewall(table: "t", namespace: 7),
            .parameter(name: "net/ipv4/ip_forward", before: "0", after: "1", namespace: 7),
            .group(path: "/sys/fs/cgroup/a b"),
        ])
    func thing(_ thing: JournalThing) {
        let line = JournalLine.encode(thing.words)
        #expect(line.last == 10 && line.dropLast().allSatisfy { $0 >= 32 && $0 < 127 })
        #expect(JournalThing(JournalLine.decode(line.dropLast())) == thing)
    }

    @Test(
        "what is no thing is none",
        arguments: [
            "", "mount", "mount a b c d", "mount 1 2 3", "link x y z", "address 1 x y", "group", "group a b",
            "%",
            "% % %", "%zz", "route 1 99999999999 a b", "firewall -1 x",
        ])
    func nonsense(_ line: String) {
        #expect(JournalThing(JournalLine.decode(Array(line.utf8)[...])) == nil)
    }
}
