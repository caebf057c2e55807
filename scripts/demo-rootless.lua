-- The same container without root: run it as yourself, tupper script scripts/demo-rootless.lua
--   --copy          copy the image even where overlays are
-- What a machine lacks it does without, and it says so: ranges of users, overlays, a network by pasta.
-- Every chapter checks its own claim; the first that fails ends the demo.
local wants_copy = arg[1] == "--copy"
if arg[1] and not wants_copy then error("unknown option " .. arg[1]) end

local function chapter(title) print("\n== " .. title) end
local function note(text) print("   " .. text) end
local function claim(text, holds)
    if not holds then error("this does not hold: " .. text, 2) end
    print("   it holds: " .. text)
end
local function count(list, fits)
    local found = 0
    for _, entry in ipairs(list) do if fits(entry) then found = found + 1 end end
    return found
end

chapter "Nobody special"
local uid, name, host = sys.uid(), sys.hostname(), ns.list()
claim("this is an ordinary user, who may not rename the machine", uid ~= 0 and not pcall(sys.hostname, "mine"))
-- Ranges of users of one's own, which /etc/subuid gives, make a whole /etc/passwd of them. Without there is one.
local users = "auto"
local mapped, err = pcall(function() ns.spawn({ users = "auto" }, function() end):wait() end)
if not mapped then
    users = "root"
    note("one user only: " .. (err.hint or tostring(err)))
end

-- A server on this machine's own loopback, to be reached from inside by way of pasta.
local port = 20000 + proc.self() % 10000
local server <close> = proc.spawn { "/bin/busybox", "httpd", "-f", "-p", "127.0.0.1:" .. port, "-h", "/usr/lib" }
local page = fs.read "/usr/lib/os-release"

local dir = "/mnt"
local image, root = dir .. "/image", dir .. "/container"

local function inside(parent)
    -- Root of what is made in here. Outside one stays who one is.
    chapter "Root of one's own, in namespaces of one's own"
    claim("this is root now, with every capability", sys.uid() == 0 and #cap.get().effective == #cap.names)
    local mine, differing = ns.list(), 0
    for _, kind in ipairs { "user", "mount", "uts", "ipc", "net", "pid", "cgroup" } do
        if mine[kind] ~= host[kind] then differing = differing + 1 end
    end
    claim("every namespace differs from the host's", differing == 7)
    claim("what is root's on the host is as closed as before", not pcall(fs.read, "/etc/shadow"))
    sys.hostname "tupperware"

    chapter "An image"
    local place <close> = fs.tmpfs(dir)
    for _, path in ipairs { "bin", "etc", "proc", "sys", "tmp", "dev" } do fs.mkdir(image .. "/" .. path) end
    fs.copy("/bin/busybox", image .. "/bin/busybox")
    for _, applet in ipairs { "sh", "ls", "ps", "cat", "echo", "grep", "wget", "hostname" } do
        fs.symlink("busybox", image .. "/bin/" .. applet)
    end
    claim("bin/sh is there", fs.exists(image .. "/bin/sh"))

    -- An overlay shows the image and takes the changes elsewhere. Where the kernel has none for ordinary users, a copy.
    chapter "A snapshot of it"
    for _, path in ipairs { "upper", "work", "container" } do fs.mkdir(dir .. "/" .. path) end
    local stacked, why = not wants_copy, "as asked"
    if stacked then stacked, why = pcall(fs.overlay, {
        lower = { image }, upper = dir .. "/upper", work = dir .. "/work", target = root, userxattr = true }) end
    if stacked then
        note "served by an overlay"
    else
        note("served by a copy: " .. tostring(why))
        fs.delete(root)
        fs.copy(image, root)
    end
    fs.write(root .. "/NICK_WAS_HERE", "")
    claim("the new file is in the snapshot, not in the image",
        fs.exists(root .. "/NICK_WAS_HERE") and not fs.exists(image .. "/NICK_WAS_HERE"))

    chapter "Another root"
    fs.mount { type = "proc", target = "/proc", nosuid = true, nodev = true, noexec = true, root = root }
    fs.pivot(root)
    claim("this is PID 1, alone, with / and /proc", proc.self() == 1 and #proc.list() == 1 and #fs.mounts() == 2)

    chapter "A network without root"
    net.link "lo":up()
    claim("3 of 3 pings to itself are answered", net.ping("127.0.0.1", { count = 3 }).received == 3)
    parent:send "ready"
    local pasta = parent:receive()
    local function gateway()
        for _, route in ipairs(net.routes()) do if route.via then return route.via end end
    end
    for _ = 1, 100 do
        if not pasta or gateway() then break end
        sys.sleep "30ms"
    end
    if gateway() then
        note("served by pasta: its gateway " .. gateway() .. " stands for the host")
        local url = "http://" .. gateway() .. ":" .. port .. "/os-release"
        claim("a server on the host's loopback answers", proc.capture { "/bin/wget", "-q", "-O", "-", url } == page)
    else
        note "loopback only: pasta, of Debian's package passt, is missing or found no network"
        claim("there is one link, lo", count(net.links(), function(link) return link.name ~= "lo" end) == 0)
    end

    -- What Docker takes away, root in here loses too, and gets nothing back.
    chapter "PID 1 is the image's shell"
    local program = { "/bin/sh", "-c", "echo PID $$ on $(hostname); ls /; ps; grep -E '^(CapBnd|NoNew|Secc)' /proc/self/status" }
    if sys.interactive() then program = { "/bin/sh", env = { PS1 = "tupperware # " } } end
    program.clear_env, program.no_new_privileges = true, true
    program.capabilities, program.seccomp = cap.default, "default"
    proc.exec(program)
end

local box <close> = ns.spawn({ "mount", "uts", "ipc", "net", "pid", "cgroup", users = users }, inside)
-- pasta carries what the container sends as if this user's own programs sent it.
box:receive()
local started, pasta = pcall(proc.spawn, {
    "pasta", "--quiet", "--foreground", "--config-net", "-t", "none", "-u", "none", "-T", "none", "-U", "none", box.pid })
local _ <close> = started and pasta or nil
box:send(started)
claim("the shell ended well", box:wait().code == 0)
claim("the host's name is unchanged", sys.hostname() == name)

-- Nothing to clean up by hand: the namespaces are gone with the last process in them.
chapter "The end"
