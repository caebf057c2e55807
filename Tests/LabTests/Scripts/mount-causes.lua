-- Why a mount, a new root or a program is refused: the error names the cause, and hints at options that there are.
local function failed(call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok, "not refused")
    return err
end
local function says(err, ...)
    for _, words in ipairs { ... } do
        local all = tostring(err) .. "\n" .. (err.hint or "")
        assert(all:find(words, 1, true), all .. "\nlacks: " .. words)
    end
    return err
end
local function count() return #fs.mounts() end
ns.unshare { "mount" }
fs.tmpfs "/mnt"

-- A mount that is / by now is not taken for a directory that has its old path.
for _, path in ipairs { "/srv", "/opt" } do
    local script = os.tmpname()
    local text = ([[
        ns.spawn({ "mount" }, function()
            fs.tmpfs "%s"
            fs.mkdir "%s%s"
            fs.pivot "%s"
        end):wait()
        ns.spawn({ "mount" }, function()
            fs.tmpfs "%s"
            fs.mkdir "%s%s"
            fs.chroot "%s"
        end):wait()
    ]]):gsub("%%s", path)
    fs.write(script, text)
    assert(proc.capture { "sh", "-c", '"$0" script "$1" 2>&1', "/proc/" .. proc.self() .. "/exe", script } == "")
    fs.remove(script)
end

-- Overlays.
for _, name in ipairs { "low/in", "up/work", "all", "other", "work", "two", "three", "four" } do fs.mkdir("/mnt/" .. name) end
fs.tmpfs "/mnt/other"
fs.mkdir "/mnt/other/work"
fs.mkdir "/mnt/other/up"
fs.mkdir "/mnt/twice"
fs.bind("/mnt/up", "/mnt/twice")
local function overlay(lower, upper, work, ...)
    local before = count()
    local options = { lower = lower, upper = upper, work = work, target = "/mnt/all" }
    says(failed(fs.overlay, options), ...)
    assert(count() == before)
end
overlay({ "/mnt/low" }, "/mnt/up", "/mnt/other/work", "EINVAL", "work must be on the filesystem of upper")
overlay({ "/mnt/low" }, "/mnt/twice", "/mnt/work", "EINVAL", "on the mount of upper")
overlay({ "/mnt/low" }, "/mnt/up", "/mnt/up/work", "EINVAL", "work must not be inside upper")
overlay({ "/mnt/low" }, "/mnt/up/work", "/mnt/up", "EINVAL", "upper must not be inside work")
overlay({ "/mnt/low" }, "/mnt/up", "/mnt/up", "EINVAL", "the same directory")
overlay({ "/mnt/low", "/mnt/low" }, nil, nil, "ELOOP", "lower /mnt/low is given twice")
overlay({ "/mnt/low", "/mnt/low/in" }, nil, nil, "ELOOP", "lower /mnt/low/in is inside lower /mnt/low")
overlay({ "/mnt/low/in", "/mnt/low" }, nil, nil, "ELOOP", "lower /mnt/low/in is inside lower /mnt/low")
overlay({ "/mnt/up" }, "/mnt/up", "/mnt/work", "ELOOP", "lower /mnt/up and upper /mnt/up are the same directory")
overlay({ "/mnt/low", "/mnt/missing" }, nil, nil, "ENOENT", "/mnt/missing")
local cover = fs.bind("/mnt/other", "/mnt/two", { readonly = true })
overlay({ "/mnt/low" }, "/mnt/two/up", "/mnt/two/work", "EINVAL", "read-only")
cover:release()
fs.propagation("/mnt/other", "unbindable")
overlay({ "/mnt/low", "/mnt/other/up" }, nil, nil, "EINVAL", "unbindable")

overlay({ "/mnt/low", "/proc" }, nil, nil, "EINVAL", "/proc is on a procfs")
-- One upper has one overlay; its mounts in other places are no other.
fs.mkdir "/mnt/again"
local used = fs.overlay { lower = { "/mnt/low" }, upper = "/mnt/up", work = "/mnt/work", target = "/mnt/again" }
fs.mkdir "/mnt/fresh/up"
fs.mkdir "/mnt/fresh/work"
overlay({ "/mnt/three" }, "/mnt/up", "/mnt/fresh/work", "EBUSY", "the overlay at /mnt/again has it")
overlay({ "/mnt/three" }, "/mnt/twice", "/mnt/fresh/work", "EBUSY", "the overlay at /mnt/again has it")
overlay({ "/mnt/three" }, "/mnt/fresh/up", "/mnt/work", "EBUSY", "workdir", "the overlay at /mnt/again has it")
ns.spawn({ "mount" }, function()
    overlay({ "/mnt/three" }, "/mnt/up", "/mnt/fresh/work", "EBUSY", "the overlay at /mnt/again has it")
end):wait()
used:release()
fs.overlay { lower = { "/mnt/low" }, upper = "/mnt/up", work = "/mnt/work", target = "/mnt/again" }:release()
local wrong = failed(fs.mount, { type = "proc", target = "/mnt/again", options = "hidepid=9" })
assert(not tostring(wrong):find "\n", "the kernel's words end a line")

-- Names that mount(8) reads as something else, in nested layers.
for index, name in ipairs { "a:b", "c,d", "e\nf", 'g"h', "i\\j", "k=l", " m ", "%n", "o#p", "lowerdir+=q" } do
    for _, part in ipairs { "/low", "/up", "/work", "/all" } do fs.mkdir("/mnt/odd/" .. name .. part) end
    fs.mkdir("/mnt/odd/" .. name .. "/all/" .. name)
    fs.write("/mnt/odd/" .. name .. "/low/" .. name, "x")
    local lower = { "/mnt/odd/" .. name .. "/low", "/mnt/low" }
    local at = "/mnt/odd/" .. name
    local place <close> = fs.overlay { lower = lower, upper = at .. "/up", work = at .. "/work", target = at .. "/all" }
    assert(place.target == at .. "/all")
    local nested <close> = fs.overlay { lower = { at .. "/all", "/mnt/three" }, target = "/mnt/four" }
    assert(fs.read("/mnt/four/" .. name) == "x", name)
