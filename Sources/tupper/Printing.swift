import SystemPackage

/// Prints a line on standard error.
func printError(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll((text + "\n").utf8)
}

/// Prints on standard output, and ends with a line's end. Whoever reads may go away before the end.
func printOutput(_ text: String) {
    _ = try? FileDescriptor.standardOutput.writeAll((text.hasSuffix("\n") ? text : text + "\n").utf8)
}
