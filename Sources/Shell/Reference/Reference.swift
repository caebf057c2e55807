internal import LuaHost

/// What the command line shows of the primitives' documentation.
public enum Reference {
    /// Help on a name, or on what there is; nil where nothing goes by the name.
    public static func help(_ name: String?) -> String? {
        let help = Help(catalogue: Catalogue(), layout: .forOutput)
        return name.map(help.text) ?? help.overview()
    }

    /// What is said where there is no help on a name.
    public static func unknown(_ name: String) -> String {
        let error = Help(catalogue: Catalogue(), layout: .forOutput).unknown(name)
        return error.message + (error.hint.map { "\n  hint: \($0)" } ?? "")
    }

    /// Every name there is help on, for completion.
    public static var names: [String] { Catalogue().names }
}
