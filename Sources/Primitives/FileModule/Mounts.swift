internal import LuaHost

/// The primitives of `fs` that change the mount table.
func mountPrimitives(_ holdings: Holdings) -> [Primitive] { [] }
