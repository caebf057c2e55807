-- What a box is given by its mounts: where they are made, devices among them, and boxes without a root inside.
local sandbox = require "sandbox"

fs.tmpfs("/mnt", { mode = "0755" })
local root = "/mnt/root"
for _, path in ipairs { "bin", "etc", "tmp" } do fs.mkdir(root .. "/" .. path) end
fs.copy("/bin/busybox", root .. "/bin/busybox")
for _, name in ipairs { "sh", "cat", "ls", "id", "chmod", "chown", "stat", "sleep", "touch", "echo", "true" } do
    fs.symlink("busybox", root .. "/bin/" .. name)
end
fs.write("/mnt/name", "from outside")
fs.mkdir "/mnt/data"
fs.write("/mnt/data/file", "in a directory")

local function equals(text, wanted)
    if text ~= wanted then error(("%q wanted, got %q"):format(wanted, text), 2) end
end
local function inside(line, options)
    options.root, options.command = options.root or root, { "sleep", "100" }
    local box <close> = sandbox(options)
    return (box:capture { "sh", "-c", "exec 2>&1; " .. line, check = false })
end
local function refused(wanted, options)
    options.root, options.command = root, { "true" }
    local made, problem = pcall(sandbox.run, options)
    if made or not tostring(problem):find(wanted, 1, true) then error(tostring(problem), 2) end
end

-- A target is made where it is missing, also right below / of a root that refuses writing.
for number, readonly in ipairs { false, true } do
    local name = "new" .. number
    equals(inside(("cat /%s /deep%s/er/file"):format(name, name), { readonly = readonly, mounts = {
        { source = "/mnt/name", target = "/" .. name },
        { source = "/mnt/data", target = ("/deep%s/er"):format(name) } } }), "from outsidein a directory")
end

-- A target that is a link which leads nowhere yet is made where the link leads, in the root and nowhere else.
for number, readonly in ipairs { false, true } do
    for kind, target in pairs {
        relative = "../run%d/resolve/stub.conf", absolute = "/run%d/of/its/own", outside = "../../../../far%d/away",
    } do
        local link = ("/etc/%s%d"):format(kind, number)
        fs.symlink(target:format(number), root .. link)
        equals(inside("cat " .. link, { readonly = readonly, mounts = { { source = "/mnt/name", target = link } } }),
            "from outside")
    end
    fs.symlink(("/missing%d"):format(number), ("%s/etc/middle%d"):format(root, number))
    local through = ("/etc/middle%d/more/file"):format(number)
    equals(inside("cat " .. through, { readonly = readonly, mounts = { { source = "/mnt/name", target = through } } }),
        "from outside")
    fs.symlink(("/directory%d"):format(number), ("%s/etc/place%d"):format(root, number))
    local place = "/etc/place" .. number
    equals(inside(("cat %s/file; touch /directory%d/x"):format(place, number), { readonly = readonly, mounts = {
        { source = "/mnt/data", target = place, readonly = true } } }),
        ("in a directorytouch: /directory%d/x: Read-only file system\n"):format(number))
end
assert(fs.exists(root .. "/far1/away") and not fs.exists "/far1" and not fs.exists "/mnt/far1")
fs.symlink("circle", root .. "/etc/circle")
for _, readonly in ipairs { false, true } do
    refused("ELOOP", { readonly = readonly, mounts = { { source = "/mnt/name", target = "/etc/circle" } } })
end

-- What may be missing, and what refuses programs.
equals(inside("cat /optional; ls /no-such-place", { mounts = {
    { source = "/mnt/name", target = "/optional", optional = true },
    { source = "/mnt/not-there", target = "/no-such-place", optional = true } } }),
    "from outsidels: /no-such-place: No such file or directory\n")
refused("/mnt/not-there", { mounts = { { source = "/mnt/not-there", target = "/no-such-place" } } })
for target, mount in pairs {
    ["/programs"] = { source = root .. "/bin", noexec = true }, ["/memory"] = { tmpfs = "4M", noexec = true },
} do
    mount.target = target
    local copy = target == "/memory" and "cat /bin/busybox >/memory/id; chmod 755 /memory/id; " or ""
    assert(inside(copy .. target .. "/id", { mounts = { mount } }):find "Permission denied")
