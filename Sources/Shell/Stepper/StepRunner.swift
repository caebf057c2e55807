internal import LuaHost
internal import Primitives

/// Runs a script step by step with a person at the terminal.
public struct StepRunner {
    /// Whom to go with when a child process begins.
    public enum Follow: String, CaseIterable, Sendable { case child, parent, both }

    private let follow: Follow

    /// A runner; `follow` says whom to go with when a child process begins.
    public init(follow: Follow) { self.follow = follow }

    /// Runs `source`, as ``ScriptRunner/run(_:name:arguments:)`` does.
    public func run(_ source: [UInt8], name: String, arguments: [[UInt8]]) -> ScriptRunner.Ending {
        var runner = ScriptRunner()
        do {
            let stepper = try Stepper(runner.state, runner.holdings)
            stepper.follow = follow
            runner.load = stepper.load
            return runner.run(source, name: name, arguments: arguments[...])
        } catch {
            return ScriptRunner.Ending(status: 1, report: "tupper: \(error)")
        }
    }
}
