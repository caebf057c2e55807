-- A slash at the end of a path says that a directory is meant: files are neither made nor found there, and no link is
-- followed that is not followed without the slash either, but where the kernel has it so.
ns.unshare { "mount" }
fs.tmpfs "/mnt"
fs.mkdir "/mnt/dir/"
fs.write("/mnt/dir/kept", "kept")
fs.write("/mnt/file", "text")
fs.symlink("dir", "/mnt/to-dir")
fs.symlink("file", "/mnt/to-file")
fs.symlink("/mnt/dir", "/mnt/away")

local function refused(code, fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok and err.code == code, ("%s wanted, got %s (%s)"):format(code, ok, err))
    return err
end

-- With a root and without one.
for _, case in ipairs { { "/mnt", nil }, { "", { root = "/mnt" } } } do
    local at, options = table.unpack(case, 1, 2)
    local function with(more)
        for name, value in pairs(options or {}) do more[name] = value end
        return more
    end
    assert(tostring(refused("EISDIR", fs.write, at .. "/new/", "x", options)):find("/mnt/new/", 1, true))
    refused("EISDIR", fs.append, at .. "/new/", "x", options)
    refused("ENOTDIR", fs.read, at .. "/file/", options)
    refused("ENOTDIR", fs.read, at .. "/to-file/", options)
    refused("ENOTDIR", fs.stat, at .. "/file/", options)
    refused("ENOTDIR", fs.chmod, at .. "/file/", "0600", options)
    refused("ENOTDIR", fs.remove, at .. "/file/", options)
    refused("ENOTDIR", fs.remove, at .. "/to-dir/", options)
    refused("ENOTDIR", fs.remove, at .. "/to-dir/", with { recursive = true })
    refused("ENOTDIR", fs.remove, at .. "/file/", with { recursive = true })
    refused("ENOENT", fs.symlink, "dir", at .. "/new/", options)
    refused("EISDIR", fs.read, at .. "/dir//", options)
    refused("ENOTDIR", fs.chown, at .. "/to-dir/", 0, with { follow = false })
    assert(fs.exists(at .. "/dir/", options) and fs.exists(at .. "/to-dir/", options))
    assert(not fs.exists(at .. "/file/", options) and not fs.exists(at .. "/to-file/", options))
    assert(fs.stat(at .. "/to-dir/", options).type == "directory")
    assert(fs.stat(at .. "/to-dir", options).type == "link")
    assert(#fs.list(at .. "/to-dir/", options) == 1)
    fs.mkdir(at .. "/to-dir/", options)
    fs.mkdir(at .. "/more/below/", options)
    fs.remove(at .. "/more/", with { recursive = true })
end

refused("ENOTDIR", fs.copy, "/mnt/file", "/mnt/new/")
refused("ENOTDIR", fs.copy, "/mnt/to-dir", "/mnt/new/")
refused("ENOTDIR", fs.copy, "/mnt/file", "/mnt/new/", { replace = true })
refused("ENOTDIR", fs.copy, "/mnt/file/", "/mnt/new")
refused("ENOTDIR", fs.move, "/mnt/file", "/mnt/new/")
refused("ENOTDIR", fs.move, "/mnt/file/", "/mnt/new")
refused("ENOTDIR", fs.move, "/mnt/to-dir/", "/mnt/new")
refused("ENOTDIR", fs.move, "/mnt/to-dir/", "/dev/shm/slashes-new")
refused("EISDIR", fs.pack, "/mnt/dir", "/mnt/new.tar/")
refused("EINVAL", dev.node, "/mnt/new/", "c", 1, 3)
assert(not fs.exists "/mnt/new" and not fs.exists "/mnt/new.tar" and fs.read "/mnt/dir/kept" == "kept")

fs.copy("/mnt/to-dir/", "/mnt/copy/")
assert(fs.stat("/mnt/copy").type == "directory" and fs.read "/mnt/copy/kept" == "kept")
fs.move("/mnt/copy/", "/mnt/moved/")
assert(fs.read "/mnt/moved/kept" == "kept" and not fs.exists "/mnt/copy")
fs.remove("/mnt/moved/", { recursive = true })

-- What is mounted goes where no link leads.
refused("ELOOP", fs.tmpfs, "/mnt/away/")
refused("ELOOP", fs.bind, "/mnt/dir", "/mnt/away/")
refused("ENOTDIR", fs.bind, "/mnt/file", "/mnt/file/")
local mount = fs.tmpfs "/mnt/dir/"
assert(mount.target == "/mnt/dir" and not fs.exists "/mnt/dir/kept")
refused("EINVAL", fs.unmount, "/mnt/away/")
fs.unmount "/mnt/dir/"
assert(fs.exists "/mnt/dir/kept")

refused("ENOTDIR", sys.chdir, "/mnt/file/")
sys.chdir "/mnt/to-dir/"
assert(fs.read "kept" == "kept" and not pcall(fs.read, "kept/"))
sys.chdir "/"