end
refused("option 'mounts[1].noexec': boolean wanted", { mounts = { { tmpfs = "1M", target = "/tmp", noexec = "yes" } } })

-- A device that is given can be used without more words, and its mode and owner are the machine's.
do
    dev.node("/mnt/given", "c", 1, 7)
    dev.node("/mnt/data/full", "c", 1, 7)
    local use = "echo x >%s; cat </dev/null >%s; chmod 600 %s; chown 7:7 %s; stat -c '%%a %%u' %s"
    local function uses(path) return use:gsub("%%s", path):gsub("%%%%", "%%") end
    local full = "sh: write error: No space left on device\n"
    for _, users in ipairs { false, "root", { { inside = 0, outside = 0, count = 65536 } } } do
        for _, path in ipairs { "/dev/given", "/given" } do
            equals(inside(uses(path), { users = users or nil, mounts = { { source = "/mnt/given", target = path } } }),
                full .. ("chmod: %s: Read-only file system\nchown: %s: Read-only file system\n666 0\n"):format(path, path))
        end
    end
    -- One in a directory needs a word, and so does one that is not to be used.
    local through = { source = "/mnt/data", target = "/data" }
    assert(inside("echo x >/data/full", { mounts = { through } }):find "Permission denied")
    through.dev = true
    equals(inside("echo x >/data/full", { mounts = { through } }), full)
    assert(inside("echo x >/given", { mounts = { { source = "/mnt/given", target = "/given", dev = false } } })
        :find "Permission denied")
    -- What it may do with others is as before; who lists the devices lists this one too.
    dev.node("/mnt/tun", "c", 10, 200)
    local tun = { { source = "/mnt/tun", target = "/tun" } }
    equals(inside("true <>/tun && echo opened", { mounts = tun }), "opened\n")
    assert(inside("true <>/tun", { mounts = tun, devices = sandbox.devices }):find "Operation not permitted")
    assert(#sandbox.devices == 11)
end

-- The devices that every box has are the machine's own in a user namespace: to be written to, not to be changed.
do
    local before = fs.stat "/dev/full"
    for _, users in ipairs { "root", { { inside = 0, outside = 0, count = 65536 } } } do
        for _, name in ipairs { "null", "zero", "full", "random", "urandom", "tty" } do
            assert(inside(("chmod 600 /dev/%s; chown 7:7 /dev/%s"):format(name, name), { users = users })
                :find("^chmod: [^\n]+Read%-only file system\nchown: [^\n]+Read%-only file system\n$"), name)
        end
        equals(inside("echo x >/dev/null && echo x >/dev/zero && echo written", { users = users }), "written\n")
    end
    local after = fs.stat "/dev/full"
    assert(before.mode == after.mode and before.uid == after.uid)
end

-- Without a root inside, programs run as the first user of the map, and the root's places are made all the same.
do
    local users = { { inside = 1000, outside = 100000, count = 2 } }
    local line = "id -u; id -g; cat /shown/file; stat -c %u /own; touch /bin/x /own/x; echo x >/dev/null && echo written"
    fs.mkdir(root .. "/own")
    fs.chown(root .. "/own", "1000:1000")
    for _, readonly in ipairs { false, true } do
        equals(inside(line, { users = users, readonly = readonly, mounts = {
            { source = "/mnt/data", target = "/shown" }, { tmpfs = "1M", target = "/own" } } }),
            ("1000\n1000\nin a directory1000\ntouch: /bin/x: %s\nwritten\n")
                :format(readonly and "Read-only file system" or "Permission denied"))
    end
    -- Another user of the map is there to become.
    assert(inside("id -u", { users = users, user = "1001" }) == "1001\n")
    local status = "grep CapEff /proc/self/status"
    fs.symlink("busybox", root .. "/bin/grep")
    equals(inside(status, { users = users }), "CapEff:\t0000000000000000\n")
    equals(ns.spawn({ users = { { inside = 7, outside = 100007, count = 1 } } }, function(parent)
        parent:send(sys.uid())
    end):receive(), 7)
end
