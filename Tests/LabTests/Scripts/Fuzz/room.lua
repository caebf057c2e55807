-- Makes a room in which random calls can hurt nothing, and runs batches of them there: DIRECTORY SEED CALLS. DIRECTORY holds
-- calls.lua, values.lua and declared.lua. The room has a root, mounts, pids, network, names of its own, and a user without
-- privilege; a batch that hangs is ended and counted as far as it came.
local directory, seed, wanted = arg[1], math.tointeger(arg[2]), math.tointeger(arg[3])
local batch_size, user = 2000, "65534:65534"
local self = fs.stat("/proc/self/exe").target
ns.unshare { "mount", "pid", "net", "ipc", "uts" }
local root = "/mnt"
fs.tmpfs(root, { size = "512M" })
for _, name in ipairs { "usr", "bin", "lib", "lib64", "etc" } do
    local status = fs.exists("/" .. name) and fs.stat("/" .. name)
    if status and status.type == "link" then
        fs.symlink(status.target, root .. "/" .. name)
    elseif status then
        fs.bind("/" .. name, root .. "/" .. name, { mkdir = true, readonly = true, recursive = true })
    end
end
for _, name in ipairs { "null", "zero", "full", "random", "urandom" } do
    fs.bind("/dev/" .. name, root .. "/dev/" .. name, { mkdir = true })
end
for _, name in ipairs { "proc", "w", "fuzz", "tmp" } do fs.mkdir(root .. "/" .. name) end
fs.copy(self, root .. "/fuzz/tupper")
-- The libraries of a program that is not linked statically, wherever they are.
local libraries = proc.capture { "ldd", self, check = false }
for path in libraries:gmatch "=> (/[^ ]+)" do
    if not (path:find "^/usr" or path:find "^/lib") then
        fs.copy(path, root .. "/fuzz/" .. path:match "[^/]+$", { follow = true, replace = true })
    end
end
for _, name in ipairs { "calls.lua", "values.lua", "declared.lua" } do fs.copy(directory .. "/" .. name,
    root .. "/fuzz/" .. name) end
-- The log shows itself to this process by way of a directory that both see.
local function start(number, count, mode)
    local lane = root .. "/lane" .. number
    fs.mkdir(lane)
    local box = ns.spawn({ "mount", "pid", "net", "ipc", "uts" }, function(parent)
        fs.bind(lane, root .. "/w")
        fs.tmpfs(root .. "/w/1", { size = "24M", mkdir = true })
        fs.mkdir(root .. "/w/1/2/3")
        for _, path in ipairs { "/w", "/w/1", "/w/1/2", "/w/1/2/3" } do fs.chown(root .. path, user) end
        fs.mount { type = "proc", target = "/proc", root = root }
        fs.pivot(root)
        -- As a child of the first process, which belongs to root and cannot be signalled.
        parent:send(proc.spawn { "/fuzz/tupper", "script", "/fuzz/calls.lua", seed, number, count, mode, user = user,
            cwd = "/w",
            clear_env = true, stdout = "/dev/null",
            env = { PATH = "/usr/bin:/bin:/usr/sbin:/sbin", LD_LIBRARY_PATH = "/fuzz",
                SWIFT_BACKTRACE = "enable=no" } }:wait())
    end)
    return { box = box, log = lane .. "/log", lane = lane, number = number, mode = mode }
end

local traps = { ILL = true, TRAP = true, SEGV = true, ABRT = true, BUS = true, FPE = true, SYS = true }
local done, late, failed, reached = 0, 0, {}, {}
local function finish(run)
    local ok, ending = pcall(run.box.receive, run.box, { timeout = "40s" })
    if not ok and ending.code ~= "ETIMEDOUT" then error(ending) end
    run.box:release()
    local lines = fs.exists(run.log) and fs.read(run.log) or ""
    local _, calls = lines:gsub("#%d+ ", "")
    for name in lines:gmatch "reached ([^\n]+)" do reached[name] = true end
    local last = lines:match "([^\n]*)\n$" or ""
    if not ok then
        late, calls = late + 1, calls - 1
        print(("batch %d (%s) hung and was ended at %s"):format(run.number, run.mode, last))
    elseif ending.code ~= 0 then
        failed[#failed + 1] = ("batch %d (%s): %s at %s"):format(run.number, run.mode,
            ending.signal and (traps[ending.signal] and "a trap, " or "") .. ending.signal or "status " .. ending.code, last)
    end
    done = done + math.max(calls, 0)
    fs.delete(run.lane)
end

local number = 0
while done < wanted and late <= 5 and #failed < 10 do
    local runs = {}
    for _, mode in ipairs { "plain", "rooted" } do
        number = number + 1
        local rest = math.max(1, (wanted - done + 1) // 2)
        runs[#runs + 1] = start(number, math.min(batch_size, rest), mode)
    end
    for _, run in ipairs(runs) do finish(run) end
end
for _, line in ipairs(failed) do print(line) end
print(("seed %d: %d calls in %d batches, %d ended late, %d failed"):format(seed, done, number, late, #failed))
local names = {}
for name in pairs(reached) do names[#names + 1] = name end
table.sort(names)
print("reached: " .. table.concat(names, " "))
os.exit(#failed == 0 and late <= 5 and done >= wanted)
