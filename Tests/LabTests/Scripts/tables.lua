-- Tables as arguments: options that a table inherits are refused wherever a table is read, never silently left out.
ns.unshare { "mount" }
fs.tmpfs "/mnt"
fs.mkdir "/mnt/a"

local function heir(own, ancestor) return setmetatable(own, { __index = ancestor or { readonly = true } }) end

local function refused(place, fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok and tostring(err):find("__index", 1, true) and tostring(err):find(place, 1, true), tostring(err))
    assert(err.hint:find "copy")
end

refused("the table of options", fs.bind, "/mnt/a", "/mnt/a", heir {})
refused("the table of options", fs.bind, "/mnt/a", "/mnt/a", heir({}, function() return true end))
refused("the table of options", proc.run, heir { "true" })
refused("the table of options", proc.run, setmetatable({}, { __index = table.pack "true" }))
refused("argument 1", ns.spawn, heir { "user" }, function() end)
refused("option 'env'", proc.run, { "true", env = heir({}, { A = "b" }) })
refused("option 'capabilities'", proc.run, { "true", capabilities = heir({}, { "kill" }) })
refused("option 'limits'", proc.run, { "true", limits = heir({}, { open_files = 3 }) })
refused("option 'users'", ns.spawn, { "user", users = heir({}, { { inside = 0, outside = 0, count = 1 } }) }, print)
refused("a table in the argument", ns.spawn, { "user", users = { heir({}, { inside = 0, outside = 0, count = 1 }) } }, print)
refused("argument 1", seccomp.compile, heir({}, { default = "allow" }))
refused("a table in the argument", seccomp.compile, { base = "default", rules = { heir {} } })

-- A metatable for anything else is fine.
local mount = fs.bind("/mnt/a", "/mnt/a", setmetatable({ readonly = true }, { __name = "options", __gc = print }))
assert(not pcall(fs.write, "/mnt/a/x", "x"))
mount:release()
assert(proc.run(setmetatable({ "true" }, { __len = function() return 0 end })).code == 0)
