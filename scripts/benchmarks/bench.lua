-- Measures whole processes from start to exit, turn by turn; prints medians and ratios. arg: tupper, the C program.
local tupper, container = arg[1], arg[2]
local here = arg[0]:match "^(.*)/[^/]*$"
ns.unshare { "mount" }
fs.tmpfs "/mnt"
for _, name in ipairs { "bin", "proc", "dev" } do fs.mkdir("/mnt/root/" .. name) end
fs.copy("/bin/busybox", "/mnt/root/bin/busybox")
fs.symlink("busybox", "/mnt/root/bin/true")

local function median(times)
    table.sort(times)
    return times[#times // 2 + 1]
end

-- Each command in turn, so that a noisy moment hits all alike.
local function compare(title, rounds, commands)
    local times = {}
    for _ = 1, rounds do
        for index, command in ipairs(commands) do
            local start = sys.time()
            proc.run(command.run)
            times[index] = times[index] or {}
            table.insert(times[index], sys.time() - start)
        end
    end
    print("\n" .. title)
    local base = median(times[1])
    for index, command in ipairs(commands) do
        local own = median(times[index])
        print(("  %-28s %9.3f ms   %.2f"):format(command.name, own * 1000, own / base))
    end
end

print(("the static binary: %.1f MB"):format(fs.stat(tupper).size / 1e6))
fs.write("/mnt/empty.lua", "")
compare("start of an empty script", 41, {
    { name = "tupper script", run = { tupper, "script", "/mnt/empty.lua" } },
    { name = "lua5.4", run = { "lua5.4", "/mnt/empty.lua" } },
})
local root = "/mnt/root"
compare("a container, start to exit", 41, {
    { name = "C program", run = { container, 1, root, "/bin/true" } },
    { name = "tupper script", run = { tupper, "script", here .. "/container.lua", 1, root } },
    { name = "unshare ... chroot", run = { "unshare", "-mpniu", "--fork", "chroot", root, "/bin/true" } },
    { name = "bubblewrap", run = { "bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--bind", root, "/", "--proc", "/proc", "--tmpfs", "/dev", "/bin/true" } },
})
compare("500 containers, one after another", 5, {
    { name = "C program", run = { container, 500, root, "/bin/true" } },
    { name = "tupper script", run = { tupper, "script", here .. "/container.lua", 500, root } },
})

-- A primitive that makes no system call: reading the hostname makes one, so a refused argument is measured too.
local count, start = 200000, sys.time()
for _ = 1, count do proc.self() end
print(("\na primitive with one cheap system call: %.0f ns a call"):format((sys.time() - start) / count * 1e9))

-- Snapshots.
fs.image("/mnt/disk", { size = "512M", format = "btrfs" })
local disk <close> = fs.mount { source = "/mnt/disk", target = "/mnt/btrfs", loop = true, mkdir = true }
fs.subvolume "/mnt/btrfs/image"
local own, program = {}, {}
for i = 1, 21 do
    start = sys.time()
    fs.snapshot("/mnt/btrfs/image", "/mnt/btrfs/a" .. i)
    own[i] = sys.time() - start
    start = sys.time()
    proc.capture { "btrfs", "subvolume", "snapshot", "/mnt/btrfs/image", "/mnt/btrfs/b" .. i }
    program[i] = sys.time() - start
end
print(("\nfs.snapshot %.3f ms, btrfs subvolume snapshot %.3f ms: %.1f times faster"):format(
    median(own) * 1000, median(program) * 1000, median(program) / median(own)))
