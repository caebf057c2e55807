import Foundation
import TestSupport
import Testing

/// The page is looked at as a reader does: in a browser, by keys and the mouse.
@Suite("tupper record", .serialized)
struct RecordTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func record(_ script: String, _ arguments: [String] = []) throws -> (Tupper.Outcome, String) {
        try scratch.write("script.lua", Array(script.utf8))
        let outcome = try Tupper.command(
            ["record", scratch("script.lua"), "-o", scratch("page.html")] + arguments)
        return (outcome, String(decoding: scratch.read("page.html") ?? [], as: UTF8.self))
    }

    static let family = """
        ns.unshare { "mount", "uts", "net" }
        local place <close> = fs.tmpfs("/mnt", { size = "1M" })
        local bridge <close> = net.bridge("br0", { address = "10.7.0.1/24" })
        local box <close> = ns.spawn({ "net", "uts", "pid" }, function(parent)
            sys.hostname "inner"
            parent:send "ready"
            parent:receive()
            net.link "inside":up():address "10.7.0.2/24"
            parent:send "done"
            parent:receive()
        end)
        box:receive()
        local a <close>, b = net.veth { name = "outside", peer = "inside" }
        a:attach(bridge):up()
        b:move(box)
        box:send "go"
        box:receive()
        box:send "end"
        box:wait()
        print(arg[1], "ends")
        """

    @Test(
        "in a browser the slider moves, the drawing changes, keys work, and nothing complains",
        arguments: [1300, 390])
    func browser(width: Int) throws {
        let before = try Host.state()
        let (outcome, page) = try record(Self.family, ["--", "it"])
        #expect(outcome.status == 0 && outcome.output.contains("it\tends"), "\(outcome.errors)")
        #expect(try Host.leftovers(since: before) == [])
        for word in ["http://", "https://", "src=", "@import", "url("] {
            #expect(!page.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "").contains(word))
        }
        let browser = try Browser(width: width, height: 800)
        try browser.open("file://" + scratch("page.html"))
        let drawing = "document.querySelector('#drawing svg').outerHTML"
        let first = try browser.evaluate(drawing)
        #expect(try browser.evaluate("document.querySelector('#count').textContent").hasPrefix("1 / "))
        // The slider, dragged to its end by its thumb.
        let place = try browser.evaluate(
            "(() => { const r = document.querySelector('#slider').getBoundingClientRect();"
                + " return [r.left, r.right, r.top + r.height / 2].join(' '); })()"
        ).split(separator: " ").compactMap { Double($0) }
        try #require(place.count == 3)
        try browser.drag(from: (place[0] + 8, place[2]), to: (place[1] - 8, place[2]))
        let last = try browser.evaluate("document.querySelector('#slider').value")
        #expect(try browser.evaluate("document.querySelector('#slider').max") == last)
        #expect(try browser.evaluate("document.querySelector('#what').textContent").contains("- mount /mnt"))
        // Back by keys until the container's link has its address: a box in a box, and wires between links.
        for _ in 0..<6 where try !browser.evaluate(drawing).contains("10.7.0.2/24") {
            try browser.press("ArrowUp")
        }
        let full = try browser.evaluate(drawing)
        #expect(full != first && full.contains("inner") && full.contains("10.7.0.2/24"))
        #expect(Int(try browser.evaluate("document.querySelectorAll('#drawing .wire').length")) == 2)
        #expect(Int(try browser.evaluate("document.querySelectorAll('#drawing .box').length")) == 3)
        #expect(full.contains("/mnt") && full.contains("br0 (bridge)"))
        #expect(try browser.evaluate("document.querySelector('#what').textContent").contains("process 1"))
        try browser.press("Home")
        #expect(try browser.evaluate("document.querySelector('#count').textContent").hasPrefix("1 / "))
        try browser.press("ArrowRight")
        #expect(
            try browser.evaluate("document.querySelector('#source .here').textContent").contains("ns.unshare")
        )
        // Nothing is wider than the window.
        #expect(try browser.evaluate("document.documentElement.scrollWidth <= innerWidth") == "true")
        #expect(browser.complaints == [])
    }

    @Test(
        "every network namespace has its links, one that a link was moved to as well, and nothing is clipped",
        arguments: [1300, 390])
    func networks(width: Int) throws {
        let (outcome, _) = try record(
            """
            ns.unshare { "net" }
            local a <close>, b = net.veth { name = "h1", peer = "c1" }
            local c <close>, d = net.veth { name = "h2", peer = "c2" }
            b:release()
            local function wait(parent) parent:send(1); parent:receive() end
            local other <close> = ns.spawn({ "net", "uts" }, wait)
            local box <close> = ns.spawn({ "net", "uts", "mount" }, wait)
            other:receive(); box:receive()
            d:move(box)
            local long = ("a-long-name-"):rep(9)
            local group <close> = cgroup.create(long .. ns.id "net" .. "/inner", { pids = 9 })
            sys.sleep(0) -- \(String(repeating: "a line that is longer than any window ", count: 5))
            sys.time()
            """)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let browser = try Browser(width: width, height: 800)
        try browser.open("file://" + scratch("page.html"))
        try browser.press("End")
        let here = "document.querySelector('#source .here')?.textContent"
        for _ in 0..<9 where try !browser.evaluate(here + " ?? ''").contains("sleep") {
            try browser.press("ArrowLeft")
        }
        let texts = "[...document.querySelectorAll('#drawing text')]"
        // This machine's own are beside them.
        #expect(Int(try browser.evaluate("\(texts).filter(t => /^lo( |$)/.test(t.textContent)).length")) == 4)
        #expect(try browser.evaluate("\(texts).some(t => t.textContent.startsWith('c2'))") == "true")
        #expect(try browser.evaluate("document.querySelectorAll('#drawing .wire').length") == "1")
        #expect(try browser.evaluate("\(texts).filter(t => t.textContent.includes('…')).length") == "0")
        let clipped = """
            (() => {
              const view = document.querySelector('#drawing svg').getBoundingClientRect();
              const wide = \(texts).filter(t => t.getBoundingClientRect().right > view.right).map(t => t.textContent);
              const lines = [...document.querySelectorAll('#source li')];
              const source = document.querySelector('#source');
              return wide.concat(lines.filter(l => l.scrollWidth > source.clientWidth).map(l => l.textContent)).join();
            })()
            """
        #expect(try browser.evaluate(clipped) == "")
        #expect(browser.complaints == [])
    }

    @Test("hostile names and source stand in the page as text")
    func hostile() throws {
        let name = "</script><img src=x onerror=alert(1)>"
        let (outcome, page) = try record(
            """
            -- </script><script>document.title = "taken"</script> <!-- \u{2028}
            ns.unshare { "mount", "uts" }
            local place <close> = fs.tmpfs("/mnt")
            fs.write("/mnt/\(name.replacingOccurrences(of: "/", with: ""))", "")
            sys.hostname "<b>x</b>"
            pcall(fs.mount, { type = "tmpfs", target = "/mnt/\(name)" })
            """)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(!page.contains("<img") && !page.contains("taken\"</script>"))
        let browser = try Browser(width: 800, height: 600)
        try browser.open("file://" + scratch("page.html") + "#6")
        #expect(try browser.evaluate("document.title").hasSuffix("script.lua"))
        #expect(try browser.evaluate("document.querySelectorAll('img, b.x').length") == "0")
        #expect(
            try browser.evaluate("document.querySelector('#source').textContent").contains(
                "</script><script>"))
        #expect(browser.complaints == [])
    }

    @Test(
        "the status is the script's own, and the page is made however it ends",
        arguments: [
            ("os.exit(9)", 9, "the end"), ("error 'broken'", 1, "broken"),
            ("proc.exec { 'sh', '-c', 'exit 6' }", 6, "proc.exec"),
            ("proc.kill(proc.self(), 'KILL')", 137, "proc.kill"),
            ("ns.unshare { 'pid', 'uts' }; sys.hostname 'in'; os.exit(3)", 3, "sys.hostname"),
        ])
    func ending(line: String, status: Int32, text: String) throws {
        let (outcome, page) = try record("local n = 1\n-- the end\n\(line)\n")
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(page.contains("\"status\":\(status),") && page.contains(text))
        #expect(page.hasSuffix("</html>\n"))
    }

    @Test("a loop of many rounds is a few steps, and a page that cannot be written is said at once")
    func bounds() throws {
        let (outcome, page) = try record(
            "local n = 0\nfor i = 1, 300000 do\n    n = n + 1\nend\nsys.hostname()\n")
        #expect(outcome.status == 0)
        #expect(page.components(separatedBy: "\"kind\":\"line\"").count - 1 == 4)
        let refused = try Tupper.command(["record", scratch("script.lua"), "-o", scratch("absent/page.html")])
        #expect(refused.status == 1 && refused.errors.contains("absent/page.html: no such file"))
    }
}
