-- Refused mounts in a user namespace say what is missing.
fs.tmpfs "/mnt"
fs.mkdir "/mnt/below"
fs.tmpfs "/mnt/below"
local function hint(kinds, body)
    kinds.users = "root"
    local box = ns.spawn(kinds, function(parent)
        local ok, err = pcall(body)
        parent:send(ok and "done" or err.hint or "none")
    end)
    return box:receive()
end
assert(hint({ "user", "mount" }, function() fs.bind("/mnt", "/srv") end):find "recursive = true")
assert(hint({ "user", "mount" }, function() fs.bind("/mnt", "/srv", { recursive = true }) end) == "done")
for type, kind in pairs { proc = "pid", sysfs = "net", mqueue = "ipc", cgroup2 = "cgroup" } do
    local said = hint({ "user", "mount" }, function() fs.mount { type = type, target = "/srv" } end)
    assert(said:find(kind .. " namespace", 1, true), type .. ": " .. said)
end
