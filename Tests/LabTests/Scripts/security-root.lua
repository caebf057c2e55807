-- A hostile root: links wherever something is mounted, and a way out that is not there.
ns.unshare { "mount", "net", "pid" }
fs.mount { type = "proc", target = "/proc" }
fs.tmpfs "/mnt"
fs.write("/mnt/file", "host")
fs.mkdir "/mnt/host/dir"
fs.mkdir "/mnt/host2"
local root = "/mnt/image"

local function mounted() return #fs.mounts() end
local before = mounted()

-- Each target that containers mount over is a link: absolute or not, in last or middle place, dangling or looped. What is
-- mounted there stands inside the root, or it is refused; the host's own directories are never covered.
local targets = { "/dev", "/proc", "/sys", "/etc", "/run", "/etc/resolv.conf", "/dev/null", "/dev/pts",
    "/tmp/deep/er" }
local aims = { absolute = "/mnt/host/dir", relative = "../../../../../mnt/host/dir", dangling = "/mnt/nowhere/at/all",
    etc = "/etc",
    self = "/proc/self/root/mnt/host/dir", up = "../../..", root = "/" }
local ways = {
    function(target) return fs.tmpfs(target, { root = root }) end,
    function(target) return fs.tmpfs(target, { root = root, mkdir = true }) end,
    function(target) return fs.bind("/mnt/host", target, { root = root, mkdir = true }) end,
    function(target) return fs.bind("/mnt/file", target, { root = root, mkdir = true }) end,
    function(target) return fs.mount { type = "proc", target = target, root = root, mkdir = true } end,
    function(target)
        return fs.overlay { lower = { "/mnt/host", "/mnt/host2" }, target = target, root = root, mkdir = true }
    end,
}
local function attempt(target, way)
    local made, handle = pcall(way, target)
    if made then
        assert(handle.target == root or handle.target:sub(1, #root + 1) == root .. "/", target .. " led to " .. handle.target)
        handle:release()
    else
        assert(handle.code and (handle.path or handle.subject), tostring(handle))
    end
    assert(mounted() == before, "a mount is left")
    assert(#fs.list "/mnt/host/dir" == 0 and fs.read "/mnt/file" == "host" and not fs.exists "/mnt/nowhere")
    return made
end
local made, refused = 0, 0
for _, target in ipairs(targets) do
    for name, aim in pairs(aims) do
        for _, place in ipairs { "last", "middle", name == "absolute" and "loop" } do
            fs.mkdir(root)
            local link = place == "middle" and target:match "^/[^/]+" or target
            fs.mkdir(root .. (link:match "^(.*)/" or ""))
            fs.symlink(place == "loop" and target:match "[^/]+$" or aim, root .. link)
            for _, way in ipairs(ways) do
                if attempt(target, way) then made = made + 1 else refused = refused + 1 end
            end
            fs.delete(root)
        end
    end
end
assert(made > 100 and refused > 100, made .. " made, " .. refused .. " refused")

-- A sandbox stands where it should or is refused: a link where the kernel's own files belong, of whatever kind, leaves
-- no procfs elsewhere, which the masks would miss.
local sandbox = require "sandbox"
for _, place in ipairs { "/proc", "/sys", "/dev" } do
    for name, aim in pairs { absolute = "/there", relative = "there", up = "../../mnt/host/dir", dangling = "nowhere",
        loop = place:sub(2), root = "/", middle = "there/../there", proc = "/proc", fd = "/proc/self/root/there" } do
        fs.mkdir(root .. "/there")
        fs.mkdir(root .. "/bin")
        fs.copy("/bin/busybox", root .. "/bin/sh")
        fs.symlink(aim, root .. place)
        local ran, problem = pcall(sandbox.run, { root = root, command = { "/bin/sh", "-c", "echo reached > /reached" } })
        assert(not ran and (problem.code == "ELOOP" or problem.code == "ENOENT"), place .. " " .. name .. tostring(problem))
        assert(not fs.exists(root .. "/reached") and #fs.list(root .. "/there") == 0 and #fs.list "/mnt/host/dir" == 0)
        fs.delete(root)
    end
    -- What is no directory either.
    fs.mkdir(root)
    fs.write(root .. place, "")
    local ran, problem = pcall(sandbox.run, { root = root, command = { "/bin/sh" } })
    assert(not ran and problem.code == "ENOTDIR", tostring(problem))
    fs.delete(root)
end
-- A link in the way of a mount that was asked for stays inside, and hides nothing that the masks are for.
fs.mkdir(root .. "/bin")
fs.mkdir "/mnt/out"
fs.copy("/bin/busybox", root .. "/bin/sh")
fs.symlink("../../../../mnt/host/dir", root .. "/out")
local ran, problem = pcall(sandbox.run, { root = root, command = { "/bin/sh", "-c", "echo x > /out/x" },
    mounts = { { source = "/mnt/out", target = "/out" } } })
assert(#fs.list "/mnt/host/dir" == 0 and (not ran or fs.exists "/mnt/out/x"), tostring(problem))
fs.delete(root)
assert(mounted() == before)

-- A root of busybox. Once in it there is no way up, and no trace of the old one.
for _, path in ipairs { "bin", "proc", "old" } do fs.mkdir(root .. "/" .. path) end
fs.copy("/bin/busybox", root .. "/bin/busybox")
for _, applet in ipairs { "sh", "ls", "pwd", "readlink", "cat" } do fs.symlink("busybox", root .. "/bin/" .. applet) end
local function inside(script)
    local box = ns.spawn({ "mount", "pid" }, function()
        sys.chdir "/mnt/host"
        fs.mount { type = "proc", target = "/proc", root = root }
        fs.pivot(root)
        local list = table.concat(fs.list "/", " ")
        assert(list == "bin old proc", list)
        for _, path in ipairs { "/..", "/../..", "/../../../../..", ".", ".." } do
            assert(table.concat(fs.list(path), " ") == list, path)
        end
        for _, mount in ipairs(fs.mounts()) do assert(mount.target == "/" or mount.target == "/proc", mount.target) end
        script()
    end)
    local ending = box:wait()
    assert(ending.code == 0, ending.signal or ending.code)
end
inside(function() assert(sys.cwd() == "/") end)
inside(function()
    assert(proc.capture { "/bin/sh", "-c",
        "pwd; readlink /proc/self/cwd; readlink /proc/self/root; ls ..; ls /proc/$$/fd" } ==
        "/\n/\n/\nbin\nold\nproc\n0\n1\n2\n3\n")
end)
inside(function() proc.exec { "/bin/sh", "-c", [[test "$(pwd)" = / && test "$(ls /proc/$$/cwd/)" = "$(ls /)"]] } end)
-- A link as the place for the old root is refused; after a chroot the working directory is inside.
fs.symlink("/mnt/host", root .. "/link")
local ok, err = pcall(inside, function() end)
assert(not ok and tostring(err):find "bin link old proc")
for _, old in ipairs { "link", "link/dir", "../host", "old/../../host" } do
    ns.spawn({ "mount" }, function()
        local done, refusal = pcall(fs.pivot, root, { old = old })
        assert(not done or not fs.exists "/mnt/host/dir/usr", old)
        assert(done or refusal.path or refusal.subject, tostring(refusal))
    end):wait()
end
fs.remove(root .. "/link")
proc.fork(function()
    sys.chdir "/mnt/host"
    fs.chroot(root)
    assert(sys.cwd() == "/" and fs.list ".."[1] == "bin" and not fs.exists "../../usr")
end):wait()
assert(mounted() == before)

-- A network set up for a container listens nowhere.
net.link "lo":up()
local bridge <close> = net.bridge("br0", { address = "172.30.0.1/16" })
local rule <close> = net.masquerade { source = "172.30.0.0/16" }
local port <close> = net.publish { port = 8080, to = "172.30.42.3:80" }
for _, name in ipairs { "tcp", "tcp6", "udp", "udp6", "raw", "raw6" } do
    local lines = fs.exists("/proc/net/" .. name) and fs.read("/proc/net/" .. name) or ""
    local _, count = lines:gsub("\n *%d+:", "")
    assert(count == 0, lines)
end
port:release()
rule:release()
bridge:release()
os.exit(0)
