-- Names of extended attributes are bytes, and an owner that this namespace lacks is told with a way out.
ns.unshare { "mount" }
local place <close> = fs.tmpfs "/mnt"
fs.mkdir "/mnt/src" fs.write("/mnt/src/f", "") fs.chown("/mnt/src/f", "4242:4242")
local names = { "user.a b", "user.a%b", "user.a=b", "user.%41", "user.gr\xc3\xbcn" }
for _, name in ipairs(names) do proc.run { "setfattr", "-n", name, "-v", "1", "/mnt/src/f" } end
local function attributes(path)
    return (proc.capture { "getfattr", "--absolute-names", "-d", path }:gsub("^[^\n]*\n", ""))
end
fs.pack("/mnt/src", "/mnt/ours.tar")
proc.run { "tar", "--xattrs", "-cf", "/mnt/theirs.tar", "-C", "/mnt/src", "." }
for _, archive in ipairs { "/mnt/ours.tar", "/mnt/theirs.tar" } do
    fs.mkdir "/mnt/out"
    fs.unpack(archive, "/mnt/out")
    assert(attributes "/mnt/out/f" == attributes "/mnt/src/f", archive .. ": " .. attributes "/mnt/out/f")
    fs.delete "/mnt/out"
end
fs.mkdir "/mnt/out"
ns.unshare { "user", users = "root" }
local ok, err = pcall(fs.unpack, "/mnt/ours.tar", "/mnt/out")
assert(not ok and err.code == "EINVAL" and err.path == "f" and err.hint:find "owner = false", err)
fs.unpack("/mnt/ours.tar", "/mnt/out", { owner = false })