end

-- A new root.
fs.mkdir "/mnt/tree/inner"
assert(ns.within(proc.self(), {}, function()
    fs.chroot "/mnt/tree"
    local inner = ns.spawn({ "mount" }, function()
        local here = sys.cwd()
        local ok, err = pcall(fs.pivot, "/inner")
        assert(not ok and err.code == "EINVAL" and tostring(err):find("no mount point", 1, true), tostring(err))
        assert(err.hint:find("fs.chroot", 1, true) and sys.cwd() == here)
    end)
    return inner:wait().code == 0
end))
ns.spawn({ "mount" }, function()
    fs.propagation("/", "shared", { recursive = true })
    sys.chdir "/mnt/tree"
    local before = count()
    says(failed(fs.pivot, "/mnt/tree"), "EINVAL", "mounts spread", "fs.propagation")
    says(failed(fs.pivot, "."), "EINVAL", "mounts spread")
    assert(count() == before and sys.cwd() == "/mnt/tree")
    fs.propagation("/", "private", { recursive = true })
    says(failed(fs.pivot, "/mnt/tree", { old = "../other" }), "old root goes inside")
    assert(count() == before and sys.cwd() == "/mnt/tree")
    says(failed(fs.propagation, "/mnt/tree", "private"), "EINVAL", "no mount point", "fs.bind")
end):wait()
-- One that an outer user namespace mounted is locked in its place.
fs.mkdir "/mnt/other/old"
local box = ns.spawn({ "user", "mount", users = "root" }, function()
    fs.pivot("/mnt/other", { old = "old" })
    assert(fs.exists "/work" and fs.exists "/old/mnt")
end)
assert(box:wait().code == 0)

-- Who keeps a mount busy.
fs.mkdir "/mnt/busy"
local busy = fs.tmpfs "/mnt/busy"
fs.copy("/bin/busybox", "/mnt/busy/busybox")
fs.write("/mnt/busy/file", "")
local function held(words, way, ...)
    says(failed(fs.unmount, "/mnt/busy"), "EBUSY", words, way or "detach = true", ...)
end
local child = proc.spawn { "sleep", "60", cwd = "/mnt/busy" }
held(("process %d (sleep) works in it"):format(child.pid))
child:release()
child = proc.spawn { "/mnt/busy/busybox", "sleep", "60" }
held(("process %d (busybox) is run from it"):format(child.pid))
child:release()
child = proc.spawn { "sleep", "60", stdout = "/mnt/busy/file" }
held(("process %d (sleep) has a file open in it"):format(child.pid))
child:release()
sys.chdir "/mnt/busy"
held "this process works in it"
sys.chdir "/"
fs.mkdir "/mnt/busy/below"
fs.tmpfs "/mnt/busy/below"
held("/mnt/busy/below", "recursive = true")
fs.unmount "/mnt/busy/below"
local image = fs.image("/mnt/busy/disk", { size = "1M" })
local loop = fs.loop(image.path)
held(loop.device .. " shows /mnt/busy/disk")
loop:release()
busy:release()

-- Hints at what there is.
fs.mkdir "/mnt/empty"
assert(not failed(sys.account, "root", { root = "/mnt/empty" }).hint)
assert(not failed(fs.mask, "/mnt/nothing").hint)
says(failed(fs.tmpfs, "/mnt/nothing"), "mkdir = true")
fs.symlink("empty", "/mnt/link")
assert(not says(failed(fs.tree, "/mnt/missing"), "ENOENT").hint)
fs.tmpfs("/mnt/empty", { noexec = true })
fs.copy("/bin/busybox", "/mnt/empty/box")
fs.write("/mnt/plain", "#!/bin/sh\n", { mode = "0644" })
fs.write("/mnt/script", "#!/mnt/empty/box sh\n", { mode = "0755" })
fs.write("/mnt/second", "#!/mnt/plain\n", { mode = "0755" })
for path, words in pairs {
    ["/mnt/empty/box"] = "noexec", ["/mnt/plain"] = "lacks x", ["/mnt"] = "a directory",
    ["/mnt/script"] = "its interpreter /mnt/empty/box: it lies on a mount that is noexec",
    ["/mnt/second"] = "its interpreter /mnt/plain: nobody may run it",
} do
    says(failed(proc.run, { path }), "EACCES", words)
    says(failed(proc.spawn, { path }), "EACCES", words)
    says(failed(proc.capture, { path }), "EACCES", words)
end
local map = {}
for n = 1, 341 do map[n] = { inside = n * 2, outside = n * 2, count = 1 } end
says(failed(ns.spawn, { "user", users = map }, function() end), "340 ranges")
says(failed(ns.unshare, { "user", users = map }), "340 ranges")

-- What is known of the end, and who failed.
assert(failed(proc.run, { "sh", "-c", "exit 3" }).result.code == 3)
assert(failed(proc.capture, { "sh", "-c", "kill -KILL $$" }).result.signal == "KILL")
local sleeper <close> = proc.spawn { "sleep", "60" }
assert(says(failed(sleeper.wait, sleeper, { timeout = 0.01 }), "the process still runs").code == "ETIMEDOUT")
says(failed(ns.within, 1 << 22, { "net" }, function() end), "ns.within")
assert(failed(ns.within, 1 << 22, { "net" }, function() end).primitive == "ns.within")
