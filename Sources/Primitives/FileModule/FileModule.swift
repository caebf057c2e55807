internal import LuaHost

/// `fs`: mounts, and the files and subvolumes below them.
func fileModule(_ holdings: Holdings) -> Module {
    Module(
        "fs", "Mounts, and the files and subvolumes below them.",
        mountPrimitives(holdings) + coverPrimitives(holdings) + imagePrimitives(holdings) + rootPrimitives()
            + filePrimitives() + subvolumePrimitives(holdings) + archivePrimitives(),
        kinds: [MountHandle.kind, TreeHandle.kind, LoopHandle.kind])
}
