internal import Glibc

/// Where runs keep their journals: /run/tupper for root, else `tupper` below the user's own run directory.
enum RunDirectory {
    nonisolated(unsafe) private static var opened: PrivateDirectory?

    /// Opened once; a copy of this process has it too, whatever root it is in by then.
    static func open(making: Bool) throws(SystemCallError) -> PrivateDirectory {
        if let opened = unsafe opened { return opened }
        guard !RootChange.hasHappened else {
            throw SystemCallError("open", EXDEV, [.init("path", "/run")], detail: "the root has changed")
        }
        // Root inside a user namespace has a run directory of its own too.
        if Credentials.user == 0, let common = try? PrivateDirectory("/run/tupper", making: making) {
            unsafe opened = common
            return common
        }
        let directory = try PrivateDirectory(own, making: making)
        unsafe opened = directory
        return directory
    }

    private static var own: Path {
        let set = EnvironmentVariables.all().first { $0.name == Array("XDG_RUNTIME_DIR".utf8) }
        if let set, set.value.first == UInt8(ascii: "/"), set.value.count < 3000 {
            return Path(bytes: set.value).appending("tupper")
        }
        return Credentials.user == 0
            ? "/run/tupper" : Path("/run/user/\(Credentials.user)/tupper")
    }
}
