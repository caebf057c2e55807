-- Filters of system calls: what programs that are not ours meet under them.
local function refused(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "not refused")
    return err
end
-- The error number that a call fails with, 0 for none, made by perl.
local function try(options, ...)
    local words = { "perl", "-e",
        "@a = map { hex } @ARGV; $n = shift @a; print syscall($n, @a) == -1 ? $!+0 : 0", table.unpack(options) }
    for _, argument in ipairs { ... } do words[#words + 1] = ("%x"):format(argument) end
    for key, value in pairs(options) do words[key] = value end
    return tonumber((proc.capture(words)))
end
-- A cache of one's own.
ns.unshare { "mount" }
fs.tmpfs("/srv", { mode = "0755" })
sys.env("XDG_CACHE_HOME", "/srv")
local profile = { seccomp = "default", capabilities = cap.default, no_new_privileges = true }
local keyctl, ioctl, unshare, mount, socket, clone3 = 250, 16, 272, 165, 41, 435
assert(proc.capture { "uname", "-m" } == "x86_64\n")
-- Blocked is EPERM, unknown is ENOSYS; the high half of an ioctl's number does not help.
assert(try({}, keyctl, 0, 0) ~= 1 and try(profile, keyctl, 0, 0) == 1)
assert(try(profile, 9999) == 38 and try(profile, 0x7fffffff) == 38 and try(profile, clone3) == 38)
assert(try(profile, unshare, 0x10000000) == 1 and try(profile, mount) == 1)
for _, number in ipairs { 0x5412, 0x541c, 0x100005412, 0xffffffff0000541c } do
    assert(try(profile, ioctl, 0, number, 0) == 1, number)
end
assert(try(profile, ioctl, 0, 0x5413, 0) ~= 1)
assert(try(profile, socket, 40, 1, 0) == 1 and try(profile, socket, 0x100000026, 5, 0) == 1)
assert(try(profile, socket, 1, 1, 0) == 0)
-- The status tells, and what a shell does goes on.
assert(proc.capture { "grep", "Seccomp:", "/proc/self/status", seccomp = "default", no_new_privileges = true }:find "2\n")
local words = { "sh", "-c", "ls / | wc -l; sleep 0.01; echo $$ > /dev/null; (exit 3)", check = false }
for key, value in pairs(profile) do words[key] = value end
assert(select(2, proc.capture(words)).code == 3)
-- Capabilities open what belongs to them, by what the program can have.
assert(try({ seccomp = "default" }, unshare, 0) == 0)
assert(try({ seccomp = "default", capabilities = { "SYS_TIME" }, no_new_privileges = true }, unshare, 0) == 1)
-- Without no_new_privileges it needs CAP_SYS_ADMIN.
local told = proc.fork(function(parent)
    cap.drop "SYS_ADMIN"
    local err = refused(seccomp.load, "default")
    proc.no_new_privileges()
    seccomp.load()
    parent:send { err.code, err.hint, refused(ns.unshare, { "uts" }).code }
end):receive()
assert(told[1] == "EACCES" and told[2]:find "no_new_privileges" and told[3] == "EPERM")
-- A table of one's own, upon the default or alone.
local own = { base = "default", allow = { "keyctl" }, deny = { "chmod" },
    rules = { { "getpriority", action = "ESRCH", args = { { index = 0, value = 2 } } }, { "sync", action = "kill" } } }
local options = { seccomp = own, capabilities = cap.default, no_new_privileges = true }
assert(try(options, keyctl, 0, 0) ~= 1 and try(options, 90, 0, 0) == 1 and try(options, 140, 2, 0) == 3)
assert(try(options, 140, 0, 0) == 0)
assert(proc.run { "sync", seccomp = own, no_new_privileges = true, check = false }.signal == "SYS")
options = { seccomp = { default = "allow", rules = { { "getppid", action = "EXDEV" } } }, no_new_privileges = true }
assert(try(options, 110) == 18)
-- A file in Docker's form, and the same as a table.
fs.write("/srv/profile.json", [[{ "defaultAction": "SCMP_ACT_ALLOW", "architectures": [ "SCMP_ARCH_X86_64" ], "syscalls": [
    { "names": [ "getppid" ], "action": "SCMP_ACT_ERRNO", "errnoRet": 5, "excludes": { "caps": [ "CAP_SYS_BOOT" ] } } ] }]])
assert(try({ seccomp = "/srv/profile.json", capabilities = {}, no_new_privileges = true }, 110) == 5)
assert(try({ seccomp = "/srv/profile.json", no_new_privileges = true }, 110) == 0)
assert(try({ seccomp = { defaultAction = "SCMP_ACT_ALLOW", syscalls = { { name = "getppid", action = "SCMP_ACT_ERRNO" } } },
    no_new_privileges = true }, 110) == 1)
fs.write("/srv/wrong.json", "{\n  \"defaultAction\": 1 }")
assert(tostring(refused(seccomp.compile, "/srv/wrong.json")):find "defaultAction: a word wanted, got 1")
fs.write("/srv/wrong.json", "{\n  \"defaultAction\" 1 }")
assert(tostring(refused(seccomp.compile, "/srv/wrong.json")):find "line 2: a colon is missing")
assert(refused(seccomp.compile, "/srv/missing.json").code == "ENOENT")
-- An error by its number, also one without a name; with 0 the call is not made, and tells that it was.
for _, number in ipairs { 0, 1, 38, 4094 } do
    assert(try({ seccomp = { default = "allow", rules = { { "chmod", action = number } } }, no_new_privileges = true },
        90, 0, 0) == number)
end
for _, number in ipairs { -1, 4095, 1.5 } do
    assert(tostring(refused(seccomp.compile, { default = number })):find "wanted, got")
end
assert(tostring(refused(seccomp.compile, { default = "EPERM", allow = { "reead" } })):find 'did you mean "read"')
assert(tostring(refused(seccomp.compile, { allow = { "read" } })):find "'default'")
assert(tostring(refused(seccomp.compile, { default = "no" })):find "an error's name")
-- Reasons.
local why = seccomp.explain("default", "mount", { capabilities = cap.default })
assert(why.action == "EPERM" and why.number == 165 and why.reason:find "allow with CAP_SYS_ADMIN")
why = seccomp.explain("default", "clone", { 0x10000000, capabilities = cap.default })
assert(why.action == "EPERM" and why.reason:find "argument 0 & 0x7e020000 == 0")
assert(seccomp.explain("default", "clone", { 0x11, capabilities = cap.default }).action == "allow")
assert(seccomp.explain("default", "ioctl", { 0, 0x100005412 }).reason:find "TIOCSTI")
assert(seccomp.explain(own, "sync").action == "kill" and seccomp.explain(own, "keyctl").action == "allow")
-- A filter kept on disk is the same filter; one that somebody else could have written counts for nothing.
local function compile() return seccomp.compile("default", { capabilities = cap.default }) end
local function files()
    return fs.glob "/srv/tupper/seccomp-*"
end
for _, path in ipairs(files()) do fs.remove(path) end
assert(not compile().cached and compile().cached and #files() == 1)
local path = files()[1]
assert(fs.stat(path).mode == "0600" and fs.stat("/srv/tupper").mode == "0700")
local content = fs.read(path)
-- What allows everything, in the place of the filter's first instruction, and the same with the rest in order.
local allow = string.pack("<I2BBI4", 6, 0, 0, 0x7fff0000)
local length = string.unpack("<I8", content)
fs.write(path, content:sub(1, 16 + length) .. allow .. content:sub(17 + length + 8), { mode = "0600" })
assert(not compile().cached and compile().cached)
fs.write(path, content:sub(1, -3), { mode = "0600" })
assert(not compile().cached and compile().cached)
for _, spoil in ipairs {
    function() fs.chmod(path, "0620") end, function() fs.chown(path, 1000) end,
    function() fs.move(path, path .. ".away"); fs.symlink(path .. ".away", path) end,
    function() proc.run { "ln", path, path .. ".twin" } end,
    function() fs.remove(path); proc.run { "mkfifo", path } end,
} do
    for _, name in ipairs(fs.glob "/srv/tupper/*") do fs.remove(name) end
    assert(not compile().cached and compile().cached)
    spoil()
    assert(not compile().cached)
end
for _, spoil in ipairs {
    function() fs.chmod("/srv/tupper", "0777") end, function() fs.chown("/srv/tupper", 1000) end,
    function() fs.move("/srv/tupper", "/srv/elsewhere"); fs.symlink("elsewhere", "/srv/tupper") end,
} do
    fs.delete "/srv/tupper"
    assert(not compile().cached and compile().cached)
    spoil()
    -- The machine's own is the second choice, and no matter here.
    compile()
    local before = #fs.glob "/srv/tupper/*"
    compile()
    assert(#fs.glob "/srv/tupper/*" == before)
    pcall(fs.remove, "/srv/tupper")
    if fs.exists "/srv/elsewhere" then fs.delete "/srv/elsewhere" end
    fs.mkdir "/srv/tupper"
end
-- Behind a root that has changed, an image's cache is not looked at.
fs.delete "/srv/tupper"
compile()
assert(compile().cached)
local box = ns.spawn({ "mount" }, function(parent)
    fs.bind("/srv", "/mnt", { recursive = true })
    fs.mkdir "/mnt/srv"
    fs.bind("/srv", "/mnt/srv")
    fs.chroot "/mnt"
    parent:send { fs.exists "/srv/tupper", compile().cached, compile().cached }
end)
told = box:receive()
assert(told[1] and not told[2] and not told[3])

-- Programs for 32 bits are under the same rules, also where a call is a part of another one.
local function call32(number, first, second)
    local code = string.pack("<c1I4c1I4c1I4", "\xb8", number, "\xbb", first, "\xb9", second)
        .. "\xba\0\0\0\0\xcd\x80\xf7\xd8\x89\xc3\xb8\1\0\0\0\xcd\x80" -- the status is the error
    local base, size = 0x400000, 84 + #code
    fs.write("/mnt/call32", "\127ELF\1\1\1" .. ("\0"):rep(9)
        .. string.pack("<I2I2I4I4I4I4I4I2I2I2I2I2I2", 2, 3, 1, base + 84, 52, 0, 0, 52, 32, 1, 40, 0, 0)
        .. string.pack("<I4I4I4I4I4I4I4I4", 1, 0, base, base, size, size, 5, 4096) .. code, { mode = "0755" })
    local function status(name)
        return proc.run { "/mnt/call32", check = false, no_new_privileges = true, seccomp = name }.code
    end
    return status(), status "default"
end
if sys.uname().machine == "x86_64" and pcall(call32, 20, 0, 0) then
    fs.tmpfs "/mnt"
    local calls = { socket = 359, socketcall = 102, add_key = 286 }
    local free, held = call32(calls.socket, 2, 1) -- AF_INET
    assert(free == held)
    for _, family in ipairs { 38, 40 } do -- AF_ALG, AF_VSOCK
        free, held = call32(calls.socket, family, 5)
        assert(free ~= 1 and held == 1, family .. ": " .. held)
    end
    free, held = call32(calls.socketcall, 1, 0) -- SYS_SOCKET, whose arguments nobody sees
    assert(free == 14 and held == 38, held)
    free, held = call32(calls.socketcall, 2, 0) -- SYS_BIND
    assert(free == 14 and held == 14, held)
    free, held = call32(calls.add_key, 0, 0)
    assert(free ~= 1 and held == 1, held)
end
