internal import Glibc
internal import SystemPackage

/// Where runs keep their journals: /run/tupper for root, else `tupper` below the user's own run directory.
enum RunDirectory {
    nonisolated(unsafe) private static var opened: PrivateDirectory?

    /// Opened once; a copy of this process has it too, whatever root it is in by then.
    static func open(making: Bool) throws(SystemCallError) -> PrivateDirectory {
        if let opened = unsafe opened { return opened }
        guard !RootChange.hasHappened else {
            throw SystemCallError("open", EXDEV, [.init("path", "/run")], detail: "the root has changed")
        }
        var refusal = SystemCallError(
            "open", ENOENT, [.init("path", "/run/user/\(Credentials.user)")],
            detail: "XDG_RUNTIME_DIR is not set")
        for place in places {
            do {
                let directory = try PrivateDirectory(place, making: making)
                unsafe opened = directory
                return directory
            } catch { refusal = error }
        }
        throw refusal
    }

    private static var places: [FilePath] {
        var places: [FilePath] = Credentials.user == 0 ? ["/run/tupper"] : []
        let own = EnvironmentVariables.all().first { $0.name == Array("XDG_RUNTIME_DIR".utf8) }
        if let own, own.value.first == UInt8(ascii: "/"), own.value.count < 3000 {
            places.append(FilePath(bytes: own.value).appending("tupper"))
        } else if Credentials.user != 0 {
            places.append(FilePath("/run/user/\(Credentials.user)/tupper"))
        }
        return places
    }
}
