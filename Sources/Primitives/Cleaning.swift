internal import Kernel
public import LuaHost

/// Takes away what runs left on the host that were killed.
public enum Cleaning {
    /// What became of one thing.
    public struct Item: Sendable, Equatable {
        /// As in `"link tupper0"`.
        public let thing: String
        /// The pid that the run had.
        public let run: String
        /// `"removed"`, `"gone"`, `"left"` or `"failed"`; `"would remove"` where nothing was to be done.
        public let outcome: String
        /// Why it was left or not removed; nil otherwise.
        public let reason: String?
        /// Whether the run handed it over.
        public let isKept: Bool

        /// The same as a value with names.
        public var value: Value {
            .record([
                "thing": .text(thing), "run": Int64(run).map(Value.integer) ?? .absent,
                "outcome": .text(outcome), "reason": reason.map(Value.text) ?? .absent,
                "kept": isKept ? .boolean(true) : .absent,
            ])
        }
    }

    /// Why nothing could be done at all.
    public struct Refusal: Error, CustomStringConvertible {
        /// In a line.
        public let description: String
    }

    /// Does so, or with `isDry` only tells what would be done; `kept` is for what runs handed over, too. What is gone
    /// already is not told.
    public static func run(isDry: Bool, kept: Bool) throws -> [Item] {
        do {
            let handedOver = kept ? try Leftovers.takeKept(isDry: isDry) : []
            return try (handedOver + Leftovers.clean(isDry: isDry)).compactMap { item(of: $0, isDry) }
        } catch {
            let place = error.subjects.first?.text ?? "the run directory"
            throw Refusal(description: "\(place): \(error.detail ?? error.meaning) (\(error.code))")
        }
    }

    private static func item(of item: Leftovers.Item, _ isDry: Bool) -> Item? {
        func made(_ outcome: String, _ reason: String? = nil) -> Item {
            Item(thing: item.thing.text, run: item.run, outcome: outcome, reason: reason, isKept: item.isKept)
        }
        switch item.outcome {
        case .removed: return made(isDry ? "would remove" : "removed")
        case .gone: return nil
        case .left(let reason): return made("left", reason)
        case .failed(let reason): return made("failed", reason)
        }
    }
}
