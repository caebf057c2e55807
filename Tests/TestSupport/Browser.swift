import Foundation

/// A headless Chromium, driven over its debugging pipe: the Chrome DevTools Protocol.
public final class Browser {
    private let process: ChildProcess
    private let scratch: Scratch
    private let output: FileHandle
    private let input: FileHandle
    private var received = Data()
    private var next = 0
    private var session: String?
    /// Errors that the page raised or put on the console.
    public private(set) var complaints: [String] = []

    /// What went wrong in the browser, or in a page's script.
    public struct Failure: Error {
        public let message: String
    }

    /// Starts the browser with a window of some size.
    public init(width: Int, height: Int) throws {
        scratch = try Scratch()
        let pipes = (scratch("commands"), scratch("answers"))
        guard mkfifo(pipes.0, 0o600) == 0, mkfifo(pipes.1, 0o600) == 0 else {
            throw Failure(message: "mkfifo")
        }
        // Descriptors 3 and 4 are where the browser reads and writes.
        let null = Glibc.open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let line = """
            exec chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
            --user-data-dir='\(scratch("profile"))' --window-size=\(width),\(height) \
            --remote-debugging-pipe 3<'\(pipes.0)' 4>'\(pipes.1)' 2>/dev/null
            """
        process = try ChildProcess("/bin/sh", ["-c", line], input: null, output: null, errors: 2)
        guard let commands = FileHandle(forWritingAtPath: pipes.0),
            let answers = FileHandle(forReadingAtPath: pipes.1)
        else { throw Failure(message: "the browser does not start") }
        (output, input) = (commands, answers)
    }

    deinit {
        _ = try? call("Browser.close")
        process.end()
    }

    /// Opens a page and waits until it is there.
    public func open(_ address: String) throws {
        let target = try call("Target.createTarget", ["url": "about:blank"])["targetId"] as? String ?? ""
        session =
            try call("Target.attachToTarget", ["targetId": target, "flatten": true])["sessionId"] as? String
        for domain in ["Runtime", "Log", "Page"] { _ = try call("\(domain).enable") }
        _ = try call("Page.navigate", ["url": address])
        for _ in 0..<200 {
            if try evaluate("document.readyState") == "complete" { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        throw Failure(message: "the page does not load")
    }

    /// The value of an expression of the page's script, as text.
    public func evaluate(_ expression: String) throws -> String {
        let answer = try call(
            "Runtime.evaluate", ["expression": "String(\(expression))", "returnByValue": true])
        if let details = answer["exceptionDetails"] { throw Failure(message: "\(details)") }
        return (answer["result"] as? [String: Any])?["value"] as? String ?? ""
    }

    /// Presses a key, by its name in JavaScript.
    public func press(_ key: String) throws {
        for kind in ["keyDown", "keyUp"] {
            _ = try call("Input.dispatchKeyEvent", ["type": kind, "key": key, "code": key])
        }
    }

    /// Presses the mouse at a place, drags it to another, and lets go.
    public func drag(from start: (x: Double, y: Double), to end: (x: Double, y: Double)) throws {
        for (kind, place) in [
            ("mousePressed", start), ("mouseMoved", end), ("mouseReleased", end),
        ] {
            _ = try call(
                "Input.dispatchMouseEvent",
                ["type": kind, "x": place.x, "y": place.y, "button": "left", "buttons": 1, "clickCount": 1])
        }
    }

    private func call(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
        next += 1
        var message: [String: Any] = ["id": next, "method": method, "params": parameters]
        if let session { message["sessionId"] = session }
        // Asked first: a write to a browser that is gone would end the test runner (SIGPIPE).
        var end = pollfd(fd: output.fileDescriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&end, 1, 60_000) > 0, end.revents & Int16(POLLERR) == 0 else {
            throw Failure(message: "the browser has ended, or never began")
        }
        try output.write(contentsOf: try JSONSerialization.data(withJSONObject: message) + [0])
        while true {
            let answer = try receive()
            if answer["id"] as? Int == next {
                if let error = answer["error"] { throw Failure(message: "\(method): \(error)") }
                return answer["result"] as? [String: Any] ?? [:]
            }
            note(answer)
        }
    }

    private func note(_ event: [String: Any]) {
        let parameters = event["params"] as? [String: Any] ?? [:]
        switch event["method"] as? String {
        case "Runtime.exceptionThrown": complaints.append("\(parameters)")
        case "Runtime.consoleAPICalled" where ["error", "warning"].contains(parameters["type"] as? String):
            complaints.append("\(parameters)")
        case "Log.entryAdded":
            let entry = parameters["entry"] as? [String: Any] ?? [:]
            if entry["level"] as? String == "error" { complaints.append("\(entry)") }
        default: break
        }
    }

    private func receive() throws -> [String: Any] {
        while true {
            if let end = received.firstIndex(of: 0) {
                let message = received[received.startIndex..<end]
                received = Data(received[received.index(after: end)...])
                return try JSONSerialization.jsonObject(with: message) as? [String: Any] ?? [:]
            }
            var wait = pollfd(fd: input.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 60_000) > 0 else { throw Failure(message: "the browser does not answer") }
            let data = input.availableData
            guard !data.isEmpty else { throw Failure(message: "the browser has ended") }
            received += data
        }
    }
}
