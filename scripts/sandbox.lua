#!/usr/bin/env -S tupper script
-- Builds somebody else's program where it can do no harm: no network, 256 MiB, a minute, nothing of this machine but the
-- sources, which it cannot change, and a place for what it makes.
--
--   tupper script scripts/sandbox.lua ROOT SOURCES OUTPUT COMMAND...
--
-- ROOT is a directory with a system in it (mmdebstrap makes one), SOURCES shows as /src, OUTPUT as /out.
local sandbox = require "sandbox"

local root, sources, output = arg[1], arg[2], arg[3]
if not arg[4] then
    io.stderr:write("usage: sandbox.lua ROOT SOURCES OUTPUT COMMAND...\n")
    os.exit(64)
end

local box <close> = sandbox {
    root = root,
    readonly = true,
    command = table.move(arg, 4, #arg, 1, {}),
    cwd = "/src",
    mounts = {
        { source = sources, target = "/src", readonly = true },
        { source = output, target = "/out" },
        { tmpfs = "128M", target = "/tmp" },
    },
    memory = "256M", swap = 0, cpu = 2, pids = 256,
    env = { HOME = "/tmp", DESTDIR = "/out" },
}

local ended, result = pcall(box.wait, box, { timeout = "1m" })
if not ended then
    if result.code ~= "ETIMEDOUT" then error(result) end
    io.stderr:write("the build took longer than a minute\n")
    os.exit(124)
end
if result.out_of_memory then io.stderr:write("the build needed more than 256 MiB\n") end
os.exit(result.code or 137)
