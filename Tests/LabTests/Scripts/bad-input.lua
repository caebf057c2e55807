-- Every primitive with no arguments, wrong ones, and hostile ones, in namespaces of its own: an error, never a trap.
ns.unshare { "mount", "net", "uts", "ipc", "pid" }
-- Whatever a relative path makes or removes, it does so in memory.
fs.tmpfs "/mnt"
fs.mkdir "/mnt/a/b"
sys.chdir "/mnt/a/b"
local never = { ["proc.exec"] = true, ["os.exit"] = true, ["ns.unshare"] = true, ["sys.sleep"] = true,
    ["proc.kill"] = true, ["sys.umask"] = true, ["cap.drop"] = true, ["seccomp.load"] = true,
    ["landlock.restrict"] = true, ["proc.become"] = true,
    ["proc.limits"] = true, ["proc.no_new_privileges"] = true, ["cap.keep"] = true, ["cap.set"] = true,
    ["fs.chroot"] = true, ["fs.pivot"] = true, ["sys.chdir"] = true }
local values = { true, -1, 0, 1 << 62, math.mininteger, 0.5, 1 / 0, 0 / 0, "", "\0", "a\nb", "\xff\xfe", ("x"):rep(4097),
    ("x"):rep(1 << 20), "../..", "12Q", {}, { {} }, { [1 << 40] = 1 }, { x = "y" }, print, coroutine.create(print),
        io.stdout }
local cyclic = {}
cyclic.self = cyclic
values[#values + 1] = cyclic
local count = 0
for _, name in ipairs { "ns", "fs", "net", "proc", "sys", "cgroup", "cap", "seccomp", "landlock" } do
    for key, primitive in pairs(_G[name]) do
        if not never[name .. "." .. key] then
            pcall(primitive)
            for _, value in ipairs(values) do
                -- A number is a pid or a size to some, and a harmless path must not be made.
                local ok, err = pcall(primitive, value)
                assert(ok or type(tostring(err)) == "string")
                pcall(primitive, "/mnt/nowhere/x", value)
                pcall(primitive, "/mnt/nowhere/x", "/mnt/nowhere/y", value)
                pcall(primitive, "/mnt/nowhere/x", { [value ~= value and 1 or value] = value })
                count = count + 1
            end
        end
    end
end
assert(count > 1000, count)
