internal import LuaHost
internal import Primitives

/// One stop: shows where it is and does what the person says until the script is to go on.
final class StepPrompt {
    private let stepper: Stepper
    private let pause: Pause
    private let file: SteppedFile
    private let frames: [Frame]
    /// Which of the frames is looked at.
    private var selected = 0
    private var listed = 0
    /// Whether Ctrl-C led here, and nothing was said since: once more, and the script ends.
    private var isInterrupted: Bool

    private var console: StepConsole { stepper.console }
    private var ink: Ink { stepper.console.ink }

    init(_ stepper: Stepper, _ pause: Pause, _ file: SteppedFile, isInterrupted: Bool) {
        (self.stepper, self.pause, self.file) = (stepper, pause, file)
        self.isInterrupted = isInterrupted
        frames = pause.frames()
        stepper.evaluator.frame = frames.first
    }

    func run() {
        if isInterrupted { console.say(ink.warm("interrupted; Ctrl-C once more ends the script")) }
        showPlace()
        var goesOn = false
        while !goesOn {
            switch console.read("step> ", suffix: " ", complete: completions) {
            case .line(let line):
                isInterrupted = false
                let text = line.trimmed
                if !text.isEmpty { stepper.lastLine = text }
                goesOn = perform(text.isEmpty ? stepper.lastLine : text)
            case .interrupted:
                guard forgetInterrupt() else { return leave() }
                if isInterrupted { quit(128 + 2) }
            case .end: quit(console.isGone ? 128 + 1 : 0)
            }
        }
        leave()
    }

    private func leave() { stepper.evaluator.frame = nil }

    private func quit(_ status: Int32 = 0) -> Never { stepper.holdings.leave(status, stepper.state) }

    /// What the last word of a line could become: a command, then what that takes.
    private func completions(_ line: String) -> [String] {
        let words = line.split(omittingEmptySubsequences: false) { $0.isWhitespace }.map(String.init)
        guard words.count > 1, let command = StepCommand(words[0]) else {
            return StepCommand.allCases.map(\.rawValue).filter { $0.hasPrefix(words.last ?? "") }
        }
        let last = words.last ?? ""
        switch command {
        case .print: return luaWords(line)
        case .break:
            if words.count > 2 {
                return words.count == 3 ? ["if"].filter { $0.hasPrefix(last) } : luaWords(line)
            }
            return Set(stepper.files.values.flatMap { $0.marked.functions.map(\.name) })
                .filter { $0.hasPrefix(last) }.sorted()
        case .delete: return stepper.breakpoints.map { "\($0.number)" }.filter { $0.hasPrefix(last) }
        case .follow: return StepRunner.Follow.allCases.map(\.rawValue).filter { $0.hasPrefix(last) }
        default: return []
        }
    }

    /// What a name at the end of Lua text could become; with what stands before it since the last space.
    private func luaWords(_ text: String) -> [String] {
        let word =
            text.split(omittingEmptySubsequences: false) { $0.isWhitespace }.last.map(String.init) ?? ""
        let name = String(
            word.reversed().prefix { $0.isLetter || $0.isNumber || "_.:".contains($0) }.reversed())
        let before = String(word.dropLast(name.count))
        return stepper.muted { stepper.evaluator.completions(of: name) }.map { before + $0 }
    }

    /// Does what a line says; true where the script goes on.
    private func perform(_ line: String) -> Bool {
        let word = line.prefix { !$0.isWhitespace }
        let rest = String(line.dropFirst(word.count)).trimmed
        guard !line.isEmpty else { return false }
        guard let command = StepCommand(String(word)) else {
            console.say("no command '\(printable(word.prefix(40)))'; help lists them")
            return false
        }
        switch command {
        case .step, .next, .finish, .continue, .until: return go(command, rest)
        case .break: setBreakpoint(rest)
        case .delete: delete(rest)
        case .print: evaluate(rest)
        case .locals: console.say(stepper.muted { stepper.evaluator.variables() })
        case .where: showFrames()
        case .up: select(selected + 1)
        case .down: select(selected - 1)
        case .list: list(rest)
        case .repl: converse()
        case .follow: follow(rest)
        case .help: console.say(StepCommand.overview)
        case .quit: quit()
        }
        return false
    }

    // MARK: Going on

