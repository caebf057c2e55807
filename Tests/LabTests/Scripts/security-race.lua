-- Another process swaps the directory on the way to the target for links that lead out, all the while. Ten thousand mounts, files
-- and directories later, or more, nothing has come to stand outside.
ns.unshare { "mount", "pid" }
fs.mount { type = "proc", target = "/proc" }
fs.tmpfs "/mnt"
local root = "/mnt/image"
for _, path in ipairs { "/a", "/outside", "/mnt/outside" } do fs.mkdir(root .. path .. "/target") end
fs.mkdir "/mnt/outside/target"
-- What stands in its way, because it was made while there was nothing, the racer takes away.
local racer <close> = proc.fork(function()
    sys.chdir(root)
    while true do
        os.rename("a", "b")
        for _, aim in ipairs { "../../outside", "/mnt/outside" } do
            pcall(fs.symlink, aim, "a")
            if not os.remove "a" then pcall(fs.delete, "a") end
        end
        os.rename("b", "a")
    end
end)
local source <close> = fs.tmpfs("/mnt/source", { mkdir = true })
-- A link out leads to the same path inside: what stands there tells that directory and links were all met.
local function seen()
    return fs.exists(root .. "/outside/target/dir/file") and fs.exists(root .. "/mnt/outside/target/dir/file")
end
local round = 0
while round < 10000 or not seen() do
    round = round + 1
    assert(round < 1000000, "the racer's links were never met")
    -- Unmounting takes the kernel its time.
    if round % 10 == 0 then
        local ok, result = pcall(fs.bind, "/mnt/source", "/a/target", { root = root, mkdir = round % 20 == 0 })
        if ok then
            assert(result.target:sub(1, #root + 1) == root .. "/", result.target)
            result:release()
        end
    elseif round % 10 == 1 then
        pcall(fs.mkdir, "/a/target/dir", { root = root })
    else
        pcall(fs.write, "/a/target/dir/file", "x", { root = root })
    end
    if round % 500 == 0 then
        assert(#fs.list "/mnt/outside" == 1 and #fs.list "/mnt/outside/target" == 0, "something stands outside")
    end
end
racer:release()
assert(#fs.list "/mnt/outside" == 1 and #fs.list "/mnt/outside/target" == 0, "something stands outside")
for _, mount in ipairs(fs.mounts()) do assert(mount.target:sub(1, #root) ~= root, mount.target) end
os.exit(0)
