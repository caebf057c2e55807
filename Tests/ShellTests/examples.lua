-- Runs each example of the documentation on a stage of its own: what the manual says that examples find there.
-- EXAMPLES is a list of { name, text }; every one runs, and what fails is told at the end.
-- luacheck: read globals EXAMPLES
ns.unshare { "mount", "net", "uts", "ipc" }
net.link "lo":up()
fs.tmpfs "/srv"
local disk = fs.image("/srv/disk.img", { size = "200M", format = "btrfs" })

local function prepare(text)
    fs.tmpfs "/mnt"
    fs.tmpfs("/mnt", { mode = "0777" })
    local image = text:find "btrfs" or text:find "disk"
    if image then fs.copy(disk.path, "/mnt/disk.img") end
    sys.chdir "/mnt"
    fs.write("notes.txt", "something to read\n")
    fs.mkdir "tree/deep"
    fs.write("tree/notes.txt", "something below\n")
    fs.write("tree/deep/more.txt", "and deeper\n")
    fs.pack("tree", "tree.tar")
    for _, path in ipairs { "bin", "proc", "tmp", "dev", "etc" } do fs.mkdir("rootfs/" .. path) end
    fs.copy("/bin/busybox", "rootfs/bin/busybox")
    fs.symlink("busybox", "rootfs/bin/sh")
    if text:find "btrfs" then
        fs.mount { source = "disk.img", target = "btrfs", type = "btrfs", loop = true, mkdir = true }
        fs.mkdir "btrfs/images"
        fs.mkdir "btrfs/containers"
        fs.subvolume "btrfs/images/alpine"
        fs.write("btrfs/images/alpine/file", "")
    end
    fs.tmpfs "/srv"
end

-- What a kernel may lack: its refusal says so.
local function is_lacking(name, err)
    local kinds = { ["net.dummy"] = true, ["net.macvlan"] = true, ["net.vlan"] = true, ["net.vxlan"] = true }
    return kinds[name] and type(err) == "table" and err.primitive == name and err.code == "EOPNOTSUPP"
        and err.hint:find "this kernel lacks the link kind"
end

local failed = 0
for _, example in ipairs(EXAMPLES) do
    local name, text = example[1], example[2]
    local code = assert(load(text, "=" .. name))
    local box = ns.spawn({ "mount", "net", "uts", "ipc" }, function()
        prepare(text)
        -- What was printed before is the parent's.
        io.stdout:setvbuf "line"
        code()
    end)
    local fine, ending = pcall(box.wait, box, { timeout = "20s" })
    if not (fine and ending.code == 0) and not (not fine and is_lacking(name, ending)) then
        failed = failed + 1
        print("FAILED " .. name .. ": " .. (fine and tostring(ending.code or ending.signal) or tostring(ending)))
    end
end
print(("%d examples, %d failed"):format(#EXAMPLES, failed))
