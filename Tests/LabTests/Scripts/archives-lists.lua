-- Access lists in archives, acl(5): what a member has is the archive's, not the directory's it is unpacked into.
ns.unshare { "mount" }
local place <close> = fs.tmpfs "/mnt"
if not os.execute "command -v setfacl > /dev/null" then return end
local function sh(text) proc.run { "sh", "-euc", "cd /mnt; " .. text } end
local function list(path) return proc.capture { "getfacl", "-cpn", path } end
sh [[mkdir -p src/dir/in out; echo x > src/dir/file; mkfifo src/fifo; ln -s dir src/link; setfacl -m u:1234:r src/dir/file
    echo y > src/plain; chmod 664 src/plain; chmod 775 src/dir; setfacl -d -m u:4321:rx src/dir/in
    tar --acls -cf a.tar -C src dir fifo link plain; setfacl -d -m u:65534:rwx,g:77:rx out]]
for _, attributes in ipairs { true, false } do
    fs.unpack("/mnt/a.tar", "/mnt/out", { attributes = attributes })
    for _, name in ipairs { "dir", "dir/in", "dir/file", "fifo", "plain" } do
        local ours, theirs = list("/mnt/out/" .. name), list("/mnt/src/" .. name)
        assert(not ours:find ":65534:" and not ours:find ":77:", name .. ": " .. ours)
        assert(not attributes or ours == theirs, name .. ": " .. ours)
        assert(not attributes or fs.stat("/mnt/out/" .. name).mode == fs.stat("/mnt/src/" .. name).mode, name)
    end
    sh "rm -rf out/*"
end
-- GNU tar writes names where there are any, whatever it is told; the machine's accounts have the numbers.
sh [[rm -rf src/* out; mkdir out; echo x > src/file; setfacl -m u:nobody:rw,g:daemon:r src/file; setfacl -d -m g:daemon:rx src
    tar --acls --numeric-owner -cf a.tar -C src .]]
fs.unpack("/mnt/a.tar", "/mnt/out")
assert(list "/mnt/out/file" == list "/mnt/src/file" and list "/mnt/out" == list "/mnt/src")
-- A name that has no number here is named, with a way out.
fs.write("/mnt/b.tar", (fs.read "/mnt/a.tar":gsub("user:nobody:", "user:nobodi:")))
local ok, err = pcall(fs.unpack, "/mnt/b.tar", "/mnt/out")
assert(not ok and tostring(err):find([[the user "nobodi"]], 1, true) and err.hint:find "attributes = false", err)
fs.unpack("/mnt/b.tar", "/mnt/out", { attributes = false })
