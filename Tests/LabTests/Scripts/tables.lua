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

-- A list may have its options in a second table: what a function returns is cut down to one value where a field follows.
local arguments = { "-c", "echo $0 $1 $2 $A", "one", "two", "three" }
local output = proc.capture({ "sh", table.unpack(arguments) }, { env = { A = "four" } })
assert(output == "one two three four\n", output)
assert(proc.run({ "sh", "-c", "exit 3", check = false }, { cwd = "/mnt" }).code == 3)
assert(proc.run({ "true" }, nil).code == 0 and proc.run({ "true" }, {}).code == 0)
local child = proc.spawn({ "sleep", "9" }, { cwd = "/" })
child:release()
ns.unshare({ "uts", table.unpack { "ipc" } }, { propagation = "private" })
assert(seccomp.explain("default", "clone", { 0x10000000 }, { capabilities = {} }).action ~= "allow")

local function told(words, ...)
    local ok, err = pcall(...)
    assert(not ok and tostring(err):find(words, 1, true), tostring(err))
end
told("option 'cwd' is given twice", proc.run, { "true", cwd = "/" }, { cwd = "/" })
told("the list stands in the first table", proc.run, { "true" }, { "false" })
told("unknown option 'cwdd', did you mean 'cwd'?", proc.run, { "true" }, { cwdd = "/" })
told("a table of options wanted after the list, got a string", proc.run, { "true" }, "/")
told("the table of options", proc.run, { "true" }, heir({}, { cwd = "/" }))
told("unknown option 'cwdd'", proc.run, nil, { cwdd = "/" })
told("2 arguments at most, got 3", proc.run, { "true" }, {}, {})
told("the list is missing", proc.run, nil, { cwd = "/" })
