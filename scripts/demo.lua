-- A container from nothing but primitives. Run it as root: scripts/demo
--   --image FILE    unpack this archive as the image rather than make one of busybox
--   --ping ADDRESS  also ping an address outside, through this machine
-- Every chapter checks its own claim; the first that fails ends the demo.
local options = {}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%a+)$" or error("unknown option " .. arg[i])] = arg[i + 1] end

local function chapter(title) print("\n== " .. title) end
local function claim(text, holds)
    if not holds then error("this does not hold: " .. text, 2) end
    print("   it holds: " .. text)
end
local function count(list, fits)
    local found = 0
    for _, entry in ipairs(list) do if fits(entry) then found = found + 1 end end
    return found
end

-- The work happens in a mount namespace of our own. Private means: what is mounted here shows only here.
chapter "A private view of the mounts"
local name = sys.hostname()
ns.unshare { "mount" }
fs.propagation("/", "private", { recursive = true })
local dir = "/mnt"
local place <close> = fs.tmpfs(dir)
claim("mounts made from here on are not seen outside", count(
    ns.within(proc.parent(), { "mount" }, function() return fs.mounts() end),
    function(m) return m.id == place.id end) == 0)

-- btrfs can copy a whole tree in no time. A sparse file takes only the disk that it uses.
chapter "A disk in a file, with btrfs on it"
local disk = fs.image(dir .. "/disk.img", { size = "1G", format = "btrfs" })
local btrfs = dir .. "/btrfs"
local mounted <close> = fs.mount { source = disk.path, target = btrfs, type = "btrfs", loop = true, mkdir = true }
claim("the mount table shows btrfs",
    count(fs.mounts(), function(m) return m.target == btrfs and m.type == "btrfs" end) == 1)
claim("the file is sparse", fs.stat(disk.path).allocated < disk.size / 2)

-- An image is a directory with the files that a program needs. As a subvolume it can be copied at once.
chapter "An image"
local image = btrfs .. "/images/alpine"
fs.mkdir(btrfs .. "/images")
fs.mkdir(btrfs .. "/containers")
fs.subvolume(image)
if options.image then
    fs.unpack(options.image, image)
else
    for _, path in ipairs { "bin", "etc", "proc", "sys", "tmp", "dev" } do fs.mkdir(image .. "/" .. path) end
    fs.copy("/bin/busybox", image .. "/bin/busybox")
    for _, applet in ipairs { "sh", "ls", "ps", "cat", "echo", "ping", "hostname", "ip", "mount", "true" } do
        fs.symlink("busybox", image .. "/bin/" .. applet)
    end
end
claim("bin/sh is there", fs.exists(image .. "/bin/sh"))

-- The container gets a copy of its own. Both share every block until one of them changes it.
chapter "A snapshot of it"
local root = btrfs .. "/containers/tupperware"
fs.snapshot(image, root)
fs.write(root .. "/NICK_WAS_HERE", "")
claim("the new file is in the snapshot, not in the image",
    fs.exists(root .. "/NICK_WAS_HERE") and not fs.exists(image .. "/NICK_WAS_HERE"))

-- chroot changes where paths start, and nothing else: processes, network and names are still the host's.
chapter "chroot"
local rooted = proc.fork(function(parent)
    fs.chroot(root)
    parent:send((proc.capture { "/bin/sh", "-c", "echo $((6 * 7))" }))
end)
local answer = rooted:receive()
rooted:wait()
claim("the shell of the image answers", answer == "42\n")

-- What runs inside the namespaces: the child process that ns.spawn makes. It tells the parent what it needs.
-- A namespace's number is used again once nobody is in it: to compare, somebody must still be in the other one.
local outside = ns.list()
local function inside(parent)
    chapter "Namespaces: another machine, as far as this process can see"
    local mine, differing = ns.list(), 0
    for _, kind in ipairs { "mount", "uts", "ipc", "net", "pid" } do
        if mine[kind] ~= outside[kind] then differing = differing + 1 end
    end
    claim("every namespace differs from the one outside", differing == 5)
    sys.hostname "tupperware"

    chapter "/proc tells who is there"
    local before = #proc.list()
    fs.mount { type = "proc", target = "/proc", nosuid = true, nodev = true, noexec = true, root = root }
    fs.bind(root, root, { recursive = true })

    -- pivot_root swaps the root itself. The old one moves below the new one, and can be taken away there.
    fs.pivot(root, { old = "oldroot" })
    claim("the host's processes were in sight until /proc was mounted", before > 1)
    claim("this is PID 1, alone", proc.self() == 1 and #proc.list() == 1)
    claim("/ lists the image, /oldroot the host", fs.exists "/NICK_WAS_HERE" and fs.exists "/oldroot/usr")
    fs.unmount("/oldroot", { detach = true })
    fs.remove "/oldroot"
    claim("the mount table holds / and /proc only", count(fs.mounts(), function(m)
        return m.target ~= "/" and m.target ~= "/proc" end) == 0)

    chapter "A network of its own"
    local reached, err = pcall(net.ping, "172.30.0.1")
    claim("the network is unreachable", not reached and err.code == "ENETUNREACH")
    claim("there is one link, lo", #net.links() == 1 and net.links()[1].name == "lo")
    parent:send "ready"
    local link = parent:receive()
    claim("the container sees the new link", count(net.links(), function(l) return l.name == link end) == 1)
    net.link "lo":up()
    net.link(link):rename "eth0":up():address "172.30.42.3/16"
    net.route { to = "default", via = "172.30.0.1", device = "eth0" }
    claim("3 of 3 pings to the bridge are answered", net.ping("172.30.0.1", { count = 3 }).received == 3)
    if options.ping then
        claim("3 of 3 pings to the outside are answered", net.ping(options.ping, { count = 3 }).received == 3)
    end

    -- exec replaces the interpreter. From here on nothing of the host runs in the container.
    chapter "PID 1 is the image's shell"
    if sys.interactive() then proc.exec { "/bin/sh", env = { PS1 = "tupperware # " }, clear_env = true } end
    proc.exec { "/bin/sh", "-c", "echo PID $$ on $(hostname); ls /; ps", clear_env = true }
end

local box <close> = ns.spawn({ "mount", "uts", "ipc", "net", "pid" }, inside)

-- The other terminal of the shell demo: the host's side of the network.
box:receive()
local bridge <close> = net.bridge("tupper0", { address = "172.30.0.1/16" })
-- The other end is born inside. One that is there already would be moved, theirs:move(box), which takes ten times as long.
local ours <close> = net.veth { name = "h" .. box.pid, peer = "c" .. box.pid, inside = box }
ours:attach(bridge):up()
if options.ping then
    net.forwarding(true)
    net.masquerade { source = "172.30.0.0/16" }
end
box:send("c" .. box.pid)
claim("the shell ended well", box:wait().code == 0)
claim("the host's name is unchanged", sys.hostname() == name)

-- Nothing to clean up by hand: the script's end releases what was made, newest first.
chapter "The end"