    private func go(_ command: StepCommand, _ rest: String) -> Bool {
        switch command {
        case .step: stepper.mode = .every
        case .next: stepper.mode = .shallow(pause.thread, depth: pause.depth)
        case .finish: stepper.mode = .shallow(pause.thread, depth: pause.depth - selected - 1)
        case .until:
            guard let line = Int(rest), let goal = currentFile.marked.line(from: line) else {
                console.say("until wants a line of \(currentFile.name) with a statement on it or after it")
                return false
            }
            stepper.goal = (currentFile, goal)
            stepper.mode = .shallow(pause.thread, depth: pause.depth - selected - 1)
            stepper.refresh(currentFile, goal)
        default: stepper.mode = .breakpoints
        }
        if command == .step || command == .next {
            guard rest.isEmpty || (Int(rest) ?? 0) > 0 else {
                console.say("\(command.rawValue) wants a count, got '\(printable(rest.prefix(40)))'")
                return false
            }
            stepper.passes = max(0, (Int(rest) ?? 1) - 1)
        }
        return true
    }

    /// The file of the frame that is looked at.
    private var currentFile: SteppedFile {
        guard frames.indices.contains(selected) else { return file }
        return stepper.files.values.first { "@\($0.name)" == frames[selected].source } ?? file
    }

    // MARK: Breakpoints

    private func setBreakpoint(_ rest: String) {
        guard !rest.isEmpty else {
            let all = stepper.breakpoints.map(\.text).joined(separator: "\n")
            return console.say(all.isEmpty ? "no breakpoints" : all)
        }
        let place = String(rest.prefix { !$0.isWhitespace })
        let tail = String(rest.dropFirst(place.count)).trimmed
        guard tail.isEmpty || tail.hasPrefix("if "), tail != "if" else {
            return console.say("break wants [FILE:]LINE or FUNCTION, then 'if' and an expression")
        }
        let condition = tail.isEmpty ? nil : String(tail.dropFirst(3)).trimmed
        if let condition, let problem = stepper.muted({ stepper.evaluator.problem(with: condition) }) {
            return console.say(ink.bad(problem))
        }
        guard let place = find(place) else { return }
        let breakpoint = Breakpoint(
            number: stepper.nextBreakpoint, file: place.file, line: place.line, isPending: place.isPending,
            condition: condition)
        stepper.nextBreakpoint += 1
        stepper.breakpoints.append(breakpoint)
        stepper.refresh(breakpoint)
        console.say("breakpoint " + breakpoint.text)
    }

