-- The demo's own way: the interpreter itself moves into the container, as the shell does with unshare(1).
-- Run it as root: scripts/demo demo-unshare.lua
local name = sys.hostname()

-- A root of the host's static busybox, in memory. It is held here, outside.
ns.unshare { "mount" }
local root = "/mnt"
local place <close> = fs.tmpfs(root)
for _, path in ipairs { "bin", "proc", "tmp" } do fs.mkdir(root .. "/" .. path) end
fs.copy("/bin/busybox", root .. "/bin/busybox")
for _, applet in ipairs { "sh", "ls", "ps", "hostname", "ip", "umount", "env" } do
    fs.symlink("busybox", root .. "/bin/" .. applet)
end

-- With a pid namespace a copy of the interpreter goes on as PID 1; the original waits, and releases at the end.
-- It keeps the namespaces outside alive: the number of one that has gone may be that of a new one.
local outside = ns.list()
ns.unshare { "mount", "uts", "ipc", "net", "pid" }
for kind, id in pairs(ns.list()) do
    local is_new = kind == "mount" or kind == "uts" or kind == "ipc" or kind == "net" or kind == "pid"
    assert((id ~= outside[kind]) == is_new, kind)
end
assert(proc.self() == 1)
sys.hostname "tupperware"
assert(sys.hostname() ~= name)

-- Another root, with a /proc that knows only this namespace; the old root is gone.
fs.mount { type = "proc", target = "/proc", root = root, nosuid = true, nodev = true, noexec = true }
fs.pivot(root)
assert(not fs.exists "/usr" and #proc.list() == 1 and #net.links() == 1)

if sys.interactive() then proc.exec { "/bin/sh", clear_env = true } end
proc.exec { "/bin/sh", "-c", "echo PID $$ on $(hostname); ls /", clear_env = true }
