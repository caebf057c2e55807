internal import LuaHost

extension State {
    /// A raised value as people read it: a text, an error object in its words, any other table with its fields.
    func words(of failure: LuaFailure) -> String {
        let look = """
            local value = ...
            local meta = debug.getmetatable(value)
            local has_words = type(value) == "string" or type(value) == "number" or type(meta) == "table" and rawget(meta, "__tostring")
            -- One that came from another process as fields alone.
            if meta == debug.getregistry()["tupper.error"] and rawget(value, "message") == nil then
                local fields = {}
                for name, field in next, value do fields[name] = name ~= "traceback" and field or nil end
                has_words, value = false, fields
            end
            if has_words or type(value) == "userdata" then return nil end
            return "an error without words: " .. require "inspect".text(value)
            """
        var text = text(of: failure)
        if let function = try? load(Array(look.utf8), name: "=error"),
            let results = try? function([failure.raised]), case .bytes(let bytes)? = results.first
        {
            text = String(decoding: bytes, as: UTF8.self)
        }
        return printableLines(text)
    }
}

/// A text with control characters replaced, so that no terminal acts on them; a tab stays one.
func printable(_ text: some StringProtocol) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        let isControl = scalar.value < 32 && scalar != "\t" || (127..<160).contains(scalar.value)
        shown.append(isControl ? "\u{fffd}" : scalar)
    }
    return String(shown)
}

/// The same of a text whose lines are to stay.
func printableLines(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { (32..<127).contains($0) || $0 == 10 || $0 == 9 }
    return isPlain
        ? text
        : text.split(separator: "\n", omittingEmptySubsequences: false).map(printable).joined(separator: "\n")
}