    /// The statement that a person means by LINE, FILE:LINE or FUNCTION; nil where there is none, which is said.
    private func find(_ text: String) -> (file: String, line: Int, isPending: Bool)? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let number = parts.last.flatMap({ Int($0) }) else { return find(function: text) }
        let name = parts.dropLast().joined(separator: ":")
        let named = name.isEmpty ? currentFile : stepper.files.values.first { $0.answers(to: name) }
        guard let file = named else {
            if number > 0 { return (name, number, true) }
            console.say("a line is a number from 1 on")
            return nil
        }
        guard number > 0, let line = file.marked.line(from: number) else {
            console.say(file.refusal(of: number))
            return nil
        }
        return (file.name, line, false)
    }

    private func find(function name: String) -> (file: String, line: Int, isPending: Bool)? {
        for file in [currentFile] + stepper.files.values.filter({ $0 !== currentFile }) {
            if let line = file.marked.line(ofFunction: name) { return (file.name, line, false) }
        }
        console.say("no function '\(printable(name.prefix(40)))'")
        return nil
    }

    private func delete(_ rest: String) {
        let gone = stepper.breakpoints.filter { rest.isEmpty || "\($0.number)" == rest }
        guard !gone.isEmpty else {
            return console.say(
                rest.isEmpty ? "no breakpoints" : "no breakpoint \(printable(rest.prefix(40)))")
        }
        stepper.breakpoints.removeAll { one in gone.contains { $0.number == one.number } }
        for breakpoint in gone { stepper.refresh(breakpoint) }
        console.say("deleted " + gone.map { "\($0.number)" }.joined(separator: ", "))
    }

    private func follow(_ rest: String) {
        if let choice = StepRunner.Follow.allCases.first(where: {
            !rest.isEmpty && $0.rawValue.hasPrefix(rest)
        }) {
            stepper.follow = choice
        } else if !rest.isEmpty {
            return console.say("follow child, parent or both")
        }
        console.say("when a child begins: follow \(stepper.follow.rawValue)")
    }

    // MARK: Looking

    private func evaluate(_ text: String) {
        guard !text.isEmpty else { return console.say("print wants an expression") }
        let outcome = stepper.muted { stepper.evaluator.run(text) }
        forgetInterrupt()
        console.say(outcome.isDone ? outcome.text : ink.bad(outcome.text))
        stepper.reportByHand()
    }

    /// Ctrl-C stops what the person runs or types, not the script; false where another signal asks to stop.
    @discardableResult
    private func forgetInterrupt() -> Bool {
        guard let signal = stepper.state.stopSignal else { return true }
        if signal == 2 { stepper.state.forgetStop() }
        return signal == 2
    }

    private func converse() {
        var text = ""
        while true {
            let place = frames.indices.contains(selected) ? "\(frames[selected].line)" : "?"
            switch console.read(
                text.isEmpty ? "lua \(place)> " : "lua \(place)>> ", complete: luaWords)
            {
            case .end: return
            case .interrupted:
                guard forgetInterrupt() else { return }
                text = ""
            case .line(let line):
                if text.isEmpty, line.trimmed == "exit" { return }
                text += (text.isEmpty ? "" : "\n") + line
                if text.trimmed.isEmpty { continue }
                let outcome = stepper.muted { stepper.evaluator.run(text) }
                forgetInterrupt()
                if !outcome.isDone, outcome.flag { continue }
                console.say(outcome.isDone ? outcome.text : ink.bad(outcome.text))
                stepper.reportByHand()
                text = ""
            }
        }
    }

    private func select(_ frame: Int) {
        guard frames.indices.contains(frame) else {
            return console.say(
                frame < 0 ? "this is the innermost function" : "this is the outermost function")
        }
        selected = frame
        stepper.evaluator.frame = frames[frame]
        console.say("#\(frame) " + describe(frames[frame]))
        listed = 0
        if frames[frame].line > 0 { showLines(frames[frame].line, around: 2) }
    }

    private func showFrames() {
        for (index, frame) in frames.enumerated() {
            console.say((index == selected ? "→" : " ") + " #\(index) " + describe(frame))
        }
    }

    private func describe(_ frame: Frame) -> String {
        // The marked text ends on a line of its own, which only the main chunk reaches.
        let own = stepper.files.values.first { "@\($0.name)" == frame.source }
        let isMain = frame.what == "main" || own.map { frame.lastLine > $0.lineCount } ?? false
        let name =
            isMain ? "in the main chunk" : frame.name.map { "in \(printable($0))" } ?? "in a function"
        return frame.line > 0
            ? "\(printable(frame.source.dropFirst())):\(frame.line) \(name)" : "\(name), not Lua"
    }

    private func showPlace() {
        let name = frames.first.map(describe) ?? "\(file.name):\(pause.line)"
        console.say(ink.bold(name))
        showLines(pause.line, around: 2)
    }

    private func list(_ rest: String) {
        let line =
            Int(rest)
            ?? (listed > 0
                ? listed + 6 : (frames.indices.contains(selected) ? frames[selected].line : pause.line))
        showLines(max(1, line), around: 5)
    }

    private func showLines(_ line: Int, around: Int) {
        let file = currentFile
        let first = max(1, min(line - around, file.lineCount))
        let last = min(file.lineCount, line + around)
        guard first <= last else { return console.say("the end of \(file.name)") }
        listed = last
        let width = max(3, "\(file.lineCount)".count)
        for number in first...last {
            let isHere = frames.indices.contains(selected) && frames[selected].line == number
            let hasBreakpoint = stepper.breakpoints.contains { $0.file == file.name && $0.line == number }
            let label = String(repeating: " ", count: width - "\(number)".count) + "\(number)"
            let mark = (hasBreakpoint ? ink.bad("●") : " ") + (isHere ? ink.good("→") : " ")
            let whole = file.text(number)
            let text = console.columns.map { String(whole.prefix(max(8, $0 - width - 5))) } ?? whole
            console.say(mark + " " + ink.faint(label) + "  " + (isHere ? ink.bold(text) : text))
        }
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
