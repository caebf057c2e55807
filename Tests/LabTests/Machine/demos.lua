-- The demos as a user of Debian sees them: its kernel, control groups of version 2 only, nothing but its packages. Runs in
-- the virtual machine, whose root is Debian's.
local function demo(name, ...)
    local text, ending = proc.capture { "tupper", "script", "/srv/scripts/" .. name, ..., check = false }
    if ending.code ~= 0 then
        print(text)
        error(name .. " ended with " .. (ending.code or ending.signal))
    end
    return text
end
for _, module in ipairs { "btrfs", "loop", "veth", "bridge", "nf_tables", "nft_masq", "overlay", "tun" } do
    proc.run { "modprobe", module }
end
local text = demo "demo.lua"
assert(select(2, text:gsub("it holds:", "")) >= 17, text)
assert(demo("demo-unshare.lua"):find "PID 1 on tupperware")

-- A memory limit that bites, on version 2.
assert(fs.exists "/sys/fs/cgroup/cgroup.controllers")
local result = require "sandbox".run {
    root = "/", readonly = true, memory = "32M", command = { "sh", "-c", "head -c 100000000 /dev/zero | tail" },
}
assert(result.out_of_memory, require "inspect"(result))
for _, mount in ipairs(fs.mounts()) do assert(mount.type ~= "btrfs", mount.target) end

-- The rootless demo, as an ordinary user.
proc.run { "useradd", "--create-home", "--uid", "1000", "learner" }
text = proc.capture {
    "tupper", "script", "/srv/scripts/demo-rootless.lua", user = "learner", cwd = "/home/learner",
    env = { HOME = "/home/learner" }, check = false,
}
assert(text:find "it holds", text)
print "the demos hold"
