import Foundation
import LuaHost
import Testing

@testable import Shell

/// What the renderers make of a module that has one of everything. TUPPER_RECORD_SNAPSHOTS=1 writes the files anew; what
/// changed is then seen in the difference.
@Suite("Snapshots")
struct SnapshotTests {
    private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Snapshots")

    private func compare(_ text: String, with name: String) throws {
        let file = Self.directory.appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["TUPPER_RECORD_SNAPSHOTS"] == "1" {
            try FileManager.default.createDirectory(at: Self.directory, withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(
            try String(contentsOf: file, encoding: .utf8) == text, "TUPPER_RECORD_SNAPSHOTS=1 records it anew"
        )
    }

    private var catalogue: Catalogue {
        Catalogue(
            modules: [Sample.module],
            libraries: [
                LuaLibrary(
                    "sums",
                    source: Array(
                        """
                        --- Adds things up. As many as there are.
                        ---
                        ---     local sums = require "sums"
                        ---     print(sums.of { 1, 2 })
                        local sums = {}

                        --- How to add.
                        ---@class sums.Options
                        ---@field from? integer Where to begin. [0]
                        ---@field weights table<string, number> What each counts.
                        local defaults = { from = 0 }

                        --- What is added up.
                        ---@class sums.Sum
                        local Sum = {}

                        --- One more.
                        function Sum:add(number) end

                        local function hidden() end

                        --- The sum of a list. Nothing is 0.
                        ---@param list number[] What to add.
                        ---@param options? sums.Options
                        ---@return number sum
                        function sums.of(list, options) return 0 end

                        return sums

                        """.utf8))
            ])
    }

    @Test(
        "help",
        arguments: ["box", "box.make", "crate", "crate:open", "sums", "sums.of", "Sum:add", "put", "make"])
    func help(name: String) throws {
        let help = Help(catalogue: catalogue, layout: Layout())
        let file = "help-\(name.map { $0 == ":" ? "-" : $0 }.map(String.init).joined()).txt"
        try compare(try #require(help.text(name)), with: file)
    }

    @Test("help in colour, with nothing to be seen but the colours")
    func coloured() throws {
        let plain = try #require(Help(catalogue: catalogue, layout: Layout()).text("box.make"))
        let coloured = try #require(
            Help(catalogue: catalogue, layout: Layout(isColoured: true)).text("box.make"))
        #expect(coloured != plain && coloured.replacing(/\u{1B}\[[0-9]+m/, with: "") == plain)
    }

    @Test("an overview")
    func overview() throws {
        try compare(Help(catalogue: catalogue, layout: Layout()).overview(), with: "help.txt")
    }

    @Test("stubs")
    func stubs() throws {
        for file in LuaStubs(catalogue: catalogue).files() where file.name != "help.lua" {
            try compare(file.text, with: "stub-\(file.name).txt")
        }
    }

    @Test("the manual, and the manual page")
    func manual() throws {
        let commands = [
            CommandLineCommand(
                name: "run", summary: "Run it.", usage: "tupper run [--fast] <file>", discussion: "At once.",
                help: """
                    OVERVIEW: Run it.

                    ARGUMENTS:
                      <file>                  What to run.

                    OPTIONS:
                      --fast-and-without-a-rest
                                              Hurry.
                      --version               Show the version.
                    """)
        ]
        try compare(Manual(catalogue: catalogue, commands: commands).markdown(), with: "manual.md")
        try compare(ManualPage(catalogue: catalogue, commands: commands).roff(), with: "manual.1")
    }
}

/// A module with one of everything that a declaration can have.
private enum Sample {
    enum Colour: String, ArgumentType, CaseIterable, CustomStringConvertible {
        case red, green
        static var typeName: String { "colour" }
        var description: String { rawValue }
    }

    struct Weight: ArgumentType {
        static var typeName: String { "weight" }
        static var annotation: String { "number|string" }
        static var form: String? { "grams: a number, or text as in \"2kg\"" }
        static func read(_ slot: Slot) throws -> Weight { Weight() }
    }

    struct Manner: ArgumentType {
        static var typeName: String { "manner" }
        static var annotation: String { "string[]" }
        static var fields: [AnyParameter] {
            [Parameter<Weight?>("most", "The most it bears.", shown: "no limit").any]
        }
        static func read(_ slot: Slot) throws -> Manner { Manner() }
    }

    static var module: Module {
        Module(
            "box", "Boxes, and what is in them.",
            [
                Declaration(
                    "make",
                    Primitive(
                        "box.make", "Makes a box that does not exist anywhere but in this test.",
                        positional: [
                            Parameter<String>("name", "Its name.").any,
                            Parameter<Manner?>("manner", "How it is made.", shown: "as ever").any,
                        ],
                        options: [
                            Parameter<Colour>("colour", "Its colour.", default: .red).any,
                            Parameter<Weight?>("weight", "What it weighs.", shown: "nothing").any,
                        ], returns: "a crate, and its number", gives: ["tupper.crate", "integer"],
                        leaves: "The box.", shell: "mkbox {colour?-c:} [-w {weight}] {name}",
                        see: ["box(1)", "box.put"],
                        fails: ["EEXIST": "a box of that name is there", "ENOSPC": "the room is full"],
                        example: "local crate = box.make \"blue\"\ncrate:open()"
                    ) { _ in [] }),
                Declaration(
                    "put",
                    Primitive(
                        "box.put", "Puts things into a box.",
                        options: [Parameter<Bool>("fast", "Hurries.", default: false).any],
                        list: Parameter<[String]>("things", "What to put.").any, shell: "put {things}"
                    ) { _ in [] }),
            ], constants: [("colours", .list([.text("red"), .text("green")]))],
            kinds: [
                Kind(
                    "crate", "A box that was made; burnt when released.",
                    fields: [("name", "string", "Its name.")],
                    [
                        Declaration(
                            "open", Primitive("crate:open", "Opens it.", shell: "open {self}") { _ in [] }),
                        Declaration("release", Primitive("crate:release", "Burns it now.") { _ in [] }),
                    ])
            ])
    }
}
