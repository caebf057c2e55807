/// What can be said at the stepper's prompt.
enum StepCommand: String, CaseIterable {
    case step, next, finish, `continue`, until
    case `break`, delete
    case print, locals, `where`, up, down, list, repl
    case follow, help, quit

    /// Its form of one letter.
    var letter: Character {
        switch self {
        case .until: "t"
        case .delete: "x"
        case .locals: "v"
        case .repl: "r"
        case .follow: "g"
        default: rawValue.first ?? "?"
        }
    }

    /// What follows it.
    var argument: String {
        switch self {
        case .step, .next: "[COUNT]"
        case .until: "LINE"
        case .break: "[PLACE [if EXPR]]"
        case .delete: "[NUMBER]"
        case .print: "EXPR"
        case .list: "[LINE]"
        case .follow: "[child|parent|both]"
        default: ""
        }
    }

    /// What it does.
    var summary: String {
        switch self {
        case .step: "Goes on to the next line, also inside a function."
        case .next: "Goes on to the next line of this function."
        case .finish: "Goes on until this function returns."
        case .continue: "Goes on to the next breakpoint."
        case .until: "Goes on to a line, or until this function returns."
        case .break: "Stops on LINE or FILE:LINE or in FUNCTION; alone, lists the breakpoints."
        case .delete: "Takes away a breakpoint, or all."
        case .print: "Shows what an expression is here, or runs a statement."
        case .locals: "Shows the variables in sight."
        case .where: "Shows which functions are active."
        case .up: "Looks at the function that called this one."
        case .down: "Looks at the function that this one called."
        case .list: "Shows more of the source."
        case .repl: "A prompt for Lua in this function; exit or Ctrl-D leaves it."
        case .follow: "Whom to go with when a child process begins."
        case .help: "Shows this."
        case .quit: "Ends the script here, and releases what it made."
        }
    }

    /// The command that a word means: its name, its letter, or a beginning that only it has; nil for none.
    init?(_ word: String) {
        if let named = Self(rawValue: word) ?? Self.allCases.first(where: { String($0.letter) == word }) {
            self = named
            return
        }
        let fitting = Self.allCases.filter { $0.rawValue.hasPrefix(word) }
        guard fitting.count == 1, let only = fitting.first else { return nil }
        self = only
    }

    /// All of them, a line each.
    static var overview: String {
        allCases.map { command in
            let words = "\(command.rawValue) \(command.argument)"
            let pad = String(repeating: " ", count: max(1, 34 - words.count))
            return "\(command.letter)  \(words)\(pad)\(command.summary)"
        }.joined(separator: "\n") + "\nAn empty line repeats the last command."
    }
}
