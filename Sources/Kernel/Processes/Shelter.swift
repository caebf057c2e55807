internal import CKernel

/// What keeps this process out of the reach of programs that something else starts from it, as popen(3) does: those of
/// an image, once the root is one. What this library starts itself is kept from it anyway.
public enum Shelter {
    /// Before such a program is started. False where that cannot be.
    public static func take() -> Bool {
        if !RootChange.hasHappened { return true }
        OwnProgram.move()
        // CLOSE_RANGE_CLOEXEC
        return ck_close_range(3, .max, 4) == 0 && ck_withhold_files() == 0
    }

    /// Once it runs.
    public static func leave() { ck_return_files() }
}
