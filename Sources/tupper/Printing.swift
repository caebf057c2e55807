import Glibc
import SystemPackage

/// Prints a line on standard error.
func printError(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll((text + "\n").utf8)
}

/// Prints on standard output, and ends with a line's end; ends the program where that is not possible. Whoever reads may
/// go away before the end.
func printOutput(_ text: String) {
    do {
        try FileDescriptor.standardOutput.writeAll((text.hasSuffix("\n") ? text : text + "\n").utf8)
    } catch let error as Errno where error != .brokenPipe {
        printError("tupper: standard output: \(error.description.lowercased())")
        exit(1)
    } catch {}
}
